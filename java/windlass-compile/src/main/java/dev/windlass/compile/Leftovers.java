package dev.windlass.compile;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Names for what an operation makes on the local file systems and removes before it ends. Each has
 * its process in it, so that what a process that died has left is found and removed by the next.
 */
final class Leftovers {
  private static final System.Logger LOG = System.getLogger("dev.windlass.compile");
  private static final String BEGINNING = ".windlass-compile-";
  private static final char END = '_';

  private Leftovers() {}

  /** A name that nothing has, in a directory. */
  static Path newName(Path directory, String ending) {
    return directory.resolve(
        BEGINNING + ProcessIdentity.own() + END + Digests.nonce().substring(0, 16) + ending);
  }

  /** Removes what processes that died have left in a directory, as far as it can. */
  static void sweep(Path directory) {
    try {
      for (Path file : named(directory)) {
        if (isOfTheDead(file) && isOwn(file)) {
          Trees.delete(file);
        }
      }
    } catch (IOException e) {
      LOG.log(System.Logger.Level.DEBUG, "cannot sweep " + directory, e);
    }
  }

  private static List<Path> named(Path directory) throws IOException {
    List<Path> found = new ArrayList<>();
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory, BEGINNING + "*")) {
      entries.forEach(found::add);
    }
    return found;
  }

  private static boolean isOfTheDead(Path file) {
    String name = String.valueOf(file.getFileName());
    int end = name.indexOf(END, BEGINNING.length());
    if (end < 0) {
      return false;
    }
    Optional<ProcessIdentity> process =
        ProcessIdentity.parse(name.substring(BEGINNING.length(), end));
    return process.filter(known -> known.life() == ProcessIdentity.Life.DEAD).isPresent();
  }

  /** In a directory that all can write to, somebody else may have given something such a name. */
  private static boolean isOwn(Path file) throws IOException {
    return Files.getAttribute(file, "unix:uid", LinkOption.NOFOLLOW_LINKS)
        .equals(Files.getAttribute(Path.of("/proc/self"), "unix:uid"));
  }
}
