package dev.windlass.compile;

import org.jspecify.annotations.Nullable;

/** Lines of a record of ours: a word, a blank, and a value in which line ends are escaped. */
final class PlainLine {
  private PlainLine() {}

  static String escape(String value) {
    return value.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r");
  }

  static String unescape(String line) {
    StringBuilder value = new StringBuilder();
    for (int index = 0; index < line.length(); index++) {
      char letter = line.charAt(index);
      if (letter == '\\' && index + 1 < line.length()) {
        index++;
        value.append(
            switch (line.charAt(index)) {
              case 'n' -> '\n';
              case 'r' -> '\r';
              default -> line.charAt(index);
            });
      } else {
        value.append(letter);
      }
    }
    return value.toString();
  }

  /**
   * The value of a line that begins with the word.
   *
   * @throws IllegalArgumentException for another line, or none
   */
  static String value(@Nullable String line, String word) {
    if (line == null || !line.startsWith(word + " ")) {
      throw new IllegalArgumentException("there is no line " + word);
    }
    return unescape(line.substring(word.length() + 1));
  }
}
