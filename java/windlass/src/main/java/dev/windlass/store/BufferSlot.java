package dev.windlass.store;

import java.util.ArrayList;
import java.util.List;

/**
 * A name under which a {@link TransportBufferCache} keeps buffers, whatever the keys are: so a loop
 * that publishes {@code checkpoint_1}, {@code checkpoint_2} and so on uses the same ones.
 *
 * <p>The buffer of a single value is called as the slot; of several in one call, as the slot, "/"
 * and the value's number in it; those of a state dict, as the slot, "/" and the way to the value.
 * Deleting a key drops none of them, since they are not that key's.
 */
public final class BufferSlot extends TransportBuffers {
  private final TransportBufferCache cache;
  private final String name;

  BufferSlot(TransportBufferCache cache, String name) {
    this.cache = cache;
    this.name = name;
  }

  public String name() {
    return name;
  }

  @Override
  TransportBufferCache cache() {
    return cache;
  }

  @Override
  List<Name> names(List<String> keys) {
    if (keys.size() == 1) {
      return List.of(new Name(name, null));
    }
    List<Name> names = new ArrayList<>(keys.size());
    for (int i = 0; i < keys.size(); i++) {
      names.add(new Name(name + "/" + i, null));
    }
    return names;
  }

  @Override
  List<Name> names(String dictKey, List<String> ways) {
    List<Name> names = new ArrayList<>(ways.size());
    for (String way : ways) {
      names.add(new Name(name + "/" + way, null));
    }
    return names;
  }

  @Override
  public String toString() {
    return "the slot " + name;
  }
}
