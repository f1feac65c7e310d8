package dev.windlass.tensor;

/**
 * A mapping as bytes, little-endian: a header and the tree.
 *
 * <p>The header: "WLMP"; the version, two bytes; two bytes of 0; the length of the tree, four
 * bytes; the CRC-32C, four bytes, of the header up to there and of the tree. A node of the tree is
 * a byte that says what it is, and what that has. Of a map: how many members, then of each its key
 * and its node. Of a list: how many members, then their nodes. Of a number: its bytes. A count or a
 * length is four bytes; a text is its length and its UTF-8.
 */
final class MappingFormat {
  static final int MAGIC = 'W' | 'L' << 8 | 'M' << 16 | 'P' << 24;
  static final int VERSION = 1;
  static final int HEADER_BYTES = 16;
  static final int CHECKED_HEADER_BYTES = 12;

  /** The most bytes of a tree. */
  static final int MAX_BYTES = 64 << 20;

  static final byte MAP = 1;
  static final byte LIST = 2;
  static final byte TENSOR = 3;
  static final byte BYTES = 4;
  static final byte NULL = 5;
  static final byte FALSE = 6;
  static final byte TRUE = 7;
  static final byte LONG = 8;
  static final byte INTEGER = 9;
  static final byte DOUBLE = 10;
  static final byte FLOAT = 11;
  static final byte STRING = 12;

  private MappingFormat() {}
}
