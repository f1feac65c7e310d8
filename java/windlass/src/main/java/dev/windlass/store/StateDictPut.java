package dev.windlass.store;

import dev.windlass.Status;
import dev.windlass.WindlassException;
import dev.windlass.tensor.DType;
import dev.windlass.tensor.StateDict;
import dev.windlass.tensor.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Publishes a state dict: all its values and its marker in one commit, which also removes what only
 * the version before had. That it is the version before is a condition of the commit; where
 * somebody else was faster, all is done again.
 */
final class StateDictPut {
  private static final System.Logger LOG = System.getLogger("dev.windlass.store");

  private final TensorStore store;
  private final String key;
  private final StateDict dict;
  private final StateDictOptions options;
  private final @Nullable TransportBuffers buffers;

  StateDictPut(
      TensorStore store,
      String key,
      StateDict dict,
      StateDictOptions options,
      @Nullable TransportBuffers buffers) {
    this.store = store;
    this.key = key;
    this.dict = dict;
    this.options = options;
    this.buffers = buffers;
  }

  StateDictReport run() {
    TimeLimit limit = new TimeLimit(options.timeout().orElse(store.options().callTimeout()));
    try (Arena casts = Arena.ofConfined()) {
      Phases casting = new Phases();
      List<String> ways = new ArrayList<>();
      List<PutItem> items = items(casts, ways);
      long bytes = items.stream().mapToLong(PutItem::sizeBytes).sum();
      if (options.dtype().isPresent()) {
        casting.end("cast", bytes);
      }
      for (int attempt = 1; ; attempt++) {
        try {
          Phases phases = new Phases();
          casting.all().forEach(done -> phases.add(done.name(), done.nanos(), done.bytes()));
          return publish(items, ways, bytes, attempt, limit, phases);
        } catch (WindlassException e) {
          if (e.status() != Status.CONFLICT || limit.isOver()) {
            throw e;
          }
        }
      }
    }
  }

  /** The values, then the marker; and for each its way within the dict. */
  private List<PutItem> items(Arena casts, List<String> ways) {
    List<PutItem> items = new ArrayList<>();
    dict.tensors()
        .forEach(
            (way, tensor) -> {
              ways.add(way);
              items.add(PutItem.of(key + "/" + way, cast(casts, tensor)));
            });
    dict.bytes()
        .forEach(
            (way, segment) -> {
              ways.add(way);
              items.add(PutItem.of(key + "/" + way, segment));
            });
    ways.add(StateDict.MAPPING_KEY);
    items.add(PutItem.of(StateDictMarker.key(key), MemorySegment.ofArray(dict.mapping().encode())));
    return items;
  }

  private Tensor cast(Arena casts, Tensor tensor) {
    Optional<DType> wanted = options.dtype();
    return wanted.isEmpty() || !tensor.dtype().isFloating() || tensor.dtype() == wanted.get()
        ? tensor
        : tensor.cast(casts, wanted.get());
  }

  private StateDictReport publish(
      List<PutItem> items,
      List<String> ways,
      long bytes,
      int attempt,
      TimeLimit limit,
      Phases phases) {
    Optional<StateDictMarker> before = StateDictMarker.read(store, key, limit);
    PutOptions put =
        PutOptions.usual()
            .onlyIf(StateDictMarker.key(key), before.map(StateDictMarker::version).orElse(0L))
            .removing(before.map(marker -> gone(marker, ways)).orElse(List.of()))
            .withTimeout(limit.left());
    phases.end("read the marker", 0);
    PutReport report =
        buffers == null
            ? store.putBatch(items, put)
            : PutLoans.put(store, items, put, buffers, buffers.names(key, ways));
    phases.add("prepare", report.prepareNs(), 0);
    phases.add("move", report.moveNs(), bytes);
    phases.add("commit", report.commitNs(), 0);
    StateDictReport done =
        new StateDictReport(report.version(), dict.tensors().size(), bytes, attempt, phases.all());
    LOG.log(System.Logger.Level.DEBUG, "put the state dict {0}: {1}", key, done);
    return done;
  }

  private List<String> gone(StateDictMarker marker, List<String> ways) {
    Set<String> stay = new HashSet<>(ways);
    return marker.mapping().entries().keySet().stream()
        .filter(way -> !stay.contains(way))
        .map(way -> key + "/" + way)
        .toList();
  }
}
