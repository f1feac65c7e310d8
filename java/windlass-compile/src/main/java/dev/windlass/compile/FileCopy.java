package dev.windlass.compile;

import dev.windlass.Status;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** Writes a new file from a stream, with the room on its file system watched. */
final class FileCopy {
  private static final int PIECE_BYTES = 4 << 20;

  private final Path target;
  private final long spareBytes;
  private final CacheProgress.Phase phase;
  private final Watch watch;

  FileCopy(Path target, long spareBytes, CacheProgress.Phase phase, Watch watch) {
    this.target = target;
    this.spareBytes = spareBytes;
    this.phase = phase;
    this.watch = watch;
  }

  /** Copies a file; the target is on disk afterwards. Nothing is left of it if anything fails. */
  long ofFile(Path source) throws IOException {
    long size = Files.size(source);
    requireRoom(size);
    try (InputStream in = Files.newInputStream(source)) {
      return ofStream(in, size, Long.MAX_VALUE);
    }
  }

  /**
   * Copies a stream.
   *
   * @param expected bytes, for the progress; 0 if unknown
   * @param most a longer one is refused
   */
  long ofStream(InputStream in, long expected, long most) throws IOException {
    boolean whole = false;
    FileChannel made =
        FileChannel.open(target, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
    try (FileChannel out = made) {
      long done = pump(in, out, expected, most);
      out.force(true);
      whole = true;
      return done;
    } finally {
      if (!whole) {
        Files.deleteIfExists(target);
      }
    }
  }

  private long pump(InputStream in, FileChannel out, long expected, long most) throws IOException {
    byte[] piece = new byte[PIECE_BYTES];
    long done = 0;
    while (true) {
      watch.at(phase, done, expected);
      int got = in.readNBytes(piece, 0, piece.length);
      if (got == 0) {
        return done;
      }
      done += got;
      if (done > most) {
        throw new CacheValidationException(
            Status.CORRUPT,
            "What %s is made of has more than %d bytes, too many for its size: remove it."
                .formatted(target, most));
      }
      requireRoom(got);
      ByteBuffer bytes = ByteBuffer.wrap(piece, 0, got);
      while (bytes.hasRemaining()) {
        out.write(bytes);
      }
    }
  }

  private void requireRoom(long bytes) throws IOException {
    Room.require(target.toAbsolutePath().getParent(), bytes, spareBytes);
  }
}
