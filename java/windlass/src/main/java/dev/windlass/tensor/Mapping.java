package dev.windlass.tensor;

import dev.windlass.Status;
import dev.windlass.WindlassException;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SequencedMap;
import java.util.function.BiFunction;

/**
 * How a {@link StateDict} was nested: its maps and lists, the kind of each leaf, and the plain
 * values themselves. From it and the leaves the nested value is rebuilt.
 *
 * <p>Two are equal if they have the same structure and the same plain values; the order of a map's
 * keys does not matter. Immutable.
 */
public final class Mapping {
  /** What is kept under a key. */
  public enum Kind {
    TENSOR,
    BYTES
  }

  private final Structure root;
  private final SequencedMap<String, Kind> entries;

  Mapping(Structure root) {
    this.root = root;
    SequencedMap<String, Kind> found = new LinkedHashMap<>();
    root.eachEntry("", found::put);
    this.entries = Collections.unmodifiableSequencedMap(found);
  }

  /**
   * The mapping that {@link #encode} has made these bytes of.
   *
   * @param name what the bytes are, for the message
   * @throws WindlassException CORRUPT, if they are damaged, truncated, or nothing of the kind;
   *     VERSION, if a later version has written them
   */
  public static Mapping decode(byte[] bytes, String name) {
    return new Mapping(MappingReader.read(bytes, name));
  }

  /** The mapping as bytes, with a checksum. */
  public byte[] encode() {
    return MappingWriter.write(root);
  }

  /** The keys of the tensors and byte strings, and which they are, in the order of the value. */
  public SequencedMap<String, Kind> entries() {
    return entries;
  }

  /** Whether the nested value is a map, or else a list. */
  public boolean isMap() {
    return root instanceof Structure.OfMap;
  }

  /**
   * The nested value: a {@code LinkedHashMap<String, Object>} or an {@code ArrayList<Object>}, in
   * which there are more of them and the leaves. All are new and the caller's own.
   *
   * @param leaf gives what shall stand where the key's tensor or byte string was
   */
  public Object rebuild(BiFunction<String, Kind, ? extends Object> leaf) {
    return root.rebuild("", leaf);
  }

  /**
   * The nested value as a map, in which what was null is null; as {@link #rebuild}.
   *
   * @throws WindlassException MISMATCH, if it is a list
   */
  @SuppressWarnings("unchecked") // An OfMap rebuilds to a map from strings.
  public Map<String, Object> rebuildMap(BiFunction<String, Kind, ? extends Object> leaf) {
    if (!isMap()) {
      throw new WindlassException(
          Status.MISMATCH, 0, "The state dict is a list at the top, not a map: rebuild that.");
    }
    return (Map<String, Object>) rebuild(leaf);
  }

  /** Whether the other has the same maps, lists and kinds of leaves; plain values may differ. */
  public boolean hasSameStructure(Mapping other) {
    return root.differenceTo(other.root, "").isEmpty();
  }

  /** Throws MISMATCH unless what the stored one has fits into what this one has. */
  void checkReceives(Mapping stored, boolean strict) {
    entries.forEach(
        (key, kind) -> {
          Kind there = stored.entries.get(key);
          if (there == null) {
            throw mismatch("there is nothing under " + key + " in what is stored");
          }
          if (there != kind) {
            throw mismatch(key + " is stored as " + there + ", and is to be read as " + kind);
          }
        });
    if (strict) {
      root.differenceTo(stored.root, "")
          .ifPresent(
              difference -> {
                throw mismatch(difference);
              });
    }
  }

  private static WindlassException mismatch(String what) {
    return new WindlassException(
        Status.MISMATCH,
        0,
        "The state dicts differ: " + what + ". Read it as it is stored, or correct the target.");
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Mapping mapping && root.equals(mapping.root);
  }

  @Override
  public int hashCode() {
    return root.hashCode();
  }

  /** As in {@code a mapping of 3 entries}. */
  @Override
  public String toString() {
    return "a mapping of " + entries.size() + " entries";
  }
}
