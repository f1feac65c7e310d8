package dev.windlass.cli;

import dev.windlass.Windlass;
import dev.windlass.store.CacheStatistics;
import dev.windlass.store.ReceivedStateDict;
import dev.windlass.store.StateDictOptions;
import dev.windlass.store.StoreOptions;
import dev.windlass.store.TensorStore;
import dev.windlass.store.Transport;
import dev.windlass.store.TransportBufferCache;
import dev.windlass.store.Volume;
import dev.windlass.store.VolumeOptions;
import dev.windlass.tensor.DType;
import dev.windlass.tensor.Shape;
import dev.windlass.tensor.StateDict;
import dev.windlass.tensor.Tensor;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * A training loop that publishes a checkpoint after every epoch, each under a key of its own, and
 * reads it back: over shared memory and over TCP, without a buffer cache and with one. Every byte
 * is compared.
 */
final class StoreDemo {
  private static final int EPOCHS = 5;
  private static final int TENSORS = 24;
  private static final long ROW_BYTES = 4096;
  private static final long SEED = 20_250_917;

  private final Terminal terminal;
  private final List<String> broken = new ArrayList<>();
  private final TextTable table =
      new TextTable("Way", "Buffers", "First put", "Put", "GB/s", "Get", "GB/s", "Buffers reused")
          .alignRight(2, 3, 4, 5, 6);

  StoreDemo(Terminal terminal) {
    this.terminal = terminal;
  }

  /** Runs it on checkpoints of about the size; returns whether all went well. */
  boolean run(long size) {
    String socket = "shm://windlass-demo-" + ProcessHandle.current().pid();
    VolumeOptions options = VolumeOptions.usual().withPreparedBytes(4 * size);
    try (Arena arena = Arena.ofConfined();
        Volume volume = Volume.open(options)) {
      Model model = new Model(arena, size);
      String shm = volume.listen(socket);
      String tcp = volume.listen("tcp://127.0.0.1:0");
      terminal
          .out()
          .println(
              "Store: %d epochs, each with a checkpoint of %d tensors, %s."
                  .formatted(EPOCHS, TENSORS, ByteSize.format(model.sizeBytes())));
      for (Transport transport : List.of(Transport.SHM, Transport.TCP)) {
        String uri = transport == Transport.SHM ? shm : tcp;
        train(uri, transport, model, false);
        train(uri, transport, model, true);
      }
    }
    long live = Windlass.liveObjects().values().stream().mapToLong(Long::longValue).sum();
    check(live == 0, live + " native objects are still there after closing all");
    return conclude();
  }

  /** The tensors that are trained, and others that checkpoints are read into. */
  private static final class Model {
    private final StateDict trained;
    private final StateDict restored;

    Model(Arena arena, long size) {
      trained = dict(arena, size);
      restored = dict(arena, size);
    }

    private static StateDict dict(Arena arena, long size) {
      long rows = Math.max(1, size / TENSORS / ROW_BYTES);
      Map<String, Object> layers = new LinkedHashMap<>();
      for (int i = 0; i < TENSORS; i++) {
        Shape shape = Shape.of(rows, ROW_BYTES / 2);
        layers.put("layer" + i, Map.of("weight", Tensor.allocate(arena, DType.BF16, shape)));
      }
      return StateDict.of(Map.of("model", layers));
    }

    long sizeBytes() {
      return trained.sizeBytes();
    }

    void train(int epoch) {
      int index = 0;
      for (Tensor tensor : trained.tensors().values()) {
        new Pattern(SEED + epoch * 1000L + index++).fill(tensor.data(), _ -> {});
      }
    }

    boolean isRestored() {
      return trained.tensors().entrySet().stream()
          .allMatch(each -> each.getValue().hasSameContent(other(each.getKey())));
    }

    private Tensor other(String way) {
      Tensor other = restored.tensors().get(way);
      if (other == null) {
        throw new IllegalStateException("both dicts have the same keys, and not " + way);
      }
      return other;
    }
  }

  /** Times of the epochs after the first, which is when buffers are made. */
  private static final class Times {
    private long first;
    private long puts;
    private long gets;

    void put(int epoch, long nanos) {
      if (epoch == 0) {
        first = nanos;
      } else {
        puts += nanos;
      }
    }

    void get(int epoch, long nanos) {
      gets += epoch == 0 ? 0 : nanos;
    }
  }

  private void train(String uri, Transport transport, Model model, boolean cached) {
    Times times = new Times();
    StoreOptions options = StoreOptions.usual().withTransport(transport);
    try (TensorStore store = TensorStore.open(uri, options);
        TransportBufferCache cache = new TransportBufferCache()) {
      for (int epoch = 0; epoch < EPOCHS; epoch++) {
        model.train(epoch);
        String key = "checkpoint_" + epoch;
        long start = System.nanoTime();
        if (cached) {
          store.putStateDict(key, model.trained, cache.slot("checkpoint"));
        } else {
          store.putStateDict(key, model.trained);
        }
        long put = System.nanoTime();
        store.getStateDictInto(key, model.restored, StateDictOptions.usual());
        times.put(epoch, put - start);
        times.get(epoch, System.nanoTime() - put);
        check(model.isRestored(), name(transport) + ": epoch " + epoch + " came back otherwise");
        store.deleteBatch(store.keysUnder(key).toList());
      }
      checkVersions(store, model);
      row(transport, cached, times, model.sizeBytes(), cache.statistics());
    }
  }

  /** What was published last is what a reader gets, also one that knows nothing of its shape. */
  private void checkVersions(TensorStore store, Model model) {
    store.putStateDict("latest", model.trained);
    try (ReceivedStateDict latest = store.getStateDict("latest")) {
      check(
          latest.dict().mapping().hasSameStructure(model.trained.mapping()),
          "what was read is nested otherwise than what was put");
    }
    store.deleteBatch(store.keysUnder("latest").toList());
  }

  private void row(
      Transport transport, boolean cached, Times times, long bytes, CacheStatistics statistics) {
    int later = EPOCHS - 1;
    table.row(
        name(transport),
        cached ? "a slot" : "none",
        DemoRecord.time(times.first),
        DemoRecord.time(times.puts / later),
        rate(bytes * later, times.puts),
        DemoRecord.time(times.gets / later),
        rate(bytes * later, times.gets),
        cached ? "%d of %d".formatted(statistics.hits(), (TENSORS + 1L) * EPOCHS) : "");
    long missed = statistics.misses();
    check(
        !cached || missed == TENSORS + 1L,
        name(transport) + ": " + missed + " buffers were made, not one for each value");
  }

  private static String name(Transport transport) {
    return transport == Transport.SHM ? "shared memory" : "TCP, loopback";
  }

  private static String rate(long bytes, long nanos) {
    return nanos == 0 ? "" : String.format(Locale.ROOT, "%.1f", (double) bytes / nanos);
  }

  private void check(boolean kept, String what) {
    if (!kept) {
      broken.add(what);
    }
  }

  private boolean conclude() {
    terminal.out().println();
    terminal.out().print(table.render(terminal.columns()));
    terminal.out().println();
    broken.forEach(what -> terminal.err().println("Not as promised: " + what + "."));
    terminal
        .out()
        .println(
            broken.isEmpty()
                ? "Every byte of every checkpoint verified; nothing is left open."
                : "The store's demo FAILED.");
    return broken.isEmpty();
  }
}
