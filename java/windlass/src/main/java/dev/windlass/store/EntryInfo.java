package dev.windlass.store;

import dev.windlass.tensor.DType;
import dev.windlass.tensor.Shape;
import java.util.Optional;

/**
 * What is under a key, without its bytes.
 *
 * @param dtype of a tensor; empty of bytes
 * @param shape of the whole tensor, also where it is of shards; of bytes, how many
 * @param bytes of all shards
 * @param version of the commit that made it
 * @param shards of how many it consists; 0 if it is whole
 * @param missingShards that a version under way lacks
 * @param pinned whether eviction passes it over
 */
public record EntryInfo(
    EntryKind kind,
    Optional<DType> dtype,
    Shape shape,
    long bytes,
    long version,
    int shards,
    int missingShards,
    boolean pinned) {

  /** Whether it can be got; otherwise only some of its shards are there. */
  public boolean isReadable() {
    return version > 0;
  }
}
