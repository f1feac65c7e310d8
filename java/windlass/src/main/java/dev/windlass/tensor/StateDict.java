package dev.windlass.tensor;

import dev.windlass.WindlassException;
import java.lang.foreign.MemorySegment;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;

/**
 * A nested value of maps and lists, taken apart: its tensors and byte strings, each under a key of
 * its own, and the {@link Mapping} that says how they were nested.
 *
 * <p>The value is made of {@code Map<String, ?>} and {@code List<?>}, and has as leaves {@link
 * Tensor}; {@code byte[]} and {@link MemorySegment} for byte strings; and plain values, which are
 * {@link String}, {@link Long}, {@link Integer}, {@link Double}, {@link Float}, {@link Boolean} and
 * null. Plain values travel within the mapping.
 *
 * <p>A key is the way to the leaf: the keys of maps and the indices in lists, in decimal, with "/"
 * between them. In a key of a map "~" is written "~0", "/" is "~1" and NUL is "~3"; a key that is
 * empty is "~2", and one that is "MAPPING", under which stores keep the mapping, is "~MAPPING". So
 * no two leaves have the same key, and the keys of a map may be any Unicode text.
 *
 * <p>Taking apart copies nothing. It is immutable, but for the memory of the leaves.
 */
public final class StateDict {
  /** What stands behind the name of a state dict, and "/", in the key of its mapping. */
  public static final String MAPPING_KEY = "MAPPING";

  /** How deep maps and lists may be nested. */
  public static final int MAX_DEPTH = 64;

  private final Mapping mapping;
  private final SequencedMap<String, Tensor> tensors;
  private final SequencedMap<String, MemorySegment> bytes;

  private StateDict(
      Mapping mapping,
      SequencedMap<String, Tensor> tensors,
      SequencedMap<String, MemorySegment> bytes) {
    this.mapping = mapping;
    this.tensors = Collections.unmodifiableSequencedMap(tensors);
    this.bytes = Collections.unmodifiableSequencedMap(bytes);
  }

  /**
   * Takes a map apart.
   *
   * @throws IllegalArgumentException if a leaf is of another class; a text is none that UTF-8 can
   *     encode; a leaf's key is longer than 4096 bytes; the nesting is deeper than {@link
   *     #MAX_DEPTH}, as in a value that contains itself; or there are more than 1048576 members in
   *     all
   */
  public static StateDict of(Map<String, ?> value) {
    return ofNested(value);
  }

  /**
   * Takes a list apart.
   *
   * @throws IllegalArgumentException as {@link #of(Map)}
   */
  public static StateDict of(List<?> value) {
    return ofNested(value);
  }

  private static StateDict ofNested(Object value) {
    SequencedMap<String, Tensor> tensors = new LinkedHashMap<>();
    SequencedMap<String, MemorySegment> bytes = new LinkedHashMap<>();
    Mapping mapping = new Mapping(Flattening.run(value, tensors, bytes));
    return new StateDict(mapping, tensors, bytes);
  }

  /** How the leaves were nested, and the plain values. */
  public Mapping mapping() {
    return mapping;
  }

  /** The tensors by their keys, in the order in which they were met. */
  public SequencedMap<String, Tensor> tensors() {
    return tensors;
  }

  /**
   * The byte strings by their keys, in the order in which they were met. A {@code byte[]} is a
   * segment on the Java heap, and writing to that writes to the array.
   */
  public SequencedMap<String, MemorySegment> bytes() {
    return bytes;
  }

  /** The bytes of all tensors and byte strings. */
  public long sizeBytes() {
    long total = 0;
    for (Tensor tensor : tensors.values()) {
      total += tensor.sizeBytes();
    }
    for (MemorySegment segment : bytes.values()) {
      total += segment.byteSize();
    }
    return total;
  }

  /**
   * Checks that this one can receive what a store has, for reading in place: what is kept under a
   * key goes into the tensor or the byte string that is here under the same key.
   *
   * @param stored the mapping of what is to be read
   * @param strict both must have exactly the same keys; otherwise what only the stored one has is
   *     left out
   * @throws WindlassException MISMATCH, if a key that is here is not there, or is of another kind,
   *     or, with strict, if there is a difference at all
   */
  public void checkReceives(Mapping stored, boolean strict) {
    mapping.checkReceives(stored, strict);
  }
}
