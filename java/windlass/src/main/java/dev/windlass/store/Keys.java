package dev.windlass.store;

import dev.windlass.bindings.NativeCall;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;

/**
 * Keys as the library takes them: pointers and lengths.
 *
 * @param pointers to UTF-8, one after the other
 * @param lengths in bytes, one after the other
 */
record Keys(MemorySegment pointers, MemorySegment lengths, int count) {
  static final int LONGEST_BYTES = 4096;

  private static final int SHOWN_CHARACTERS = 80;

  /** Memory of the call's. The keys have been {@linkplain #require checked}. */
  static Keys of(NativeCall call, List<String> keys) {
    byte[][] encoded = new byte[keys.size()][];
    long total = 0;
    for (int i = 0; i < encoded.length; i++) {
      encoded[i] = keys.get(i).getBytes(StandardCharsets.UTF_8);
      total += encoded[i].length;
    }
    MemorySegment bytes = call.allocate(Math.max(total, 1));
    MemorySegment pointers = call.allocate(ValueLayout.ADDRESS, Math.max(encoded.length, 1));
    MemorySegment lengths = call.allocate(ValueLayout.JAVA_LONG, Math.max(encoded.length, 1));
    long at = 0;
    for (int i = 0; i < encoded.length; i++) {
      MemorySegment.copy(encoded[i], 0, bytes, ValueLayout.JAVA_BYTE, at, encoded[i].length);
      pointers.setAtIndex(ValueLayout.ADDRESS, i, bytes.asSlice(at));
      lengths.setAtIndex(ValueLayout.JAVA_LONG, i, encoded[i].length);
      at += encoded[i].length;
    }
    return new Keys(pointers, lengths, encoded.length);
  }

  MemorySegment pointer(int index) {
    return pointers.getAtIndex(ValueLayout.ADDRESS, index);
  }

  long length(int index) {
    return lengths.getAtIndex(ValueLayout.JAVA_LONG, index);
  }

  /**
   * A list of the keys, checked.
   *
   * @throws IllegalArgumentException if there is none, one is twice in it, or one is no key
   */
  static List<String> require(Collection<String> keys) {
    if (keys.isEmpty()) {
      throw new IllegalArgumentException("There is no key: name at least one.");
    }
    Set<String> seen = new HashSet<>();
    for (String key : keys) {
      require(key);
      if (!seen.add(key)) {
        throw new IllegalArgumentException("The key \"" + shown(key) + "\" is named twice.");
      }
    }
    return List.copyOf(keys);
  }

  /**
   * The key, checked.
   *
   * @throws IllegalArgumentException unless it is 1 to 4096 bytes of UTF-8 without NUL
   */
  static String require(String key) {
    Objects.requireNonNull(key, "key");
    long length = 0;
    for (int i = 0; i < key.length(); i++) {
      char character = key.charAt(i);
      if (character == '\0') {
        throw new IllegalArgumentException("A key has no NUL, and \"" + shown(key) + "\" has one.");
      }
      boolean pair = Character.isSurrogate(character);
      if (pair) {
        requirePair(key, i++);
      }
      length += pair ? 4 : character < 0x80 ? 1 : character < 0x800 ? 2 : 3;
    }
    if (length == 0 || length > LONGEST_BYTES) {
      throw new IllegalArgumentException(
          "A key has 1 to %d bytes, and \"%s\" has %d."
              .formatted(LONGEST_BYTES, shown(key), length));
    }
    return key;
  }

  private static void requirePair(String key, int at) {
    boolean isPair =
        at + 1 < key.length() && Character.isSurrogatePair(key.charAt(at), key.charAt(at + 1));
    if (!isPair) {
      throw new IllegalArgumentException(
          "The key \"" + shown(key) + "\" has half a surrogate pair, which is no character.");
    }
  }

  /** A prefix: as a key, or empty. */
  static String requirePrefix(String prefix) {
    return prefix.isEmpty() ? prefix : require(prefix);
  }

  /** A key in a message: not too long. */
  static String shown(String key) {
    return key.length() <= SHOWN_CHARACTERS ? key : key.substring(0, SHOWN_CHARACTERS) + "…";
  }
}
