package dev.windlass.compile;

import dev.windlass.Status;
import dev.windlass.WindlassException;
import dev.windlass.archive.ArchiveInfo;
import dev.windlass.archive.ArchiveReport;
import dev.windlass.archive.LoadOptions;
import java.io.EOFException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.Optional;
import java.util.Set;
import java.util.zip.ZipException;

/**
 * One load: the archive is extracted beside the local directory, and changes places with it, so
 * that a server that starts meanwhile sees all or nothing.
 */
final class LoadOperation {
  private static final System.Logger LOG = System.getLogger("dev.windlass.compile");

  private final CacheContext context;
  private final CompileCacheSettings settings;
  private final CacheKey key;
  private final SharedDirectory shared;
  private final SharedArchives archives;
  private final Watch watch;

  LoadOperation(CacheContext context, CacheKey key) {
    this.context = context;
    this.settings = context.settings();
    this.key = key;
    this.shared = new SharedDirectory(settings.sharedDirectory());
    this.archives = new SharedArchives(context, shared);
    this.watch = context.watch();
  }

  Outcome run() throws IOException {
    Path local = settings.localDirectory();
    Optional<SharedArchive> found = archives.find(key);
    if (found.isEmpty() || found.get().condition() == SharedArchive.Condition.BROKEN) {
      return Outcome.doesNotExist(
          found
              .map(archive -> archive.reason() + "; the next save replaces it.")
              .orElse("Nothing is saved for this environment in " + shared.root() + "."));
    }
    if (Trees.hasFiles(local)) {
      return Outcome.skipped(local + " has files already.");
    }
    SharedArchive archive = found.get();
    requireTrusted(archive);
    context.steps().reached(Step.LOAD_CHECKED);
    Room.require(parentOf(local), archive.bytes(), settings.minLocalBytes());
    try {
      return archive.isOriginal() ? loadOriginal(archive, local) : load(archive, local);
    } catch (WindlassException e) {
      if (e.status() == Status.CORRUPT) {
        archives.markBad(archive);
      }
      throw e;
    }
  }

  private void requireTrusted(SharedArchive archive) throws IOException {
    if (archive.condition() == SharedArchive.Condition.REFUSED) {
      throw new CacheValidationException(
          Status.PERMISSION,
          archive.reason() + ": it is not loaded. Remove it, or let a trusted writer save anew.");
    }
    DirectoryTrust.require(settings.trust(), shared.root());
  }

  private Outcome loadOriginal(SharedArchive archive, Path local) throws IOException {
    Path tar;
    try {
      tar = Unpacking.unpack(context, archive.file(), watch);
    } catch (EOFException | ZipException damaged) {
      archives.markBad(archive);
      throw damaged;
    }
    try {
      context.steps().reached(Step.LOAD_UNPACKED);
      return extract(tar, settings.loadOptions(), archive, local);
    } finally {
      Files.deleteIfExists(tar);
    }
  }

  private Outcome load(SharedArchive archive, Path local) throws IOException {
    LoadOptions options = settings.loadOptions();
    Optional<ArchiveInfo> info = archive.info();
    if (settings.trust() instanceof Trust.Seals && info.isPresent()) {
      // What the seal was checked for is what has to be loaded, should the file be another by then.
      options = options.withExpectedRoot(info.get().root());
    }
    return extract(archive.file(), options, archive, local);
  }

  private Outcome extract(Path from, LoadOptions options, SharedArchive archive, Path local)
      throws IOException {
    Path staged = Leftovers.newName(parentOf(local), ".load");
    try {
      ArchiveReport report =
          context
              .archives()
              .load(from, staged, options.withSpareBytes(settings.minLocalBytes()), watch);
      context.steps().reached(Step.LOAD_EXTRACTED);
      Optional<Outcome> needless = putInPlace(staged, local, archive);
      context.steps().reached(Step.LOAD_EXCHANGED);
      return needless.orElse(
          Outcome.success(
              "%d entries were loaded from %s.".formatted(report.entries(), archive.file()),
              report.rawBytes()));
    } finally {
      Trees.delete(staged);
      context.steps().reached(Step.LOAD_CLEANED);
    }
  }

  /** Puts it in place, or says why that is needless by now. */
  private Optional<Outcome> putInPlace(Path staged, Path local, SharedArchive archive)
      throws IOException {
    Optional<Outcome> needless =
        Optional.of(Outcome.skipped(local + " has got files meanwhile, which were left alone."));
    if (Trees.hasFiles(local)) {
      return needless;
    }
    takeOverRights(local, staged);
    remember(staged, local, archive);
    context.steps().reached(Step.LOAD_RECORDED);
    boolean loaded = false;
    try {
      boolean displaced = exchange(staged, local);
      if (displaced && Trees.hasFiles(staged)) {
        // A server was quicker: what it has made goes back to where it looks for it.
        exchange(staged, local);
        return needless;
      }
      loaded = true;
    } finally {
      if (!loaded) {
        LoadRecord.delete(local);
      }
    }
    return Optional.empty();
  }

  private boolean exchange(Path staged, Path local) {
    try {
      return context.archives().exchange(staged, local);
    } catch (WindlassException e) {
      throw new CacheException(
          e.status(),
          ("What was loaded cannot be put in the place of %s: %s. If a file system is mounted"
                  + " there, set %s to a directory within it.")
              .formatted(local, e.getMessage(), SettingNames.LOCAL_DIR),
          e);
    }
  }

  private static void takeOverRights(Path local, Path staged) throws IOException {
    try {
      Set<PosixFilePermission> rights = Files.getPosixFilePermissions(local);
      Files.setPosixFilePermissions(staged, rights);
    } catch (NoSuchFileException none) {
      // There is no local directory that had some.
    }
  }

  /** For {@link UsageCheck}. A load that cannot be told of later is a load all the same. */
  private void remember(Path staged, Path local, SharedArchive archive) {
    try {
      LoadRecord.write(staged, local, key.name(), String.valueOf(archive.file().getFileName()));
    } catch (IOException e) {
      LOG.log(
          System.Logger.Level.WARNING,
          "whether what is loaded into " + local + " is used cannot be told later",
          e);
    }
  }

  private static Path parentOf(Path local) throws IOException {
    Path parent = local.getParent();
    Files.createDirectories(parent);
    return parent;
  }
}
