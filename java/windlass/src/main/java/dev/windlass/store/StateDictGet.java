package dev.windlass.store;

import dev.windlass.Status;
import dev.windlass.WindlassException;
import dev.windlass.store.Fetch.Found;
import dev.windlass.store.Fetch.Target;
import dev.windlass.tensor.Mapping;
import dev.windlass.tensor.StateDict;
import dev.windlass.tensor.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Reads a state dict of one version: its marker, then all its values under the condition that the
 * marker has not changed; where it has, all is done again.
 */
final class StateDictGet {
  private static final System.Logger LOG = System.getLogger("dev.windlass.store");

  private final TensorStore store;
  private final String key;
  private final StateDictOptions options;
  private final TimeLimit limit;
  private long missedVersion;

  StateDictGet(TensorStore store, String key, StateDictOptions options) {
    this.store = store;
    this.key = key;
    this.options = options;
    this.limit = new TimeLimit(options.timeout().orElse(store.options().callTimeout()));
  }

  /** The values of one version, leased. Fetch is null where there is none. */
  private record Version(StateDictMarker marker, @Nullable Fetch fetch, int attempts) {
    List<Found> found() {
      return fetch == null ? List.of() : fetch.found();
    }

    long bytes() {
      return found().stream().mapToLong(Found::bytes).sum();
    }
  }

  /** Into memory of its own, or of a cache's. */
  ReceivedStateDict run(@Nullable TransportBuffers buffers) {
    Phases phases = new Phases();
    Version version = acquire(phases, mapping -> List.copyOf(mapping.entries().keySet()));
    try (Fetch fetch = version.fetch()) {
      if (fetch == null || buffers == null) {
        Map<String, Object> leaves = new HashMap<>();
        if (fetch != null) {
          read(fetch, leaves, phases);
        }
        return received(version, leaves, phases, null);
      }
      List<String> ways = version.found().stream().map(this::way).toList();
      Leased leased = Leased.received(store, fetch, buffers, buffers.names(key, ways));
      phases.end("read", version.bytes());
      try {
        return received(version, leaves(version, leased), phases, leased);
      } catch (RuntimeException | Error e) {
        leased.close();
        throw e;
      }
    }
  }

  private Map<String, Object> leaves(Version version, Leased leased) {
    Map<String, Object> leaves = new HashMap<>();
    for (Found found : version.found()) {
      leaves.put(
          way(found),
          found.isTensor() ? cast(leased.tensor(found.key())) : leased.bytes(found.key()));
    }
    return leaves;
  }

  private ReceivedStateDict received(
      Version version, Map<String, Object> leaves, Phases phases, @Nullable Leased leased) {
    StateDict dict = rebuilt(version.marker().mapping(), leaves);
    return new ReceivedStateDict(dict, report(version, phases), leased);
  }

  private void read(Fetch fetch, Map<String, Object> leaves, Phases phases) {
    List<Target> targets = new ArrayList<>();
    long bytes = 0;
    for (Found found : fetch.found()) {
      Object value;
      if (found.isTensor()) {
        Tensor tensor = Fetch.allocate(found);
        targets.add(new Target(found, tensor.data()));
        value = tensor;
      } else {
        MemorySegment segment = Arena.ofAuto().allocate(found.bytes());
        targets.add(new Target(found, segment));
        value = segment;
      }
      leaves.put(way(found), value);
      bytes += found.bytes();
    }
    phases.end("allocate", 0);
    fetch.read(targets);
    phases.end("read", bytes);
    if (options.dtype().isPresent()) {
      leaves.replaceAll((_, value) -> value instanceof Tensor tensor ? cast(tensor) : value);
      phases.end("cast", bytes);
    }
  }

  private Tensor cast(Tensor tensor) {
    return options
        .dtype()
        .filter(wanted -> tensor.dtype().isFloating() && tensor.dtype() != wanted)
        .map(wanted -> tensor.cast(Arena.ofAuto(), wanted))
        .orElse(tensor);
  }

  private static StateDict rebuilt(Mapping mapping, Map<String, Object> leaves) {
    Object value = mapping.rebuild((way, _) -> leaves.get(way));
    if (value instanceof List<?> list) {
      return StateDict.of(list);
    }
    return StateDict.of(mapping.rebuildMap((way, _) -> leaves.get(way)));
  }

