package dev.windlass.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;

/** The rows of archives: items 12 and 13, on many small files and on few large ones. */
final class ArchiveItems {
  private static final List<Map.Entry<String, String>> TREES =
      List.of(Map.entry("small", "many small files"), Map.entry("large", "few large files"));

  /** An archive has at most 1.02 times the bytes that tar and zstd make. */
  private static final double LEAST_OF_SIZE = 1 / 1.02;

  private ArchiveItems() {}

  static List<Item> all() {
    List<Item> items = new ArrayList<>();
    for (Map.Entry<String, String> tree : TREES) {
      items.add(
          gigabytes(
              "12",
              "archive_save_" + tree.getKey(),
              "save " + tree.getValue() + ", synced",
              "zstd -T0 -3 on their tar",
              "tar | zstd -T0 -3",
              OptionalDouble.of(1.1)));
      items.add(
          new Item(
              "12",
              "archive_size_" + tree.getKey(),
              "what is left of " + tree.getValue(),
              "tar | zstd -T0 -3",
              "none",
              Item.Unit.PERCENT_OF_ORIGINAL,
              OptionalDouble.of(LEAST_OF_SIZE),
              OptionalDouble.empty()));
    }
    for (Map.Entry<String, String> tree : TREES) {
      items.add(
          gigabytes(
              "13",
              "archive_load_" + tree.getKey(),
              "load " + tree.getValue() + ", not synced",
              "decode the frames, all processors",
              "zstd -d | tar x",
              OptionalDouble.of(1.6)));
    }
    items.add(
        gigabytes(
            "",
            "archive_load_1g",
            "load 1 GiB of large files, not synced",
            "decode the frames, all processors",
            "cp -r of the same tree",
            OptionalDouble.empty()));
    return items;
  }

  private static Item gigabytes(
      String number,
      String key,
      String title,
      String limit,
      String peer,
      OptionalDouble peerTarget) {
    return new Item(
        number,
        key,
        title,
        limit,
        peer,
        Item.Unit.GIGABYTES_PER_SECOND,
        OptionalDouble.empty(),
        peerTarget);
  }
}
