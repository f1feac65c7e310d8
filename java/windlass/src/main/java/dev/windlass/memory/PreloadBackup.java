package dev.windlass.memory;

import java.nio.file.Path;
import java.util.Objects;
import java.util.OptionalLong;

/** Where the bytes of {@linkplain Preload preloaded} memory go while it is paused. */
public sealed interface PreloadBackup {

  /** Drops the bytes: after a resume the content is undefined. */
  static None none() {
    return new None();
  }

  /** Host memory that is taken at each pause and given back to the machine at each resume. */
  static Pageable pageable() {
    return new Pageable();
  }

  /** Host memory of the process's one pool, with the limit that it has, or half of the memory. */
  static Pooled pooled() {
    return new Pooled(OptionalLong.empty());
  }

  /** The same, saying how much the pool may hold: each time the same. */
  static Pooled pooled(long limitBytes) {
    return new Pooled(OptionalLong.of(limitBytes));
  }

  /** Files in a directory that exists. */
  static InFile inFile(Path directory) {
    return new InFile(directory);
  }

  /** See {@link PreloadBackup#none()}. */
  record None() implements PreloadBackup {}

  /** See {@link PreloadBackup#pageable()}. */
  record Pageable() implements PreloadBackup {}

  /** See {@link PreloadBackup#pooled()}. */
  record Pooled(OptionalLong limitBytes) implements PreloadBackup {
    public Pooled {
      if (limitBytes.isPresent() && limitBytes.getAsLong() <= 0) {
        throw new IllegalArgumentException(
            "A pool's limit is more than 0 bytes, not " + limitBytes.getAsLong() + ".");
      }
    }
  }

  /** See {@link PreloadBackup#inFile(Path)}. */
  record InFile(Path directory) implements PreloadBackup {
    public InFile {
      Objects.requireNonNull(directory, "directory");
    }
  }
}
