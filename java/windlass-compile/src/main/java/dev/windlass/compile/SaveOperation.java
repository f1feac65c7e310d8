package dev.windlass.compile;

import dev.windlass.Status;
import dev.windlass.WindlassException;
import dev.windlass.archive.ArchiveInfo;
import dev.windlass.archive.ArchiveReport;
import dev.windlass.archive.SaveOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;

/**
 * One save: the archive is made in the work directory, copied to the shared one under a name of its
 * own, and then gets the key's name.
 */
final class SaveOperation {
  private final CacheContext context;
  private final CompileCacheSettings settings;
  private final CacheKey key;
  private final SharedDirectory shared;
  private final SharedArchives archives;
  private final Watch watch;

  SaveOperation(CacheContext context, CacheKey key) {
    this.context = context;
    this.settings = context.settings();
    this.key = key;
    this.shared = new SharedDirectory(settings.sharedDirectory());
    this.archives = new SharedArchives(context, shared);
    this.watch = context.watch();
  }

  /** Why there is nothing to do, if so: asked before the key, which may take long to find out. */
  static Optional<Outcome> nothingToSave(CompileCacheSettings settings) throws IOException {
    Path local = settings.localDirectory();
    return Trees.hasFiles(local)
        ? Optional.empty()
        : Optional.of(Outcome.skipped("There is nothing to save in " + local + "."));
  }

  Outcome run() throws IOException {
    if (isThere()) {
      SaveTurn.sweep(context, shared);
      return alreadyThere();
    }
    requireMaySave();
    context.steps().reached(Step.SAVE_CHECKED);
    Optional<SaveTurn> turn = SaveTurn.take(context, shared, key.name(), watch, this::isThere);
    if (turn.isEmpty()) {
      return alreadyThere();
    }
    try (SaveTurn own = turn.get()) {
      Outcome outcome = saveIn(own);
      context.steps().reached(Step.SAVE_RELEASING);
      return outcome;
    }
  }

  private boolean isThere() throws IOException {
    return archives.find(key).filter(SharedArchive::isUsable).isPresent();
  }

  private Outcome alreadyThere() {
    return Outcome.skipped("This environment is saved already in " + shared.root() + ".");
  }

  /** A load would refuse what is saved without. */
  private void requireMaySave() throws IOException {
    if (settings.trust() instanceof Trust.Seals seals && !seals.canSeal()) {
      throw new CacheValidationException(
          Status.PERMISSION,
          "Archives can be checked here and not sealed: give the signing key to save.");
    }
    Files.createDirectories(shared.root());
    DirectoryTrust.require(settings.trust(), shared.root());
  }

  private Outcome saveIn(SaveTurn turn) throws IOException {
    Path work = settings.workDirectory();
    Files.createDirectories(work);
    Path archive = Leftovers.newName(work, ".tar.zst");
    try {
      ArchiveReport report = archive(archive);
      context.steps().reached(Step.SAVE_ARCHIVED);
      if (settings.trust() instanceof Trust.Seals seals) {
        context.archives().appendSeal(archive, seals.seal(key.name(), report.root()));
      }
      context.steps().reached(Step.SAVE_SEALED);
      copy(archive, turn.part(), report);
      return publish(turn, report);
    } finally {
      Files.deleteIfExists(archive);
    }
  }

  private ArchiveReport archive(Path archive) throws IOException {
    SaveOptions options =
        SaveOptions.usual()
            .withLevel(settings.level())
            .withLimitBytes(settings.maxArchiveBytes())
            .withSpareBytes(settings.minLocalBytes())
            .withSealable(settings.trust() instanceof Trust.Seals)
            .withNote(KeyNote.of(key))
            .withLoadableBy(settings.loadOptions());
    Room.require(settings.workDirectory(), 0, settings.minLocalBytes());
    try {
      return context.archives().save(settings.localDirectory(), archive, options, watch);
    } catch (WindlassException e) {
      if (e.status() == Status.NO_SPACE && e.systemCode() == 0) {
        throw new CacheException(
            e.status(),
            "The archive of %s would be larger than %d bytes: raise %s, or clear the directory."
                .formatted(
                    settings.localDirectory(),
                    settings.maxArchiveBytes(),
                    SettingNames.MAX_SIZE_MB),
            e);
      }
      throw e;
    }
  }

  private void copy(Path archive, Path part, ArchiveReport report) throws IOException {
    new FileCopy(part, settings.minSharedBytes(), CacheProgress.Phase.COPYING, watch)
        .ofFile(archive);
    ArchiveInfo copied = context.archives().inspect(part);
    if (!Arrays.equals(copied.root(), report.root())) {
      throw new CacheException(
          Status.CORRUPT,
          "What was copied to %s is not what was written: the file system there lost bytes."
              .formatted(part));
    }
    context.steps().reached(Step.SAVE_COPIED);
  }

  private Outcome publish(SaveTurn turn, ArchiveReport report) throws IOException {
    Path archive = shared.archive(key.name());
    Optional<SharedArchive> other =
        new Publication(context, archives, turn).publish(archive, key.name());
    return other.isPresent()
        ? alreadyThere()
        : Outcome.success(
            "%d entries were saved as %s, %d bytes."
                .formatted(report.entries(), archive, report.archiveBytes()),
            report.rawBytes());
  }
}
