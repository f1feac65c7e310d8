package dev.windlass.compile;

import dev.windlass.Status;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Whether the file system vouches for what is in a directory: only this user and root can write.
 */
final class DirectoryTrust {
  private static final int STICKY = 01000;
  private static final int WRITABLE_BY_OTHERS = 022;

  private DirectoryTrust() {}

  /** Why it does not; empty if it does. */
  static Optional<String> objection(Path directory) throws IOException {
    Path real = directory.toRealPath();
    int own = (int) Files.getAttribute(Path.of("/proc/self"), "unix:uid");
    for (Path each = real; each != null; each = each.getParent()) {
      int uid = (int) Files.getAttribute(each, "unix:uid");
      int mode = (int) Files.getAttribute(each, "unix:mode");
      // In a directory above, the sticky bit keeps others from putting their own in this one's
      // place.
      boolean open =
          (mode & WRITABLE_BY_OTHERS) != 0 && (each.equals(real) || (mode & STICKY) == 0);
      if (open) {
        return Optional.of(
            "%s can be written to by others (mode %o)".formatted(each, mode & 07777));
      }
      if (uid != own && uid != 0) {
        return Optional.of("%s belongs to another user (%d)".formatted(each, uid));
      }
    }
    return Optional.empty();
  }

  /**
   * Throws where archives there need seals and have none.
   *
   * @throws CacheValidationException if so
   */
  static void require(Trust trust, Path directory) throws IOException {
    if (!(trust instanceof Trust.Directory)) {
      return;
    }
    Optional<String> objection = objection(directory);
    if (objection.isPresent()) {
      throw new CacheValidationException(
          Status.PERMISSION,
          ("%s, and what is loaded from there is run as code. Seal the archives with a key (%s),"
                  + " make the directory yours alone, or, if all who can write there are trusted, set"
                  + " %s=unchecked.")
              .formatted(objection.get(), SettingNames.SEAL_KEY_FILE, SettingNames.TRUST));
    }
  }
}
