package dev.windlass.tensor;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * Reads JSON that may be hostile, value by value, as whoever reads expects it; nothing is kept that
 * nobody asked for. Strict: no comments, no commas too many, no key twice, UTF-8 only.
 */
final class JsonReader {
  /** How deep objects and arrays may be nested. */
  private static final int MAX_DEPTH = 32;

  /** How many members an object may have: what is made of each is larger than its text. */
  private static final int MAX_MEMBERS = 1 << 20;

  private final byte[] text;
  private final Function<String, ? extends RuntimeException> refusal;
  private final CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder();
  private int at;
  private int depth;

  /**
   * @param refusal makes an exception of what is wrong and where, which follows on the file's name
   */
  JsonReader(byte[] text, Function<String, ? extends RuntimeException> refusal) {
    this.text = text;
    this.refusal = refusal;
  }

  /** Reads an object: the consumer is told each key, and has to read its value. */
  void object(Consumer<String> member) {
    expect('{', "an object");
    enter();
    Set<String> keys = new HashSet<>();
    if (!accept('}')) {
      do {
        String key = string();
        if (!keys.add(key)) {
          throw refuse("has the key " + key + " twice");
        }
        if (keys.size() > MAX_MEMBERS) {
          throw refuse("has an object of more than " + MAX_MEMBERS + " members");
        }
        expect(':', "':' behind a key");
        member.accept(key);
      } while (accept(','));
      expect('}', "',' or the object's end");
    }
    depth--;
  }

  /** Reads an array: the runnable has to read each element. */
  void array(Runnable element) {
    expect('[', "an array");
    enter();
    if (!accept(']')) {
      do {
        element.run();
      } while (accept(','));
      expect(']', "',' or the array's end");
    }
    depth--;
  }

  /** Reads a whole number that is not negative. */
  long whole() {
    String digits = number();
    boolean plain = digits.chars().allMatch(c -> c >= '0' && c <= '9');
    // The largest long has 19 digits, and no number of 18 is larger.
    if (!plain || digits.length() > 19 || Long.compareUnsigned(parse(digits), -1L >>> 1) > 0) {
      throw refuse("has " + digits + " where a whole number below 2^63 is wanted");
    }
    return parse(digits);
  }

  private static long parse(String digits) {
    return Long.parseUnsignedLong(digits);
  }

  /** Reads any number, as it is written. */
  String number() {
    blanks();
    int start = at;
    if (peek() == '-') {
      at++;
    }
    if (peek() == '0') {
      at++;
    } else {
      digits(start);
    }
    if (peek() == '.') {
      at++;
      digits(start);
    }
    if (peek() == 'e' || peek() == 'E') {
      at++;
      if (peek() == '+' || peek() == '-') {
        at++;
      }
      digits(start);
    }
    int next = peek();
    if (next >= '0' && next <= '9') {
      throw refuse("has a number that begins with 0");
    }
    return new String(text, start, at - start, StandardCharsets.US_ASCII);
  }

  private void digits(int start) {
    int first = at;
    while (peek() >= '0' && peek() <= '9') {
      at++;
    }
    if (at == first) {
      throw refuse("has no number where one is wanted");
    }
    if (at - start > 64) {
      throw refuse("has a number of more than 64 digits");
    }
  }

  /** Reads a string. */
  String string() {
    expect('"', "a string");
    int start = at;
    StringBuilder pieces = new StringBuilder();
    while (true) {
      int c = peek();
      if (c < 0) {
        throw refuse("ends inside a string");
      }
      if (c < ' ') {
        throw refuse("has a control character inside a string");
      }
      if (c == '"' || c == '\\') {
        pieces.append(decoded(start));
        at++;
        if (c == '"') {
          return complete(pieces);
        }
        pieces.append(escaped());
        start = at;
      } else {
        at++;
      }
    }
  }

  private CharBuffer decoded(int start) {
    try {
      return decoder.decode(ByteBuffer.wrap(text, start, at - start));
    } catch (CharacterCodingException e) {
      throw refuse("has a string that is not UTF-8");
    }
  }

  /** The string, unless an escape has left half of a surrogate pair in it. */
  private String complete(StringBuilder pieces) {
    for (int i = 0; i < pieces.length(); i++) {
      if (Character.isSurrogate(pieces.charAt(i))) {
        boolean pair =
            i + 1 < pieces.length()
                && Character.isSurrogatePair(pieces.charAt(i), pieces.charAt(i + 1));
        if (!pair) {
          throw refuse("has a string with half of a surrogate pair");
        }
        i++;
      }
    }
    return pieces.toString();
  }

  private char escaped() {
    int c = peek();
    at++;
    return switch (c) {
      case '"', '\\', '/' -> (char) c;
      case 'b' -> '\b';
      case 'f' -> '\f';
      case 'n' -> '\n';
      case 'r' -> '\r';
      case 't' -> '\t';
      case 'u' -> hexadecimal();
      default -> throw refuse("has an unknown escape in a string");
    };
  }

  private char hexadecimal() {
    int value = 0;
    for (int i = 0; i < 4; i++) {
      int digit = peek() < 0 ? -1 : Character.digit((char) peek(), 16);
      if (digit < 0) {
        throw refuse("has an escape that is not hexadecimal");
      }
      value = value << 4 | digit;
      at++;
    }
    return (char) value;
  }

  /** Reads a value of any kind and forgets it. */
  void skip() {
    blanks();
    switch (peek()) {
      case '{' -> object(key -> skip());
      case '[' -> array(this::skip);
      case '"' -> string();
      case 't' -> literal("true");
      case 'f' -> literal("false");
      case 'n' -> literal("null");
      default -> number();
    }
  }

  private void literal(String word) {
    for (int i = 0; i < word.length(); i++) {
      if (peek() != word.charAt(i)) {
        throw refuse("has an unknown word");
      }
      at++;
    }
  }

  /** Whether the next value is a string. */
  boolean isString() {
    blanks();
    return peek() == '"';
  }

  /** Whether the next value is a number. */
  boolean isNumber() {
    blanks();
    return peek() == '-' || (peek() >= '0' && peek() <= '9');
  }

  /** Throws unless there are only blanks behind what has been read. */
  void end() {
    blanks();
    if (at < text.length) {
      throw refuse("goes on behind its end");
    }
  }

  /** What is wrong, with the place. */
  RuntimeException refuse(String what) {
    return refusal.apply(what + " (byte " + at + ")");
  }

  private void enter() {
    depth++;
    if (depth > MAX_DEPTH) {
      throw refuse("is nested deeper than " + MAX_DEPTH);
    }
  }

  private void expect(char wanted, String what) {
    if (!accept(wanted)) {
      throw refuse("lacks " + what);
    }
  }

  private boolean accept(char wanted) {
    blanks();
    boolean there = peek() == wanted;
    if (there) {
      at++;
    }
    return there;
  }

  private void blanks() {
    while (peek() == ' ' || peek() == '\n' || peek() == '\r' || peek() == '\t') {
      at++;
    }
  }

  /** The next byte, or -1. */
  private int peek() {
    return at < text.length ? text[at] & 0xff : -1;
  }
}
