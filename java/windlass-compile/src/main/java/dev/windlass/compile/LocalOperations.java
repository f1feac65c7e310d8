package dev.windlass.compile;

import dev.windlass.Status;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/** Clearing the local directory, and copying files. */
final class LocalOperations {
  private final CacheContext context;
  private final CompileCacheSettings settings;

  LocalOperations(CacheContext context) {
    this.context = context;
    this.settings = context.settings();
  }

  /** Takes the directory away whole, so that a server sees all or nothing, and then removes it. */
  Outcome clear() throws IOException {
    Path local = settings.localDirectory();
    Path parent = local.getParent();
    if (!Files.exists(local, LinkOption.NOFOLLOW_LINKS)) {
      return Outcome.success(local + " is not there.", 0);
    }
    if (!Files.isDirectory(local, LinkOption.NOFOLLOW_LINKS)) {
      throw new CacheException(
          Status.MISMATCH, local + " is not a directory, and was left alone: remove it by hand.");
    }
    long bytes = Trees.bytes(local);
    LoadRecord.delete(local);
    Leftovers.sweep(parent);
    Path taken = Leftovers.newName(parent, ".clear");
    try {
      Files.move(local, taken, StandardCopyOption.ATOMIC_MOVE);
    } catch (FileSystemException mounted) {
      empty(local);
      return Outcome.success(local + " was emptied.", bytes);
    }
    Trees.delete(taken);
    return Outcome.success(local + " was removed.", bytes);
  }

  private static void empty(Path local) throws IOException {
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(local)) {
      for (Path entry : entries) {
        Trees.delete(entry);
      }
    }
  }

  Outcome transfer(Path source, Path target) throws IOException {
    Path from = source.toAbsolutePath().normalize();
    Path to = target.toAbsolutePath().normalize();
    if (!Files.isRegularFile(from)) {
      throw new CacheException(Status.NOT_FOUND, from + " is no file that could be copied.");
    }
    if (to.getParent() == null || Files.isDirectory(to)) {
      throw new CacheException(
          Status.MISMATCH, to + " is a directory: give the name that the copy is to have.");
    }
    if (Files.exists(to) && Files.isSameFile(from, to)) {
      throw new CacheException(Status.INVALID_ARGUMENT, from + " and " + to + " are one file.");
    }
    Path copy = Leftovers.newName(to.getParent(), ".copy");
    try {
      long bytes =
          new FileCopy(copy, settings.minLocalBytes(), CacheProgress.Phase.COPYING, context.watch())
              .ofFile(from);
      Files.move(copy, to, StandardCopyOption.ATOMIC_MOVE);
      Trees.sync(to.getParent());
      return Outcome.success("%s was copied to %s.".formatted(from, to), bytes);
    } finally {
      Files.deleteIfExists(copy);
    }
  }
}
