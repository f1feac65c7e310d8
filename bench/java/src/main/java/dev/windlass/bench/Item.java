package dev.windlass.bench;

import java.util.List;
import java.util.OptionalDouble;
import java.util.stream.Stream;

/**
 * What one row of the table promises: ours against a physical limit and against a peer.
 *
 * @param number the item's number in the project's list of benchmarks; empty where it has none
 * @param key the native benchmark's name, or that of the Java one
 * @param limitTarget the least ratio of ours to the limit; empty where nothing is promised
 * @param peerTarget the least ratio of ours to the peer; empty where nothing is promised
 */
record Item(
    String number,
    String key,
    String title,
    String limit,
    String peer,
    Unit unit,
    OptionalDouble limitTarget,
    OptionalDouble peerTarget) {

  /** What the figures count, and which of two is the better. */
  enum Unit {
    GIGABYTES_PER_SECOND("GB/s", "_s", 1, true),
    MILLISECONDS_PER_CALL("ms", "_s", 1e3, false),
    MICROSECONDS_PER_CALL("µs", "_s", 1e6, false),
    NANOSECONDS_PER_CALL("ns", "_s", 1e9, false),
    PERCENT_OF_ORIGINAL("%", "_share", 100, false),
    COUNT("", "_count", 1, false);

    private final String label;
    private final String counterSuffix;
    private final double scale;
    private final boolean moreIsBetter;

    Unit(String label, String counterSuffix, double scale, boolean moreIsBetter) {
      this.label = label;
      this.counterSuffix = counterSuffix;
      this.scale = scale;
      this.moreIsBetter = moreIsBetter;
    }

    /** What follows a side's name in the native benchmarks' counters. */
    String counterSuffix() {
      return counterSuffix;
    }

    /** What such a counter is multiplied with. */
    double scale() {
      return scale;
    }

    String label() {
      return label;
    }

    /** How many times as good ours is, round by round. */
    Samples ratio(Samples ours, Samples other) {
      return moreIsBetter ? ours.over(other) : other.over(ours);
    }
  }

  /** A call among many regions takes at most 1.1 times as long as among few. */
  private static final double LEAST_OF_GROWTH = 1 / 1.1;

  /** What is encoded has at most 1.02 times the bytes that its limit has. */
  static final double LEAST_OF_SIZE = 1 / 1.02;

  /** A cache of registrations makes at most a twentieth of them. */
  private static final double LEAST_FEWER_REGISTRATIONS = 20;

  static final Item DOWNCALL =
      new Item(
          "",
          "downcall",
          "a call from Java into the library: wl_abi_version",
          "the same call, marked critical",
          "a JNI call that does nothing",
          Unit.NANOSECONDS_PER_CALL,
          OptionalDouble.empty(),
          OptionalDouble.empty());

  private static final List<Item> REGIONS =
      List.of(
          moving(
              "1a",
              "pause_retained",
              "pause into a retained backup, emulated device",
              "copy past the caches, one thread",
              "memcpy into kept memory + release, per allocation",
              OptionalDouble.of(0.90),
              OptionalDouble.of(1.5)),
          moving(
              "1b",
              "pause_pooled",
              "pause into a pooled backup, emulated device",
              "copy past the caches, one thread",
              "allocate + memcpy + release, per allocation",
              OptionalDouble.of(0.90),
              OptionalDouble.of(5)),
          moving(
              "2",
              "resume_fresh",
              "resume on fresh memory, emulated device",
              "populate, then copy: 1/(1/populate + 1/copy)",
              "allocate + memcpy + free, per allocation",
              OptionalDouble.of(0.90),
              OptionalDouble.empty()),
          moving(
              "3",
              "pause_discarding",
              "pause without backup, emulated device",
              "munmap of equally populated memory",
              "allocate + memcpy + release, per allocation",
              OptionalDouble.of(0.90),
              OptionalDouble.empty()),
          moving(
              "4",
              "file_save",
              "save to a file, synced, emulated device",
              "fio with io_uring; our bare queue where there is none",
              "memcpy into one buffer, pwrite, fsync",
              OptionalDouble.of(0.95),
              OptionalDouble.of(1.3)),
          moving(
              "4",
              "file_restore",
              "restore from a file, emulated device",
              "fio with io_uring; our bare queue where there is none",
              "pread into one buffer, memcpy",
              OptionalDouble.of(0.95),
              OptionalDouble.of(1.3)),
          moving(
              "10",
              "copy_hashed",
              "copy with XXH3-128 fused in",
              "copy past the caches, one thread",
              "memcpy, then XXH3-128 of libxxhash",
              OptionalDouble.of(0.85),
              OptionalDouble.of(1.6)),
          moving(
              "11",
              "codec_decode",
              "decode bf16 weights, one thread",
              "copy past the caches, one thread",
              "decode the same, compressed by zstd -1",
              OptionalDouble.empty(),
              OptionalDouble.of(1.5)),
          moving(
              "11",
              "codec_encode",
              "encode bf16 weights, one thread",
              "copy past the caches, one thread",
              "compress the same with zstd -1",
              OptionalDouble.empty(),
              OptionalDouble.empty()),
          new Item(
              "11",
              "codec_size",
              "what is left of bf16 weights",
              "the entropy of their exponents",
              "zstd -1",
              Unit.PERCENT_OF_ORIGINAL,
              OptionalDouble.of(LEAST_OF_SIZE),
              OptionalDouble.empty()),
          new Item(
              "",
              "scaling_by_handle",
              "pause and resume of 64 MiB by handle, among 10000 others",
              "the same among 1 other",
              "none",
              Unit.MILLISECONDS_PER_CALL,
              OptionalDouble.of(LEAST_OF_GROWTH),
              OptionalDouble.empty()),
          new Item(
              "",
              "scaling_by_tag",
              "pause and resume of 64 MiB by tag, among 10000 others",
              "the same among 1 other",
              "none",
              Unit.MILLISECONDS_PER_CALL,
              OptionalDouble.of(LEAST_OF_GROWTH),
              OptionalDouble.empty()),
          new Item(
              "",
              "scaling_as_one",
              "pause of 100 regions of 2 MiB as one, per region",
              "one region as large as all, a hundredth of it",
              "one call for each region",
              Unit.MICROSECONDS_PER_CALL,
              OptionalDouble.empty(),
              OptionalDouble.empty()),
          new Item(
              "",
              "registrations",
              "time to register 1000 tensors of a checkpoint, by locking",
              "one registration of all",
              "one registration each",
              Unit.MILLISECONDS_PER_CALL,
              OptionalDouble.empty(),
              OptionalDouble.empty()),
          new Item(
              "",
              "registration_count",
              "registrations for the same",
              "one registration of all",
              "one registration each",
              Unit.COUNT,
              OptionalDouble.empty(),
              OptionalDouble.of(LEAST_FEWER_REGISTRATIONS)));

  static final List<Item> NATIVE =
      Stream.of(REGIONS, StoreItems.all(), ArchiveItems.all()).flatMap(List::stream).toList();

  /** One whose rates are compared. */
  static Item moving(
      String number,
      String key,
      String title,
      String limit,
      String peer,
      OptionalDouble limitTarget,
      OptionalDouble peerTarget) {
    return new Item(
        number, key, title, limit, peer, Unit.GIGABYTES_PER_SECOND, limitTarget, peerTarget);
  }
}
