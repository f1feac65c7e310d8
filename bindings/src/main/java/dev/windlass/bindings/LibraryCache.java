package dev.windlass.bindings;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.regex.Pattern;

/**
 * A directory in which the jar's library is kept as a file, so that it can be loaded.
 *
 * <p>Below the root there is one folder per content hash, with the file in it, and its {@linkplain
 * LibraryMark mark}. A file that is there is used only if it hashes to its folder's name, or did
 * and has not changed since, and is replaced otherwise. A new one is written beside it, forced to
 * disk and renamed, so that JVMs that start at once never see a part of one, and at worst do the
 * same work twice. The root and the folder must belong to this user and be writable to nobody else:
 * what is verified here is what is loaded a moment later.
 *
 * <p>A folder's time is that of its last use, to the day. Whoever writes a new one removes those
 * that nobody has used for a month; a JVM that runs with such a library keeps it all the same.
 */
record LibraryCache(Path root, String origin) {

  static final String FILE_NAME = "libwindlass.so";
  static final String ROOT_PROPERTY = "dev.windlass.cache.dir";

  private static final String TEMPORARY_SUFFIX = ".tmp";

  /**
   * Nobody writes a file for this long: a temporary file that is older was left by a JVM that died.
   */
  private static final Duration LEFT_BEHIND = Duration.ofHours(1);

  private static final Duration UNUSED = Duration.ofDays(30);
  private static final Duration USE_NOTED = Duration.ofDays(1);
  private static final Pattern CONTENT_HASH = Pattern.compile("[0-9a-f]{64}");

  private static final int WRITE_ATTEMPTS = 3;

