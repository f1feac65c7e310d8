package dev.windlass.cli;

import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Writes maps, lists, strings, finite numbers, booleans and null as JSON, indented for reading. */
final class Json {
  private Json() {}

  /**
   * The value as JSON.
   *
   * @throws IllegalArgumentException for a value of a kind not named above
   */
  static String write(@Nullable Object value) {
    StringBuilder text = new StringBuilder();
    append(text, value, "\n");
    return text.toString();
  }

  private static void append(StringBuilder text, @Nullable Object value, String newline) {
    switch (value) {
      case null -> text.append("null");
      case Boolean flag -> text.append(flag);
      case Integer number -> text.append(number);
      case Long number -> text.append(number);
      case Double number when Double.isFinite(number) -> text.append(number);
      case String string -> appendString(text, string);
      case List<?> list -> appendList(text, list, newline);
      case Map<?, ?> map -> appendMap(text, map, newline);
      default -> throw new IllegalArgumentException("no JSON for " + value.getClass());
    }
  }

  private static void appendList(StringBuilder text, List<?> list, String newline) {
    if (list.isEmpty()) {
      text.append("[]");
      return;
    }
    String inner = newline + "  ";
    text.append('[');
    for (Iterator<?> items = list.iterator(); items.hasNext(); ) {
      text.append(inner);
      append(text, items.next(), inner);
      text.append(items.hasNext() ? "," : "");
    }
    text.append(newline).append(']');
  }

  private static void appendMap(StringBuilder text, Map<?, ?> map, String newline) {
    if (map.isEmpty()) {
      text.append("{}");
      return;
    }
    String inner = newline + "  ";
    text.append('{');
    for (Iterator<? extends Map.Entry<?, ?>> entries = map.entrySet().iterator();
        entries.hasNext(); ) {
      Map.Entry<?, ?> entry = entries.next();
      text.append(inner);
      appendString(text, String.valueOf(entry.getKey()));
      text.append(": ");
      append(text, entry.getValue(), inner);
      text.append(entries.hasNext() ? "," : "");
    }
    text.append(newline).append('}');
  }

  private static void appendString(StringBuilder text, String string) {
    text.append('"');
    for (int index = 0; index < string.length(); index++) {
      char letter = string.charAt(index);
      switch (letter) {
        case '"' -> text.append("\\\"");
        case '\\' -> text.append("\\\\");
        case '\n' -> text.append("\\n");
        case '\r' -> text.append("\\r");
        case '\t' -> text.append("\\t");
        default -> {
          // Beyond ASCII too, so that the output survives whatever encoding standard output has.
          if (letter < 0x20 || letter > 0x7e) {
            text.append(String.format(Locale.ROOT, "\\u%04x", (int) letter));
          } else {
            text.append(letter);
          }
        }
      }
    }
    text.append('"');
  }
}
