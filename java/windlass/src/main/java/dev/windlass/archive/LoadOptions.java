package dev.windlass.archive;

import java.util.Arrays;
import java.util.Optional;

/**
 * How an archive is loaded or verified, and what of it is too much.
 *
 * @param threads 1 to 64, or 0 for as many as there are processors, at most 16
 * @param mostBytes of all files together
 * @param mostRatio bytes of the files to those of the archive, beyond the first 64 MiB; beyond 1
 *     GiB where an index says beforehand how much there is
 * @param spareBytes what must stay free where the files are written
 * @param expectedRoot the 32 bytes that {@link ArchiveReport#root} told; nothing else is loaded
 * @param allowCaseCollisions whether {@code A} is taken beside {@code a}, which on some file
 *     systems are one
 */
public record LoadOptions(
    int threads,
    long mostBytes,
    long mostEntries,
    double mostRatio,
    long spareBytes,
    Optional<byte[]> expectedRoot,
    boolean allowCaseCollisions) {
  static final int ROOT_BYTES = 32;

  public LoadOptions {
    if (threads < 0 || mostBytes < 0 || mostEntries < 0 || spareBytes < 0) {
      throw new IllegalArgumentException(
          "The threads and limits of a load cannot be negative: "
              + threads
              + ", "
              + mostBytes
              + ", "
              + mostEntries
              + ", "
              + spareBytes
              + ".");
    }
    if (!(mostRatio >= 1)) {
      throw new IllegalArgumentException("A ratio is at least 1, not " + mostRatio + ".");
    }
    expectedRoot.ifPresent(
        root -> {
          if (root.length != ROOT_BYTES) {
            throw new IllegalArgumentException(
                "A root has " + ROOT_BYTES + " bytes, not " + root.length + ".");
          }
        });
    expectedRoot = expectedRoot.map(byte[]::clone);
  }

  /**
   * A thread for each processor; at most 1 TiB, a million entries, and a ratio of 200; no names
   * that differ in case only.
   */
  public static LoadOptions usual() {
    return new LoadOptions(0, 1L << 40, 1_000_000, 200, 0, Optional.empty(), false);
  }

  @Override
  public Optional<byte[]> expectedRoot() {
    return expectedRoot.map(byte[]::clone);
  }

  public LoadOptions withThreads(int count) {
    return new LoadOptions(
        count, mostBytes, mostEntries, mostRatio, spareBytes, expectedRoot, allowCaseCollisions);
  }

  public LoadOptions withMostBytes(long bytes) {
    return new LoadOptions(
        threads, bytes, mostEntries, mostRatio, spareBytes, expectedRoot, allowCaseCollisions);
  }

  public LoadOptions withMostEntries(long count) {
    return new LoadOptions(
        threads, mostBytes, count, mostRatio, spareBytes, expectedRoot, allowCaseCollisions);
  }

  public LoadOptions withMostRatio(double ratio) {
    return new LoadOptions(
        threads, mostBytes, mostEntries, ratio, spareBytes, expectedRoot, allowCaseCollisions);
  }

  public LoadOptions withSpareBytes(long bytes) {
    return new LoadOptions(
        threads, mostBytes, mostEntries, mostRatio, bytes, expectedRoot, allowCaseCollisions);
  }

  public LoadOptions withExpectedRoot(byte[] root) {
    return new LoadOptions(
        threads,
        mostBytes,
        mostEntries,
        mostRatio,
        spareBytes,
        Optional.of(root),
        allowCaseCollisions);
  }

  public LoadOptions withAllowCaseCollisions(boolean allowed) {
    return new LoadOptions(
        threads, mostBytes, mostEntries, mostRatio, spareBytes, expectedRoot, allowed);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof LoadOptions options
        && threads == options.threads
        && mostBytes == options.mostBytes
        && mostEntries == options.mostEntries
        && mostRatio == options.mostRatio
        && spareBytes == options.spareBytes
        && allowCaseCollisions == options.allowCaseCollisions
        && Arrays.equals(expectedRoot.orElse(null), options.expectedRoot.orElse(null));
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(expectedRoot.orElse(null)) * 31 + Long.hashCode(mostBytes) + threads;
  }
}