  /** Into the tensors and byte strings of a dict that is there; they are checked first. */
  StateDictReport runInto(StateDict target) {
    Phases phases = new Phases();
    List<String> ways = new ArrayList<>(target.tensors().keySet());
    ways.addAll(target.bytes().keySet());
    Version version =
        acquire(
            phases,
            stored -> {
              target.checkReceives(stored, options.strict());
              return ways;
            });
    try (Fetch fetch = version.fetch();
        Arena staging = Arena.ofConfined()) {
      if (fetch != null) {
        List<Runnable> conversions = new ArrayList<>();
        fetch.read(targets(version, target, staging, conversions));
        phases.end("read", version.bytes());
        conversions.forEach(Runnable::run);
        phases.end("cast", conversions.isEmpty() ? 0 : version.bytes());
      }
      return report(version, phases);
    }
  }

  private List<Target> targets(
      Version version, StateDict into, Arena staging, List<Runnable> conversions) {
    List<Target> targets = new ArrayList<>();
    for (Found found : version.found()) {
      Tensor tensor = into.tensors().get(way(found));
      if (tensor != null) {
        targets.add(new Target(found, memory(found, tensor, staging, conversions)));
      } else {
        MemorySegment bytes = into.bytes().get(way(found));
        targets.add(new Target(found, memory(found, bytes, staging, conversions)));
      }
    }
    return targets;
  }

  private MemorySegment memory(
      Found found, Tensor target, Arena staging, List<Runnable> conversions) {
    boolean convertible =
        options.dtype().isPresent()
            && found.tensorType().isFloating()
            && target.dtype().isFloating()
            && found.shape().equals(target.shape());
    if (found.dtype() == target.dtype() || !convertible) {
      Gets.requireReceives(found, target);
      return target.data();
    }
    Gets.requireWritable(target.data());
    Tensor stage = Tensor.allocate(staging, found.tensorType(), found.shape());
    conversions.add(() -> stage.castInto(target));
    return stage.data();
  }

  private static MemorySegment memory(
      Found found, MemorySegment target, Arena staging, List<Runnable> conversions) {
    found.requireBytes();
    Gets.requireWritable(target);
    if (found.bytes() != target.byteSize()) {
      throw new WindlassException(
          Status.MISMATCH,
          0,
          "\"%s\" is %d bytes, and its target has %d."
              .formatted(Keys.shown(found.key()), found.bytes(), target.byteSize()));
    }
    if (target.isNative()) {
      return target;
    }
    MemorySegment stage = staging.allocate(found.bytes());
    conversions.add(() -> target.copyFrom(stage));
    return stage;
  }

  private String way(Found found) {
    return found.key().substring(key.length() + 1);
  }

  /** Leases the values whose ways are wanted, of the version that the marker says. */
  private Version acquire(Phases phases, Function<Mapping, List<String>> wanted) {
    for (int attempt = 1; ; attempt++) {
      StateDictMarker marker = StateDictMarker.read(store, key, limit).orElseThrow(this::noMarker);
      List<String> keys =
          wanted.apply(marker.mapping()).stream().map(way -> key + "/" + way).toList();
      phases.end("read the marker", 0);
      if (keys.isEmpty()) {
        return new Version(marker, null, attempt);
      }
      Optional<Fetch> fetch = acquire(marker, keys);
      if (fetch.isPresent()) {
        phases.end("lease", 0);
        return new Version(marker, fetch.get(), attempt);
      }
    }
  }

  /** Empty where another version has been published meanwhile. */
  private Optional<Fetch> acquire(StateDictMarker marker, List<String> keys) {
    List<Condition> same = List.of(new Condition(StateDictMarker.key(key), marker.version()));
    try {
      return Optional.of(Fetch.of(store, keys, false, same, limit.leftNs()));
    } catch (WindlassException e) {
      boolean missing = e.status() == Status.NOT_FOUND && missedVersion != marker.version();
      boolean again = e.status() == Status.CONFLICT || missing;
      if (!again || limit.isOver()) {
        throw e;
      }
      missedVersion = marker.version();
      return Optional.empty();
    }
  }

  private WindlassException noMarker() {
    return new WindlassException(
        Status.NOT_FOUND,
        0,
        "There is no state dict \"%s\": its marker, \"%s\", is missing. Put it first."
            .formatted(Keys.shown(key), Keys.shown(StateDictMarker.key(key))));
  }

  private StateDictReport report(Version version, Phases phases) {
    int tensors = (int) version.found().stream().filter(Found::isTensor).count();
    StateDictReport report =
        new StateDictReport(
            version.marker().version(), tensors, version.bytes(), version.attempts(), phases.all());
    LOG.log(System.Logger.Level.DEBUG, "got the state dict {0}: {1}", key, report);
    return report;
  }
}
