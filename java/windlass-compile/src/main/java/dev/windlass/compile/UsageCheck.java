package dev.windlass.compile;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;

/**
 * Tells whether a server really used the artifacts that were loaded for it.
 *
 * <p>A load sets the access time of each file to a moment in which nobody read, and leaves a list
 * of them beside the cache. Files whose access time is another one were read; files that are not in
 * the list were made since. Whether the file system moves access times at all is tried, with a file
 * of our own beside the cache: what mount options say is not the whole truth.
 *
 * <p>Whoever reads the files counts: a backup, a virus scanner, or a save of the same cache.
 */
public final class UsageCheck {
  private static final int EXAMPLES = 5;

  private final Path local;
  private final Supplier<Optional<Boolean>> accessTimes;
  private int readFiles;
  private int changedFiles;
  private int newFiles;
  private long newBytes;
  private final List<String> examples = new ArrayList<>();
  private final Set<String> seen = new HashSet<>();

  private UsageCheck(Path local, Supplier<Optional<Boolean>> accessTimes) {
    this.local = local;
    this.accessTimes = accessTimes;
  }

  /**
   * Looks at a local cache.
   *
   * @throws IOException where the cache or its record cannot be read
   */
  public static UsageReport of(Path local) throws IOException {
    return of(local, () -> accessTimesMove(local));
  }

  /**
   * The same.
   *
   * @param accessTimes tells whether reading moves access times there, if it can be told
   */
  static UsageReport of(Path local, Supplier<Optional<Boolean>> accessTimes) throws IOException {
    Optional<LoadRecord> record = LoadRecord.read(local);
    if (record.isEmpty()) {
      return UsageReport.withoutRecord(
          "there is no " + LoadRecord.beside(local) + ", which a load leaves: load first");
    }
    try {
      if (!record.get().isOf(local)) {
        return UsageReport.withoutRecord(
            "%s was replaced since the load that %s tells of: load again"
                .formatted(local, LoadRecord.beside(local)));
      }
      return new UsageCheck(local, accessTimes).report(record.get());
    } catch (NoSuchFileException gone) {
      return UsageReport.withoutRecord(local + " was removed since it was loaded: load again");
    }
  }

  private UsageReport report(LoadRecord record) throws IOException {
    LoadRecord.walk(local, (file, attributes) -> count(record, file, attributes));
    int removed = record.files().size() - seen.size();
    Optional<Boolean> moves = readFiles > 0 ? Optional.of(true) : accessTimes.get();
    UsageVerdict verdict = verdict(moves.orElse(false));
    return new UsageReport(
        verdict,
        evidence(verdict, record.files().size(), removed, moves),
        record.key(),
        Optional.of(record.loadedAt()),
        moves,
        record.files().size(),
        readFiles,
        changedFiles,
        removed,
        newFiles,
        newBytes,
        List.copyOf(examples));
  }

  private void count(LoadRecord record, Path file, BasicFileAttributes attributes) {
    String name = LoadRecord.nameIn(local, file);
    LoadRecord.Entry loaded = record.files().get(name);
    if (loaded == null) {
      newFiles++;
      newBytes += attributes.size();
      if (examples.size() < EXAMPLES) {
        examples.add(name);
      }
      return;
    }
    seen.add(name);
    if (!loaded.equals(LoadRecord.entry(attributes))) {
      changedFiles++;
    } else if (!attributes.lastAccessTime().equals(LoadRecord.NEVER)) {
      readFiles++;
    }
  }

  private UsageVerdict verdict(boolean moves) {
    boolean written = newFiles + changedFiles > 0;
    if (readFiles > 0) {
      return written ? UsageVerdict.USED_IN_PART : UsageVerdict.USED;
    }
    if (!moves) {
      return UsageVerdict.CANNOT_TELL;
    }
    return written ? UsageVerdict.COMPILED_ANEW : UsageVerdict.NOT_USED;
  }

  private String evidence(UsageVerdict verdict, int loaded, int removed, Optional<Boolean> moves) {
    String counts =
        "of %d loaded files %d were read, %d changed and %d removed since; %d files are new"
            .formatted(loaded, readFiles, changedFiles, removed, newFiles);
    return counts
        + switch (verdict) {
          case USED -> "";
          case USED_IN_PART -> ": what those hold was not among what was loaded";
          case NOT_USED ->
              ". Access times do move here, so no server has read them: it has not come so far, or"
                  + " its cache is another folder than "
                  + local;
          case COMPILED_ANEW ->
              ". Access times do move here, so the server compiled anew: the key lets through what"
                  + " does not fit; give it the factors that differ";
          case CANNOT_TELL -> unknown(moves);
          case NO_RECORD -> "";
        };
  }

  private String unknown(Optional<Boolean> moves) {
    String why =
        moves.isPresent()
            ? ". Reading does not move access times here (noatime?), so the reads cannot be counted"
            : ". Whether reading moves access times here cannot be tried, since nothing can be"
                + " written beside "
                + local;
    return newFiles + changedFiles > 0 ? why + "; something was compiled in any case" : why;
  }

  /** Tries it, with a file beside the cache: what holds for one holds for the other. */
  private static Optional<Boolean> accessTimesMove(Path local) {
    try {
      Path probe = Leftovers.newName(local.toAbsolutePath().getParent(), ".probe");
      try {
        Files.writeString(probe, "read me", StandardOpenOption.CREATE_NEW);
        LoadRecord.arm(probe);
        Files.readString(probe);
        return Optional.of(
            !Files.readAttributes(probe, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
                .lastAccessTime()
                .equals(LoadRecord.NEVER));
      } finally {
        Files.deleteIfExists(probe);
      }
    } catch (IOException forbidden) {
      return Optional.empty();
    }
  }
}
