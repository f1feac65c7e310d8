package dev.windlass.bindings;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Instant;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LibraryMarkTest {
  @TempDir Path folder;
  private Path file;

  @BeforeEach
  void write() throws IOException {
    file = Files.writeString(folder.resolve("libwindlass.so"), "a library");
  }

  private LibraryMark later() throws IOException {
    return LibraryMark.of(file, Instant.now().plusSeconds(10));
  }

  @Test
  void aFileIsKnownAgainUntilItChanges() throws IOException {
    assertFalse(later().isKept(file));
    later().keep(file);
    assertTrue(later().isKept(file));
    Files.writeString(file, "a different library");
    assertFalse(later().isKept(file));
  }

  @Test
  void aFileOfTheSameSizeAndTimeIsAnother() throws IOException {
    later().keep(file);
    Path other = Files.writeString(folder.resolve("other"), "a Library");
    Files.setLastModifiedTime(other, Files.getLastModifiedTime(file));
    Files.move(other, file, StandardCopyOption.REPLACE_EXISTING);
    assertFalse(later().isKept(file));
  }

  @Test
  void ofAFileThatChangedAMomentAgoNothingIsKept() throws IOException {
    LibraryMark.of(file, Instant.now()).keep(file);
    assertFalse(Files.exists(LibraryMark.place(file)));
    later().keep(file);
    assertFalse(LibraryMark.of(file, Instant.now()).isKept(file));
  }

  @Test
  void whereItCannotBeKeptNothingIsWrong() throws IOException {
    Files.createDirectory(LibraryMark.place(file));
    later().keep(file);
    assertFalse(later().isKept(file));
  }
}
