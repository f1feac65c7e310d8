package dev.windlass.compile;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.stream.Stream;

/** A second name for a file, given only if nothing has it: safe on every file system with links. */
@FunctionalInterface
interface Links {
  /** What came of it. */
  enum Outcome {
    MADE,
    EXISTS,
    /** The file system has no links. */
    UNSUPPORTED
  }

  Outcome link(Path file, Path name) throws IOException;

  /** Those of the file system that the file is on. */
  static Links system() {
    return Links::linkThere;
  }

  private static Outcome linkThere(Path file, Path name) throws IOException {
    try {
      Files.createLink(name, file);
      return Outcome.MADE;
    } catch (FileAlreadyExistsException e) {
      // The answer to a request that was sent twice may be that of the second.
      return isSame(file, name) ? Outcome.MADE : Outcome.EXISTS;
    } catch (UnsupportedOperationException e) {
      return Outcome.UNSUPPORTED;
    } catch (NoSuchFileException | AccessDeniedException e) {
      throw e;
    } catch (FileSystemException e) {
      if (saysUnsupported(e)) {
        return Outcome.UNSUPPORTED;
      }
      throw e;
    }
  }

  private static boolean isSame(Path file, Path name) throws IOException {
    try {
      return Files.isSameFile(file, name);
    } catch (NoSuchFileException gone) {
      return false;
    }
  }

  private static boolean saysUnsupported(FileSystemException e) {
    String reason = String.valueOf(e.getReason()).toLowerCase(Locale.ROOT);
    return Stream.of("not supported", "not permitted", "not implemented")
        .anyMatch(reason::contains);
  }
}
