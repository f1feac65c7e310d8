package dev.windlass.compile;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The names in the shared directory.
 *
 * <p>Archives lie in it under their keys' names. What writers need among themselves is in a folder
 * of its own, and each file there has the nonce of the writer that it belongs to in its name:
 *
 * <ul>
 *   <li>{@code owner-<nonce>}: the record of a writer, which it makes first and removes last;
 *   <li>{@code claim-<name>}: what one writer at a time has, with the holder's nonce in it;
 *   <li>{@code part-<nonce>}: the archive that is being written;
 *   <li>{@code moved-<nonce>-<number>}: what a writer has taken away, to look at and remove it;
 *   <li>{@code bad-<file>}: which archive a load has found to be damaged.
 * </ul>
 */
final class SharedDirectory {
  static final String ARCHIVE_BEGINNING = "cache_";
  static final String ARCHIVE_ENDING = ".latest.tar.zst";

  /** Of the archives of B10 Transfer. */
  static final String ORIGINAL_ENDING = ".latest.tar.gz";

  static final String OWNER = "owner-";
  static final String CLAIM = "claim-";
  static final String PART = "part-";
  static final String MOVED = "moved-";
  private static final String BAD = "bad-";

  private final Path root;
  private final Path records;

  SharedDirectory(Path root) {
    this.root = root;
    this.records = root.resolve(".windlass");
  }

  /** Makes the directories, if they are not there. */
  void create() throws IOException {
    Files.createDirectories(records);
  }

  Path root() {
    return root;
  }

  Path archive(String keyName) {
    return root.resolve(ARCHIVE_BEGINNING + keyName + ARCHIVE_ENDING);
  }

  Path original(String keyName) {
    return root.resolve(ARCHIVE_BEGINNING + keyName + ORIGINAL_ENDING);
  }

  /** The key's name in the name of an archive. */
  static Optional<String> keyName(String filename) {
    for (String ending : List.of(ARCHIVE_ENDING, ORIGINAL_ENDING)) {
      boolean fits =
          filename.startsWith(ARCHIVE_BEGINNING)
              && filename.endsWith(ending)
              && filename.length() > ARCHIVE_BEGINNING.length() + ending.length();
      if (fits) {
        return Optional.of(
            filename.substring(ARCHIVE_BEGINNING.length(), filename.length() - ending.length()));
      }
    }
    return Optional.empty();
  }

  static boolean isOriginal(Path archive) {
    return archive.toString().endsWith(ORIGINAL_ENDING);
  }

  Path owner(String nonce) {
    return records.resolve(OWNER + nonce);
  }

  Path claim(String name) {
    return records.resolve(CLAIM + name);
  }

  Path part(String nonce) {
    return records.resolve(PART + nonce);
  }

  Path moved(String nonce, int number) {
    return records.resolve(MOVED + nonce + "-" + number);
  }

  Path bad(Path archive) {
    return records.resolve(BAD + archive.getFileName());
  }

  /** What writers have there; nothing if the folder is not there. */
  List<Path> records() throws IOException {
    return list(records);
  }

  /** All archives. */
  List<Path> archives() throws IOException {
    return list(root).stream()
        .filter(file -> keyName(String.valueOf(file.getFileName())).isPresent())
        .toList();
  }

  private static List<Path> list(Path directory) throws IOException {
    List<Path> found = new ArrayList<>();
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory)) {
      entries.forEach(found::add);
    } catch (NoSuchFileException absent) {
      return List.of();
    }
    return found;
  }
}
