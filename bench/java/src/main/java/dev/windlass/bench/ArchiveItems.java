package dev.windlass.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;

/** The rows of archives: items 12 and 13, on many small files and on few large ones. */
final class ArchiveItems {
  private static final List<Map.Entry<String, String>> TREES =
      List.of(Map.entry("small", "many small files"), Map.entry("large", "few large files"));

  private ArchiveItems() {}

  static List<Item> all() {
    List<Item> items = new ArrayList<>();
    for (Map.Entry<String, String> tree : TREES) {
      items.add(
          Item.moving(
              "12",
              "archive_save_" + tree.getKey(),
              "save " + tree.getValue() + ", synced",
              "zstd -T0 -3 on their tar",
              "tar | zstd -T0 -3",
              OptionalDouble.empty(),
              OptionalDouble.of(1.1)));
      items.add(
          new Item(
              "12",
              "archive_size_" + tree.getKey(),
              "what is left of " + tree.getValue(),
              "tar | zstd -T0 -3",
              "none",
              Item.Unit.PERCENT_OF_ORIGINAL,
              OptionalDouble.of(Item.LEAST_OF_SIZE),
              OptionalDouble.empty()));
    }
    for (Map.Entry<String, String> tree : TREES) {
      items.add(
          Item.moving(
              "13",
              "archive_load_" + tree.getKey(),
              "load " + tree.getValue() + ", not synced",
              "decode the frames, all processors",
              "zstd -d | tar x",
              OptionalDouble.empty(),
              OptionalDouble.of(1.6)));
    }
    items.add(
        Item.moving(
            "",
            "archive_load_1g",
            "load 1 GiB of large files, not synced",
            "decode the frames, all processors",
            "cp -r of the same tree",
            OptionalDouble.empty(),
            OptionalDouble.empty()));
    return items;
  }
}
