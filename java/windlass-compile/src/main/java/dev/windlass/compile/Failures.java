package dev.windlass.compile;

import dev.windlass.Status;
import dev.windlass.WindlassException;
import java.io.EOFException;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.ReadOnlyFileSystemException;
import java.util.Locale;
import java.util.zip.ZipException;

/** Turns what the file system and the library throw into exceptions of the cache. */
final class Failures {
  private Failures() {}

  /** An operation's body. */
  @FunctionalInterface
  interface Body<T> {
    T run() throws IOException;
  }

  /**
   * Runs an operation.
   *
   * @param doing what is done, to say what failed: "saving /a to /b"
   */
  static <T> T translated(String doing, Body<T> body) {
    try {
      return body.run();
    } catch (CacheException e) {
      throw e;
    } catch (WindlassException e) {
      throw of(doing, e);
    } catch (IOException e) {
      throw of(doing, e);
    } catch (SecurityException | ReadOnlyFileSystemException e) {
      throw new CacheException(Status.PERMISSION, doing + " failed: " + e, e);
    }
  }

  private static CacheException of(String doing, WindlassException e) {
    String message = String.valueOf(e.getMessage());
    String beginning = e.status() + ": ";
    String reason = message.startsWith(beginning) ? message.substring(beginning.length()) : message;
    String text = doing + " failed: " + reason;
    return e.status() == Status.NO_SPACE && e.systemCode() != 0
        ? new CacheOperationInterruptedException(e.status(), text, e)
        : new CacheException(e.status(), text, e);
  }

  private static CacheException of(String doing, IOException e) {
    String detail = e instanceof FileSystemException of ? describe(of) : e.toString();
    String text = doing + " failed: " + detail;
    if (saysFull(e)) {
      return new CacheOperationInterruptedException(
          Status.NO_SPACE, text + ". Free some room, and try again.", e);
    }
    return new CacheException(
        switch (e) {
          case AccessDeniedException denied -> Status.PERMISSION;
          case NoSuchFileException absent -> Status.NOT_FOUND;
          case EOFException cut -> Status.CORRUPT;
          case ZipException damaged -> Status.CORRUPT;
          default -> Status.IO;
        },
        text,
        e);
  }

  private static String describe(FileSystemException e) {
    String reason =
        switch (e) {
          case AccessDeniedException denied -> "the system forbids it";
          case NoSuchFileException absent -> "it does not exist";
          default -> e.getReason() == null ? e.getClass().getSimpleName() : e.getReason();
        };
    return e.getFile() + ": " + reason;
  }

  private static boolean saysFull(IOException e) {
    String text = String.valueOf(e.getMessage()).toLowerCase(Locale.ROOT);
    return text.contains("no space left") || text.contains("quota exceeded");
  }
}
