package dev.windlass.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Set;

/** The rows of the tensor store: items 5, 6 and 17, and what many values and many clients cost. */
final class StoreItems {
  private static final List<Map.Entry<String, String>> SIZES =
      List.of(
          Map.entry("4k", "4 KiB"),
          Map.entry("1m", "1 MiB"),
          Map.entry("64m", "64 MiB"),
          Map.entry("1g", "1 GiB"));

  /** What iperf3, which measures streams, is compared with. */
  private static final Set<String> STREAMS = Set.of("64m", "1g");

  private StoreItems() {}

  static List<Item> all() {
    List<Item> items = new ArrayList<>();
    for (String verb : List.of("put", "get")) {
      for (Map.Entry<String, String> size : SIZES) {
        items.add(overTcp(verb, size));
      }
    }
    for (String verb : List.of("put", "get")) {
      for (Map.Entry<String, String> size : SIZES) {
        items.add(overSharedMemory(verb, size));
      }
    }
    items.add(
        new Item(
            "6",
            "store_attach",
            "get of 64 MiB over shm without a copy: lease, map, release",
            "20 µs",
            "none",
            Item.Unit.MICROSECONDS_PER_CALL,
            OptionalDouble.of(1),
            OptionalDouble.empty()));
    items.add(
        Item.moving(
            "17",
            "put_buffered",
            "put of 64 MiB over shm with a buffer",
            "copy past the caches, one thread",
            "the same without a buffer",
            OptionalDouble.empty(),
            OptionalDouble.of(2)));
    for (String verb : List.of("put", "get")) {
      items.add(
          many("batch_" + verb, verb + " of 10000 values of 16 KiB over shm, as one", 1.0 / 3));
    }
    for (String verb : List.of("put", "get")) {
      items.add(
          many("dict_" + verb, verb + " of 300 values, together 1 GiB, over shm, as one", 0.85));
    }
    for (int clients : new int[] {1, 4, 16, 64}) {
      items.add(
          Item.moving(
              "",
              "store_clients_" + clients,
              clients
                  + (clients == 1 ? " client gets" : " clients get")
                  + " values of 1 MiB over shm",
              "copy past the caches, one thread",
              "none",
              OptionalDouble.empty(),
              OptionalDouble.empty()));
    }
    return items;
  }

  private static Item overTcp(String verb, Map.Entry<String, String> size) {
    boolean isStream = STREAMS.contains(size.getKey());
    return Item.moving(
        "5",
        "store_" + verb + "_tcp_" + size.getKey(),
        verb + " of " + size.getValue() + " over tcp, loopback",
        "bare send and receive loops, as many connections",
        isStream ? "iperf3, as many connections" : "none",
        OptionalDouble.of(0.95),
        isStream ? OptionalDouble.of(1) : OptionalDouble.empty());
  }

  private static Item overSharedMemory(String verb, Map.Entry<String, String> size) {
    return Item.moving(
        "6",
        "store_" + verb + "_shm_" + size.getKey(),
        verb + " of " + size.getValue() + " over shm",
        "copy past the caches, one thread",
        "memcpy",
        OptionalDouble.of(0.95),
        OptionalDouble.empty());
  }

  private static Item many(String key, String title, double limitTarget) {
    return Item.moving(
        "",
        key,
        title,
        "one value of as many bytes",
        "none",
        OptionalDouble.of(limitTarget),
        OptionalDouble.empty());
  }
}
