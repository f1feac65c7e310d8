package dev.windlass.compile;

import dev.windlass.archive.ArchiveInfo;
import dev.windlass.archive.ArchiveReport;
import dev.windlass.archive.LoadOptions;
import dev.windlass.archive.SaveOptions;
import java.nio.file.Path;

/** What the cache wants of archives; see {@link dev.windlass.archive.Archive}. The calls block. */
interface Archives {
  ArchiveReport save(Path directory, Path archive, SaveOptions options, Watch watch);

  ArchiveReport load(Path archive, Path target, LoadOptions options, Watch watch);

  ArchiveReport verify(Path archive, LoadOptions options, Watch watch);

  ArchiveInfo inspect(Path archive);

  void appendSeal(Path archive, byte[] seal);

  boolean exchange(Path staged, Path place);
}
