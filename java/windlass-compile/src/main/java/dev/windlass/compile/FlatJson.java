package dev.windlass.compile;

import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * JSON objects of strings, as Python's {@code json.dumps(…, sort_keys=True)} writes them.
 *
 * <p>What is read may be hostile: it is bounded, and anything but such an object is refused.
 */
final class FlatJson {
  private static final int MOST_MEMBERS = 256;

  private final String text;
  private int at;

  private FlatJson(String text) {
    this.text = text;
  }

  static String write(SortedMap<String, String> object) {
    StringBuilder json = new StringBuilder("{");
    for (Map.Entry<String, String> member : object.entrySet()) {
      json.append(json.length() == 1 ? "" : ", ");
      append(json, member.getKey());
      json.append(": ");
      append(json, member.getValue());
    }
    return json.append('}').toString();
  }

  private static void append(StringBuilder json, String value) {
    json.append('"');
    for (int index = 0; index < value.length(); index++) {
      char letter = value.charAt(index);
      switch (letter) {
        case '"' -> json.append("\\\"");
        case '\\' -> json.append("\\\\");
        case '\n' -> json.append("\\n");
        case '\r' -> json.append("\\r");
        case '\t' -> json.append("\\t");
        case '\b' -> json.append("\\b");
        case '\f' -> json.append("\\f");
        default -> {
          if (letter < ' ' || letter > '~') {
            json.append("\\u%04x".formatted((int) letter));
          } else {
            json.append(letter);
          }
        }
      }
    }
    json.append('"');
  }

  /**
   * Reads an object whose members are strings.
   *
   * @throws CacheValidationException if it is something else
   */
  static SortedMap<String, String> read(String text) {
    FlatJson json = new FlatJson(text);
    SortedMap<String, String> object = json.object();
    json.blanks();
    if (json.at < text.length()) {
      throw json.refusal("something behind the object");
    }
    return object;
  }

  private SortedMap<String, String> object() {
    SortedMap<String, String> members = new TreeMap<>();
    expect('{');
    if (accept('}')) {
      return members;
    }
    do {
      String name = string();
      expect(':');
      if (members.put(name, string()) != null || members.size() > MOST_MEMBERS) {
        throw refusal("a member twice, or too many");
      }
    } while (accept(','));
    expect('}');
    return members;
  }

  private String string() {
    expect('"');
    StringBuilder value = new StringBuilder();
    while (true) {
      char letter = next();
      if (letter == '"') {
        return value.toString();
      } else if (letter == '\\') {
        value.append(escaped());
      } else if (letter < ' ') {
        throw refusal("a control character");
      } else {
        value.append(letter);
      }
    }
  }

  private char escaped() {
    char letter = next();
    return switch (letter) {
      case '"', '\\', '/' -> letter;
      case 'n' -> '\n';
      case 'r' -> '\r';
      case 't' -> '\t';
      case 'b' -> '\b';
      case 'f' -> '\f';
      case 'u' -> {
        int value = 0;
        for (int digits = 0; digits < 4; digits++) {
          int digit = Character.digit(next(), 16);
          if (digit < 0) {
            throw refusal("an escape that is not hexadecimal");
          }
          value = value << 4 | digit;
        }
        yield (char) value;
      }
      default -> throw refusal("an unknown escape");
    };
  }

  private char next() {
    if (at == text.length()) {
      throw refusal("the end too early");
    }
    return text.charAt(at++);
  }

  private void expect(char letter) {
    if (!accept(letter)) {
      throw refusal("no " + letter + " where one is wanted");
    }
  }

  private boolean accept(char letter) {
    blanks();
    boolean there = at < text.length() && text.charAt(at) == letter;
    at += there ? 1 : 0;
    return there;
  }

  private void blanks() {
    while (at < text.length() && " \n\r\t".indexOf(text.charAt(at)) >= 0) {
      at++;
    }
  }

  private CacheValidationException refusal(String what) {
    return new CacheValidationException(
        "The factors cannot be read: they have %s (at letter %d).".formatted(what, at));
  }
}
