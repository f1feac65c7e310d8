package dev.windlass.store;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Where puts and gets find the buffers of earlier ones: a {@link TransportBufferCache}, which knows
 * them by the keys of the store, or a {@link BufferSlot} of one, which knows them by a name that
 * stays while the keys change.
 */
public abstract sealed class TransportBuffers permits TransportBufferCache, BufferSlot {
  TransportBuffers() {}

  abstract TransportBufferCache cache();

  /**
   * What the cache calls the buffer of a value.
   *
   * @param name in the cache
   * @param key in the store, if deleting that shall drop the buffer
   */
  record Name(String name, @Nullable String key) {}

  /** For the values of one call, which are keyed so. */
  abstract List<Name> names(List<String> keys);

  /** For the values of a state dict, by their ways within it. */
  abstract List<Name> names(String dictKey, List<String> ways);

  static List<Name> byKey(List<String> keys) {
    List<Name> names = new ArrayList<>(keys.size());
    for (String key : keys) {
      names.add(new Name(key, key));
    }
    return names;
  }
}
