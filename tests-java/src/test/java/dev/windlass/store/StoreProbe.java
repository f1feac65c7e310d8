package dev.windlass.store;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * What a child JVM runs: a client of a volume elsewhere. It ends with a word if all is well, unless
 * it was told to end otherwise.
 */
public final class StoreProbe {
  static final String DONE = "all is well";

  private StoreProbe() {}

  public static void main(String[] arguments) {
    String uri = arguments[1];
    int count = Integer.parseInt(arguments[2]);
    switch (arguments[0]) {
      case "write" -> write(uri, count);
      case "read" -> read(uri);
      case "die" -> die(uri);
      default -> throw new AssertionError(arguments[0]);
    }
    System.out.println(DONE);
  }

  /** Publishes so many versions. */
  private static void write(String uri, int count) {
    try (TensorStore store = TensorStore.open(uri);
        TransportBufferCache cache = new TransportBufferCache()) {
      for (int version = 0; version < count; version++) {
        store.putStateDict("dict", Versions.dict(version), cache);
      }
      store.putBytes("done/" + ProcessHandle.current().pid(), new byte[1]);
    }
  }

  /** Reads until there is a key that says that all is written. */
  private static void read(String uri) {
    AtomicInteger reads = new AtomicInteger();
    try (TensorStore store = TensorStore.open(uri);
        TransportBufferCache cache = new TransportBufferCache()) {
      while (!store.exists("stop")) {
        Versions.requireOne(store.getStateDict("dict").dict());
        try (ReceivedStateDict got = store.getStateDict("dict", cache)) {
          Versions.requireOne(got.dict());
        }
        reads.incrementAndGet();
      }
    }
    System.out.println("reads: " + reads);
  }

  /** Publishes for ever, so that whoever kills it does so in the middle. */
  private static void die(String uri) {
    try (TensorStore store = TensorStore.open(uri);
        TransportBufferCache cache = new TransportBufferCache()) {
      for (int version = 0; ; version = (version + 1) % 100) {
        store.putStateDict("dict", Versions.dict(version), cache);
      }
    }
  }
}
