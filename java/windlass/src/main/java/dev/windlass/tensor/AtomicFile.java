package dev.windlass.tensor;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.UUID;

/**
 * A file that is there whole or not at all. It is written under a name of its own; {@link #commit}
 * waits for the bytes to be on the medium, gives it the right name, and waits for that too. Closed
 * without, it leaves nothing behind. A process that is killed leaves the file under its own name,
 * which begins with a dot and ends in ".partial".
 *
 * <p>For one thread.
 */
final class AtomicFile implements AutoCloseable {
  /** What is smaller is gathered, so that each write of the system has some work. */
  private static final long GATHERED_BYTES = 256 << 10;

  private static final long STAGE_BYTES = 1 << 20;
  private static final long WRITE_BYTES = 256 << 20;

  private final Path path;
  private final Path partial;
  private final FileChannel channel;
  private final Arena arena = Arena.ofConfined();
  private final MemorySegment stage = arena.allocate(STAGE_BYTES);
  private long staged;
  private boolean committed;

  private AtomicFile(Path path, Path partial, FileChannel channel) {
    this.path = path;
    this.partial = partial;
    this.channel = channel;
  }

  static AtomicFile create(Path path) throws IOException {
    Path partial =
        path.resolveSibling("." + path.getFileName() + "." + UUID.randomUUID() + ".partial");
    FileChannel channel =
        FileChannel.open(partial, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
    return new AtomicFile(path, partial, channel);
  }

  void append(MemorySegment bytes) throws IOException {
    if (bytes.byteSize() > GATHERED_BYTES) {
      flush();
      write(bytes);
      return;
    }
    if (staged + bytes.byteSize() > STAGE_BYTES) {
      flush();
    }
    MemorySegment.copy(bytes, 0, stage, staged, bytes.byteSize());
    staged += bytes.byteSize();
  }

  private void flush() throws IOException {
    write(stage.asSlice(0, staged));
    staged = 0;
  }

  private void write(MemorySegment bytes) throws IOException {
    for (long at = 0; at < bytes.byteSize(); at += WRITE_BYTES) {
      long count = Math.min(WRITE_BYTES, bytes.byteSize() - at);
      ByteBuffer buffer = bytes.asSlice(at, count).asByteBuffer();
      while (buffer.hasRemaining()) {
        channel.write(buffer);
      }
    }
  }

  void commit() throws IOException {
    flush();
    channel.force(true);
    channel.close();
    Files.move(partial, path, StandardCopyOption.ATOMIC_MOVE);
    committed = true;
    Path directory = path.toAbsolutePath().getParent();
    if (directory != null) {
      try (FileChannel opened = FileChannel.open(directory, StandardOpenOption.READ)) {
        opened.force(true);
      }
    }
  }

  @Override
  public void close() throws IOException {
    try (arena) {
      channel.close();
    } finally {
      if (!committed) {
        Files.deleteIfExists(partial);
      }
    }
  }
}
