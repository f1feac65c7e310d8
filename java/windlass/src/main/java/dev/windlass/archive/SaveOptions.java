package dev.windlass.archive;

import java.util.Arrays;

/**
 * How a directory is saved.
 *
 * @param level of zstd, -7 to 19
 * @param threads 1 to 64, or 0 for as many as there are processors, at most 16
 * @param frameBytes of files in one frame, 64 KiB to 64 MiB, or 0 for the usual 8 MiB; each thread
 *     has two as large
 * @param limitBytes a larger archive is refused; 0 for no limit
 * @param spareBytes what must stay free where the archive is written
 * @param sealable whether each frame gets a SHA-256 in the index, so that the root vouches for all
 * @param note bytes that are kept in the archive, at most 1 MiB
 * @param loadableBy the limits of the loads that it is for, and whether names may differ in case
 *     only: what they would refuse is not saved
 */
@SuppressWarnings("ArrayRecordComponent") // The accessor gives a copy.
public record SaveOptions(
    int level,
    int threads,
    long frameBytes,
    long limitBytes,
    long spareBytes,
    boolean sealable,
    byte[] note,
    LoadOptions loadableBy) {
  public SaveOptions {
    if (threads < 0 || frameBytes < 0 || limitBytes < 0 || spareBytes < 0) {
      throw new IllegalArgumentException(
          "The threads and sizes of a save cannot be negative: "
              + threads
              + ", "
              + frameBytes
              + ", "
              + limitBytes
              + ", "
              + spareBytes
              + ".");
    }
    note = note.clone();
  }

  /**
   * Level 3, a thread for each processor, frames of 8 MiB, no limit, not sealable, no note, for the
   * {@linkplain LoadOptions#usual() usual} loads.
   */
  public static SaveOptions usual() {
    return new SaveOptions(3, 0, 0, 0, 0, false, new byte[0], LoadOptions.usual());
  }

  @Override
  public byte[] note() {
    return note.clone();
  }

  public SaveOptions withLevel(int number) {
    return new SaveOptions(
        number, threads, frameBytes, limitBytes, spareBytes, sealable, note, loadableBy);
  }

  public SaveOptions withThreads(int count) {
    return new SaveOptions(
        level, count, frameBytes, limitBytes, spareBytes, sealable, note, loadableBy);
  }

  public SaveOptions withFrameBytes(long bytes) {
    return new SaveOptions(
        level, threads, bytes, limitBytes, spareBytes, sealable, note, loadableBy);
  }

  public SaveOptions withLimitBytes(long bytes) {
    return new SaveOptions(
        level, threads, frameBytes, bytes, spareBytes, sealable, note, loadableBy);
  }

  public SaveOptions withSpareBytes(long bytes) {
    return new SaveOptions(
        level, threads, frameBytes, limitBytes, bytes, sealable, note, loadableBy);
  }

  public SaveOptions withSealable(boolean wanted) {
    return new SaveOptions(
        level, threads, frameBytes, limitBytes, spareBytes, wanted, note, loadableBy);
  }

  public SaveOptions withNote(byte[] bytes) {
    return new SaveOptions(
        level, threads, frameBytes, limitBytes, spareBytes, sealable, bytes, loadableBy);
  }

  public SaveOptions withLoadableBy(LoadOptions options) {
    return new SaveOptions(
        level, threads, frameBytes, limitBytes, spareBytes, sealable, note, options);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof SaveOptions options
        && level == options.level
        && threads == options.threads
        && frameBytes == options.frameBytes
        && limitBytes == options.limitBytes
        && spareBytes == options.spareBytes
        && sealable == options.sealable
        && Arrays.equals(note, options.note)
        && loadableBy.equals(options.loadableBy);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(note) * 31 + Long.hashCode(limitBytes) + level;
  }
}
