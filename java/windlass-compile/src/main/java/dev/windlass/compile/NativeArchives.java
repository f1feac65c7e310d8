package dev.windlass.compile;

import dev.windlass.archive.Archive;
import dev.windlass.archive.ArchiveInfo;
import dev.windlass.archive.ArchiveJob;
import dev.windlass.archive.ArchiveProgress;
import dev.windlass.archive.ArchiveReport;
import dev.windlass.archive.LoadOptions;
import dev.windlass.archive.SaveOptions;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/** The archives of the library, with jobs that are watched until they are done. */
final class NativeArchives implements Archives {
  private static final Duration LOOK = Duration.ofMillis(100);

  @Override
  public ArchiveReport save(Path directory, Path archive, SaveOptions options, Watch watch) {
    return done(Archive.save(directory, archive, options), CacheProgress.Phase.ARCHIVING, watch);
  }

  @Override
  public ArchiveReport load(Path archive, Path target, LoadOptions options, Watch watch) {
    return done(Archive.load(archive, target, options), CacheProgress.Phase.EXTRACTING, watch);
  }

  @Override
  public ArchiveReport verify(Path archive, LoadOptions options, Watch watch) {
    return done(Archive.verify(archive, options), CacheProgress.Phase.CHECKING, watch);
  }

  @Override
  public ArchiveInfo inspect(Path archive) {
    return Archive.inspect(archive);
  }

  @Override
  public void appendSeal(Path archive, byte[] seal) {
    Archive.appendSeal(archive, seal);
  }

  @Override
  public boolean exchange(Path staged, Path place) {
    return Archive.exchange(staged, place);
  }

  /** A watch that throws leads to the job's close, which ends it and cleans up. */
  private static ArchiveReport done(ArchiveJob job, CacheProgress.Phase phase, Watch watch) {
    try (job) {
      while (true) {
        Optional<ArchiveReport> report = job.await(LOOK);
        if (report.isPresent()) {
          return report.get();
        }
        ArchiveProgress progress = job.progress();
        watch.at(phase, progress.doneBytes(), progress.totalBytes());
      }
    }
  }
}
