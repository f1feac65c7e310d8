package dev.windlass.tidy;

/**
 * A source text with its comments, or its comments and literals, blanked out.
 *
 * <p>Every character keeps its offset and every line its number, so that what is found in a masked
 * text can be pointed at in the file. Understands line and block comments, string and character
 * literals, C++ raw strings and digit separators, and Java text blocks.
 */
final class MaskedText {
  private final String text;
  private final boolean java;
  private final StringBuilder code;
  private final StringBuilder uncommented;
  private int at;

  private MaskedText(String text, boolean java) {
    this.text = text;
    this.java = java;
    this.code = new StringBuilder(text);
    this.uncommented = new StringBuilder(text);
    mask();
  }

  static MaskedText ofJava(String text) {
    return new MaskedText(text, true);
  }

  static MaskedText ofCpp(String text) {
    return new MaskedText(text, false);
  }

  /** Without comments and without what stands in literals; the quotes remain. */
  String code() {
    return code.toString();
  }

  /** Without comments only. */
  String uncommented() {
    return uncommented.toString();
  }

  private void mask() {
    while (at < text.length()) {
      char c = text.charAt(at);
      if (text.startsWith("//", at)) {
        comment(endOfLineComment());
      } else if (text.startsWith("/*", at)) {
        comment(after("*/", at + 2));
      } else if (java && text.startsWith("\"\"\"", at)) {
        literal(at + 3, endOfTextBlock(), 3);
      } else if (c == '"' && isRawString()) {
        rawString();
      } else if (c == '"') {
        literal(at + 1, endOfLiteral('"'), 1);
      } else if (c == '\'' && !isDigitSeparator()) {
        literal(at + 1, endOfLiteral('\''), 1);
      } else {
        at++;
      }
    }
  }

  private void comment(int end) {
    blank(code, at, end);
    blank(uncommented, at, end);
    at = end;
  }

  private void literal(int start, int end, int quotes) {
    blank(code, start, Math.max(start, end - quotes));
    at = end;
  }

  private int after(String mark, int from) {
    int found = text.indexOf(mark, from);
    return found < 0 ? text.length() : found + mark.length();
  }

  private int endOfLineComment() {
    int end = at;
    while (end < text.length() && text.charAt(end) != '\n') {
      boolean goesOn = !java && text.startsWith("\\\n", end);
      end += goesOn ? 2 : 1;
    }
    return Math.min(end, text.length());
  }

  private int endOfLiteral(char quote) {
    int end = at + 1;
    while (end < text.length() && text.charAt(end) != quote && text.charAt(end) != '\n') {
      end += text.charAt(end) == '\\' ? 2 : 1;
    }
    return Math.min(end + 1, text.length());
  }

  private int endOfTextBlock() {
    int end = at + 3;
    while (end < text.length() && !text.startsWith("\"\"\"", end)) {
      end += text.charAt(end) == '\\' ? 2 : 1;
    }
    return Math.min(end + 3, text.length());
  }

  private boolean isRawString() {
    return !java && at > 0 && text.charAt(at - 1) == 'R' && !isWordBefore(at - 1);
  }

  /** Whether a longer word than an encoding prefix ends in the R before a quote. */
  private boolean isWordBefore(int position) {
    int start = position;
    while (start > 0 && Character.isJavaIdentifierPart(text.charAt(start - 1))) {
      start--;
    }
    String prefix = text.substring(start, position);
    return !(prefix.isEmpty() || prefix.equals("u8") || prefix.equals("u") || prefix.equals("L"));
  }

  private void rawString() {
    int open = text.indexOf('(', at);
    if (open < 0) {
      at = text.length();
      return;
    }
    String close = ")" + text.substring(at + 1, open) + "\"";
    literal(at + 1, after(close, open), 1);
  }

  /** Whether the quote stands within a number, such as 1'000'000. */
  private boolean isDigitSeparator() {
    int start = at;
    while (start > 0
        && (Character.isLetterOrDigit(text.charAt(start - 1)) || text.charAt(start - 1) == '\'')) {
      start--;
    }
    return !java && start < at && Character.isDigit(text.charAt(start));
  }

  private static void blank(StringBuilder target, int start, int end) {
    for (int i = start; i < end; i++) {
      if (target.charAt(i) != '\n') {
        target.setCharAt(i, ' ');
      }
    }
  }
}
