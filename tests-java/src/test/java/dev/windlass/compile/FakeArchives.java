package dev.windlass.compile;

import dev.windlass.Status;
import dev.windlass.WindlassException;
import dev.windlass.archive.ArchiveInfo;
import dev.windlass.archive.ArchiveReport;
import dev.windlass.archive.LoadOptions;
import dev.windlass.archive.SaveOptions;
import java.nio.file.Path;
import java.util.Optional;

/** The real archives, of which single calls can be made to fail. */
final class FakeArchives implements Archives {
  private final Archives real = new NativeArchives();
  private Optional<WindlassException> nextSave = Optional.empty();
  private Optional<WindlassException> nextLoad = Optional.empty();
  private Runnable beforeExchange = () -> {};

  static WindlassException failure(Status status, int systemCode) {
    return new WindlassException(status, systemCode, "as the test wants it");
  }

  void failSave(WindlassException failure) {
    nextSave = Optional.of(failure);
  }

  void failLoad(WindlassException failure) {
    nextLoad = Optional.of(failure);
  }

  void beforeExchange(Runnable action) {
    beforeExchange = action;
  }

  @Override
  public ArchiveReport save(Path directory, Path archive, SaveOptions options, Watch watch) {
    nextSave.ifPresent(FakeArchives::raise);
    return real.save(directory, archive, options, watch);
  }

  @Override
  public ArchiveReport load(Path archive, Path target, LoadOptions options, Watch watch) {
    nextLoad.ifPresent(FakeArchives::raise);
    return real.load(archive, target, options, watch);
  }

  private static void raise(WindlassException failure) {
    throw failure;
  }

  @Override
  public ArchiveReport verify(Path archive, LoadOptions options, Watch watch) {
    return real.verify(archive, options, watch);
  }

  @Override
  public ArchiveInfo inspect(Path archive) {
    return real.inspect(archive);
  }

  @Override
  public void appendSeal(Path archive, byte[] seal) {
    real.appendSeal(archive, seal);
  }

  @Override
  public boolean exchange(Path staged, Path place) {
    beforeExchange.run();
    return real.exchange(staged, place);
  }
}
