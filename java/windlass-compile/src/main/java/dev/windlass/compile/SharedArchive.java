package dev.windlass.compile;

import dev.windlass.archive.ArchiveInfo;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Optional;

/**
 * A file in the shared directory that has the name of an archive, and what a look at it tells.
 *
 * @param reason why it is not usable; empty if it is
 * @param info what its index says; empty for archives of the original, and where it cannot be read
 */
record SharedArchive(
    Path file,
    BasicFileAttributes attributes,
    Condition condition,
    String reason,
    Optional<ArchiveInfo> info) {
  /** What becomes of it. */
  enum Condition {
    /** A load takes it, and a save leaves it. */
    USABLE,
    /** It is empty, cut or damaged: a load passes it over, and a save replaces it. */
    BROKEN,
    /** A load fails, and says why; a save replaces it, if it may. */
    REFUSED
  }

  boolean isUsable() {
    return condition == Condition.USABLE;
  }

  boolean isOriginal() {
    return SharedDirectory.isOriginal(file);
  }

  long bytes() {
    return attributes.size();
  }

  /** What tells this file from one that has its name later. */
  String identity() {
    return "%s %d %d\n"
        .formatted(
            attributes.fileKey(), attributes.size(), attributes.lastModifiedTime().toMillis());
  }
}
