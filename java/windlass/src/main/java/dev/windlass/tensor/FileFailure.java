package dev.windlass.tensor;

import dev.windlass.Status;
import dev.windlass.WindlassException;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** What the file system says, as the exception that callers know. */
final class FileFailure {
  private FileFailure() {}

  static WindlassException reading(Path file, IOException cause) {
    return of("cannot be read", file, cause);
  }

  static WindlassException writing(Path file, IOException cause) {
    return of("cannot be written", file, cause);
  }

  private static WindlassException of(String what, Path file, IOException cause) {
    WindlassException failure =
        new WindlassException(
            status(cause), 0, "The file " + file + " " + what + ": " + reason(cause));
    failure.initCause(cause);
    return failure;
  }

  private static Status status(IOException cause) {
    return switch (cause) {
      case NoSuchFileException _ -> Status.NOT_FOUND;
      case AccessDeniedException _ -> Status.PERMISSION;
      default ->
          String.valueOf(cause.getMessage()).contains("No space left")
                  || String.valueOf(cause.getMessage()).contains("quota exceeded")
              ? Status.NO_SPACE
              : Status.IO;
    };
  }

  private static String reason(IOException cause) {
    return switch (cause) {
      case NoSuchFileException missing -> "there is no " + missing.getFile() + ".";
      case AccessDeniedException denied -> "access to " + denied.getFile() + " is denied.";
      default -> cause.getMessage() + ".";
    };
  }
}
