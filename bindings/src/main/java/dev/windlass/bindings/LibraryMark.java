package dev.windlass.bindings;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;

/**
 * What a verified library is known by at the next start, which then need not hash it again: at a
 * start, before anything is compiled, that takes Java longer than all the rest.
 *
 * <p>It is the file's inode, its size, and the time of its last change, which the system sets at
 * every change and no program can set. Of a file that changed a moment ago it says nothing, since
 * another change could bear the same time.
 */
record LibraryMark(String text, boolean settled) {
  private static final Duration SETTLED = Duration.ofSeconds(2);

  /** That of the file as it is, before it is verified. */
  static LibraryMark of(Path file, Instant now) throws IOException {
    Map<String, Object> found =
        Files.readAttributes(file, "unix:ino,size,ctime", LinkOption.NOFOLLOW_LINKS);
    FileTime changed = (FileTime) found.get("ctime");
    return new LibraryMark(
        found.get("ino") + " " + found.get("size") + " " + changed,
        changed.toInstant().plus(SETTLED).isBefore(now));
  }

  /** Where the mark of a file is kept. */
  static Path place(Path file) {
    return file.resolveSibling(file.getFileName() + ".verified");
  }

  /** Whether a file that was as this one is has been verified. */
  boolean isKept(Path file) {
    try {
      return settled && Files.readString(place(file)).equals(text);
    } catch (IOException e) {
      return false;
    }
  }

  /** Keeps it, if it says anything, and if it can be kept: without, the file is hashed again. */
  void keep(Path file) {
    try {
      if (settled) {
        Files.writeString(place(file), text);
      }
    } catch (IOException e) {
      // A cache that can only be read is as good as any.
    }
  }
}
