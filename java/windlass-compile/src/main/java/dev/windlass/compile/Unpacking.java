package dev.windlass.compile;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.GZIPInputStream;

/** Turns an archive of the original, a .tar.gz, into a .tar in the work directory. */
final class Unpacking {
  private static final long FREE_BYTES = 64L << 20;
  private static final long MOST_RATIO = 200;
  private static final int BUFFER_BYTES = 1 << 16;

  private Unpacking() {}

  /** The unpacked file, which is the caller's to remove. */
  static Path unpack(CacheContext context, Path archive, Watch watch) throws IOException {
    Path directory = context.settings().workDirectory();
    Path tar = Leftovers.newName(directory, ".tar");
    long most = FREE_BYTES + MOST_RATIO * Files.size(archive);
    try (InputStream file = Files.newInputStream(archive);
        InputStream in = new GZIPInputStream(file, BUFFER_BYTES)) {
      new FileCopy(tar, context.settings().minLocalBytes(), CacheProgress.Phase.UNPACKING, watch)
          .ofStream(in, 0, most);
      return tar;
    }
  }
}
