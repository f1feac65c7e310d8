package dev.windlass.store;

import dev.windlass.store.Fetch.Found;
import dev.windlass.store.Fetch.Target;
import dev.windlass.tensor.Mapping;
import dev.windlass.tensor.StateDict;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Optional;

/** The entry that says that a state dict was published, which version it is, and what is in it. */
record StateDictMarker(long version, Mapping mapping) {

  static String key(String dict) {
    return dict + "/" + StateDict.MAPPING_KEY;
  }

  /** The marker, if there is one. */
  static Optional<StateDictMarker> read(TensorStore store, String dict, TimeLimit limit) {
    try (Fetch fetch = Fetch.of(store, List.of(key(dict)), true, List.of(), limit.leftNs());
        Arena arena = Arena.ofConfined()) {
      if (fetch.found().isEmpty()) {
        return Optional.empty();
      }
      Found found = fetch.found().getFirst();
      found.requireBytes();
      MemorySegment bytes = arena.allocate(found.bytes());
      fetch.read(List.of(new Target(found, bytes)));
      Mapping mapping =
          Mapping.decode(
              bytes.toArray(ValueLayout.JAVA_BYTE),
              "the marker of the state dict \"" + Keys.shown(dict) + "\"");
      return Optional.of(new StateDictMarker(found.version(), mapping));
    }
  }
}
