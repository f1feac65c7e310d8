package dev.windlass.compile;

import dev.windlass.Status;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The room on a file system. */
final class Room {
  private Room() {}

  /**
   * Throws if there is not room for so many bytes, with so many left.
   *
   * @throws CacheOperationInterruptedException if there is not
   */
  static void require(Path directory, long bytes, long spareBytes) throws IOException {
    long free = Files.getFileStore(directory).getUsableSpace();
    if (free - bytes < spareBytes) {
      throw new CacheOperationInterruptedException(
          Status.NO_SPACE,
          ("%s has %d bytes free; %d more are to be written and %d have to stay free. Free some, or"
                  + " lower what has to stay free.")
              .formatted(directory, free, bytes, spareBytes),
          null);
    }
  }
}
