package dev.windlass.archive;

import dev.windlass.Status;
import dev.windlass.WindlassException;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * Archives: a directory's files in one file, written and read by several threads, and checked
 * before it is believed.
 *
 * <p>What is written is a {@code .tar.zst} that every tar reads, with an index behind it. The same
 * files give the same archive, byte for byte: sorted, without owners and times, and of the
 * permissions only whether a file is executable, and whether it is private. What is read may also
 * be a {@code .tar.zst} of another tool, or a plain {@code .tar}; all are distrusted alike.
 */
public final class Archive {
  private Archive() {}

  /**
   * Starts to save a directory's files in an archive, which must not exist. It gets its name once
   * it is whole and on disk, readable by its owner only; nothing has that name if anything fails,
   * or the process dies. Where files change meanwhile it begins anew, at most three times.
   *
   * <p>The job's failures: NOT_FOUND; STATE (the archive exists, the job was cancelled); CONFLICT
   * (files change all the time); UNSUPPORTED (a device, pipe or socket; what the loads that it is
   * for would refuse: a link that leaves the tree, names that differ in case only, more than their
   * limits); NO_SPACE (the limit, with system code 0; the disk; what must stay free); PERMISSION;
   * IO; NO_MEMORY.
   *
   * @throws WindlassException INVALID_ARGUMENT, NO_MEMORY
   */
  public static ArchiveJob save(Path directory, Path archive, SaveOptions options) {
    Objects.requireNonNull(options, "options");
    return ArchiveCalls.save(directory.toString(), archive.toString(), options);
  }

  /**
   * Starts to extract an archive into a new directory. It is filled under another name beside it,
   * checked, synced, and then gets the target's name, which must not exist. Nothing stays if
   * anything is wrong; what processes that died have left there of their loads is removed by the
   * next.
   *
   * <p>Paths and links that leave the tree, devices and the like, what comes twice, names that
   * differ in case only unless they are allowed, more than the options allow, and whatever does not
   * fit its checksum are refused.
   *
   * <p>The job's failures: NOT_FOUND; STATE (the target exists, the job was cancelled); CORRUPT
   * (not an archive, cut, changed, or one that attacks); NO_SPACE (a limit of the options, with
   * system code 0; the disk; what must stay free); PERMISSION (not the expected root, or none that
   * could be trusted; the system); UNSUPPORTED (sparse files and the like; names that differ in
   * case only, unless they are allowed; hard links, where the target can have none); IO; NO_MEMORY.
   *
   * @throws WindlassException INVALID_ARGUMENT, NO_MEMORY
   */
  public static ArchiveJob load(Path archive, Path target, LoadOptions options) {
    Objects.requireNonNull(options, "options");
    return ArchiveCalls.load(archive.toString(), target.toString(), options);
  }

  /** Starts to check all that a load checks, and writes nothing. */
  public static ArchiveJob verify(Path archive, LoadOptions options) {
    Objects.requireNonNull(options, "options");
    return ArchiveCalls.verify(archive.toString(), options, false);
  }

  /**
   * Reads and checks an archive's index; of one without, only the first bytes.
   *
   * @throws WindlassException NOT_FOUND, PERMISSION, CORRUPT, IO
   */
  public static ArchiveInfo inspect(Path archive) {
    return ArchiveCalls.inspect(archive.toString());
  }

  /**
   * Verifies an archive, and tells its entries in the order that they have there. Blocks for as
   * long as a verification takes.
   *
   * @throws WindlassException as {@link #verify}
   */
  public static List<ArchiveEntry> list(Path archive, LoadOptions options) {
    Objects.requireNonNull(options, "options");
    try (ArchiveJob job = ArchiveCalls.verify(archive.toString(), options, true)) {
      job.await();
      return job.entries();
    }
  }

  /**
   * The archive's seal, if it has one.
   *
   * @throws WindlassException as {@link #inspect}
   */
  public static Optional<byte[]> seal(Path archive) {
    return inspect(archive).seal();
  }

  /**
   * Adds a seal to an archive that has an index and no seal, and that nobody else writes to
   * meanwhile: at most 64 KiB that vouch for its root, such as a signature. They are kept, not
   * looked at. It is on disk afterwards.
   *
   * @throws WindlassException INVALID_ARGUMENT (it is too long), NOT_FOUND, STATE (it has one, or
   *     has no index), CORRUPT, PERMISSION, NO_SPACE, IO
   */
  public static void appendSeal(Path archive, byte[] seal) {
    Objects.requireNonNull(seal, "seal");
    ArchiveCalls.appendSeal(archive.toString(), seal);
  }

  /**
   * Puts what is at {@code staged} where {@code place} is, in one instant, and syncs the
   * directories. Both are on one file system. Where that cannot exchange, two renames do it,
   * between which nothing is at {@code place} for a moment.
   *
   * @return whether something was at {@code place}: it is at {@code staged} now
   * @throws WindlassException NOT_FOUND, PERMISSION, NO_SPACE, IO; {@link Status#CONFLICT} where
   *     what is at {@code place} comes and goes meanwhile
   */
  public static boolean exchange(Path staged, Path place) {
    return ArchiveCalls.exchange(staged.toString(), place.toString());
  }
}