  private static final FileAttribute<Set<PosixFilePermission>> PRIVATE_DIRECTORY =
      PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));
  private static final FileAttribute<Set<PosixFilePermission>> PRIVATE_FILE =
      PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));

  /** The roots to try, in order. */
  static List<LibraryCache> candidates() {
    List<LibraryCache> roots = new ArrayList<>();
    String named = System.getProperty(ROOT_PROPERTY, "");
    if (!named.isEmpty()) {
      roots.add(new LibraryCache(Path.of(named).toAbsolutePath(), "-D" + ROOT_PROPERTY));
    }
    String xdg = System.getenv("XDG_CACHE_HOME");
    if (xdg != null && xdg.startsWith("/")) {
      roots.add(new LibraryCache(Path.of(xdg, "windlass"), "XDG_CACHE_HOME"));
    }
    String home = System.getProperty("user.home", "");
    if (home.startsWith("/")) {
      roots.add(new LibraryCache(Path.of(home, ".cache", "windlass"), "the user's home"));
    }
    String user = System.getProperty("user.name", "").replaceAll("[^A-Za-z0-9._-]", "_");
    Path temporary = Path.of(System.getProperty("java.io.tmpdir", "/tmp")).toAbsolutePath();
    roots.add(new LibraryCache(temporary.resolve("windlass-" + user), "java.io.tmpdir"));
    return roots;
  }

  /** Puts the library here, if it is not yet, and returns the verified file. */
  Path place(CarriedLibrary library) throws IOException {
    int user = effectiveUser();
    makePrivate(root, user);
    Path folder = root.resolve(library.sha256());
    makePrivate(folder, user);
    sweep(folder);
    Path file = folder.resolve(FILE_NAME);
    for (int attempt = 0; !isGood(file, library); attempt++) {
      if (attempt == WRITE_ATTEMPTS) {
        throw new IOException("what was written to " + file + " does not read back as written");
      }
      write(file, library.bytes());
      removeUnused(folder);
    }
    noteUse(folder);
    return file;
  }

  private static void noteUse(Path folder) {
    try {
      if (isOlder(folder, USE_NOTED)) {
        Files.setLastModifiedTime(folder, FileTime.from(Instant.now()));
      }
    } catch (IOException e) {
      // A cache that can only be read is as good as any.
    }
  }

  private static boolean isOlder(Path path, Duration age) throws IOException {
    FileTime limit = FileTime.from(Instant.now().minus(age));
    return Files.getLastModifiedTime(path, LinkOption.NOFOLLOW_LINKS).compareTo(limit) < 0;
  }

  /** Removes the folders beside the one in use that nobody has used for long. */
  private void removeUnused(Path used) {
    try (DirectoryStream<Path> folders = Files.newDirectoryStream(root)) {
      for (Path folder : folders) {
        boolean ours = CONTENT_HASH.matcher(folder.getFileName().toString()).matches();
        if (ours && !folder.equals(used) && isOlder(folder, UNUSED)) {
          Files.deleteIfExists(folder.resolve(FILE_NAME));
          Files.deleteIfExists(LibraryMark.place(folder.resolve(FILE_NAME)));
          Files.deleteIfExists(folder);
        }
      }
    } catch (IOException | DirectoryIteratorException e) {
      // Another JVM removes them at the same time, or there is more in one than ours.
    }
  }

  private static boolean isGood(Path file, CarriedLibrary library) throws IOException {
    if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
      return false;
    }
    LibraryMark mark = LibraryMark.of(file, Instant.now());
    if (mark.isKept(file)) {
      return true;
    }
    try (InputStream stream = Files.newInputStream(file, LinkOption.NOFOLLOW_LINKS)) {
      if (!library.isIn(stream)) {
        return false;
      }
    }
    mark.keep(file);
    return true;
  }

  private static void write(Path file, byte[] bytes) throws IOException {
    Path temporary = file.resolveSibling(FILE_NAME + "." + UUID.randomUUID() + TEMPORARY_SUFFIX);
    Set<StandardOpenOption> options =
        Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
    try {
      try (FileChannel channel = FileChannel.open(temporary, options, PRIVATE_FILE)) {
        for (ByteBuffer buffer = ByteBuffer.wrap(bytes); buffer.hasRemaining(); ) {
          channel.write(buffer);
        }
        channel.force(true);
      }
      Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE);
    } catch (NoSuchFileException e) {
      // Swept away as left behind, after a very long write: the caller looks and tries again.
    } finally {
      Files.deleteIfExists(temporary);
    }
  }

  /** Removes what JVMs left that died while writing. */
  private static void sweep(Path folder) throws IOException {
    try (DirectoryStream<Path> left = Files.newDirectoryStream(folder, "*" + TEMPORARY_SUFFIX)) {
      for (Path path : left) {
        try {
          if (isOlder(path, LEFT_BEHIND)) {
            Files.deleteIfExists(path);
          }
        } catch (NoSuchFileException e) {
          // Another JVM sweeps or renames at the same time.
        }
      }
    }
  }

  private static void makePrivate(Path directory, int user) throws IOException {
    if (!Files.isDirectory(directory)) {
      try {
        Files.createDirectories(directory, PRIVATE_DIRECTORY);
      } catch (FileAlreadyExistsException e) {
        throw new IOException(e.getMessage() + " is in the way: it is not a directory", e);
      }
    }
    // The link, if it is one, and what it leads to.
    requireOwner(directory, user, LinkOption.NOFOLLOW_LINKS);
    requireOwner(directory, user);
    Set<PosixFilePermission> permissions = Files.getPosixFilePermissions(directory);
    if (permissions.contains(PosixFilePermission.GROUP_WRITE)
        || permissions.contains(PosixFilePermission.OTHERS_WRITE)) {
      throw new IOException(
          directory
              + " is writable to others ("
              + PosixFilePermissions.toString(permissions)
              + "): chmod go-w it");
    }
  }

  private static void requireOwner(Path path, int user, LinkOption... options) throws IOException {
    if (Files.getAttribute(path, "unix:uid", options) instanceof Integer owner && owner == user) {
      return;
    }
    throw new IOException(
        path + " belongs to " + Files.getOwner(path, options) + ", not to this process's user");
  }

  /** The user whose files this process makes. */
  private static int effectiveUser() throws IOException {
    for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
      if (line.startsWith("Uid:")) {
        return Integer.parseUnsignedInt(line.split("\\s+")[2]);
      }
    }
    throw new IOException("/proc/self/status does not say which user this is");
  }
}
