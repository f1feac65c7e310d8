package dev.windlass.bench;

import java.util.List;
import java.util.OptionalDouble;

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
    GIGABYTES_PER_SECOND("GB/s"),
    NANOSECONDS_PER_CALL("ns");

    private final String label;

    Unit(String label) {
      this.label = label;
    }

    String label() {
      return label;
    }

    /** How many times as good ours is, round by round. */
    Samples ratio(Samples ours, Samples other) {
      return this == GIGABYTES_PER_SECOND ? ours.over(other) : other.over(ours);
    }
  }

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

  static final List<Item> NATIVE =
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
              "10",
              "copy_hashed",
              "copy with XXH3-128 fused in",
              "copy past the caches, one thread",
              "memcpy, then XXH3-128 of libxxhash",
              OptionalDouble.of(0.85),
              OptionalDouble.of(1.6)));

  private static Item moving(
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
