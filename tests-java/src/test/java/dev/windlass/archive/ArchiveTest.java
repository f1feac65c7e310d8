package dev.windlass.archive;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.windlass.Status;
import dev.windlass.WindlassException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ArchiveTest {
  @TempDir Path folder;

  private Path tree() throws IOException {
    Path tree = folder.resolve("tree");
    Files.createDirectories(tree.resolve("a/b"));
    Files.writeString(tree.resolve("a/b/größe"), "content");
    Files.writeString(tree.resolve("empty"), "");
    Files.write(tree.resolve("large"), new byte[3 << 20]);
    Files.createSymbolicLink(tree.resolve("link"), Path.of("a/b"));
    return tree;
  }

  private static Map<String, String> contents(Path tree) throws IOException {
    Map<String, String> found = new TreeMap<>();
    try (Stream<Path> paths = Files.walk(tree)) {
      for (Path path : paths.toList()) {
        String name = tree.relativize(path).toString();
        if (Files.isSymbolicLink(path)) {
          found.put(name, "-> " + Files.readSymbolicLink(path));
        } else if (Files.isDirectory(path)) {
          found.put(name, "directory");
        } else {
          found.put(name, Files.readString(path, StandardCharsets.ISO_8859_1));
        }
      }
    }
    return found;
  }

  private static ArchiveReport done(ArchiveJob job) {
    try (job) {
      return job.await();
    }
  }

  private static Status failure(ArchiveJob job) {
    try (job) {
      return assertThrows(WindlassException.class, job::await).status();
    }
  }

  @Test
  void whatIsSavedIsVerifiedAndLoaded() throws IOException {
    Path tree = tree();
    Path archive = folder.resolve("archive.tar.zst");
    ArchiveReport saved = done(Archive.save(tree, archive, SaveOptions.usual()));
    assertEquals(6, saved.entries());
    assertEquals((3 << 20) + 7, saved.rawBytes());
    assertEquals(Files.size(archive), saved.archiveBytes());
    assertTrue(saved.seconds() > 0);
    assertEquals(32, saved.root().length);
    assertArrayEquals(saved.root(), done(Archive.verify(archive, LoadOptions.usual())).root());
    Path target = folder.resolve("target");
    assertEquals(
        saved.entries(), done(Archive.load(archive, target, LoadOptions.usual())).entries());
    assertEquals(contents(tree), contents(target));
  }

  @Test
  void whatALoadWouldRefuseIsSavedForLoadsThatTakeIt() throws IOException {
    Path tree = tree();
    Files.writeString(tree.resolve("EMPTY"), "not");
    Path archive = folder.resolve("archive.tar.zst");
    SaveOptions options = SaveOptions.usual();
    assertEquals(Status.UNSUPPORTED, failure(Archive.save(tree, archive, options)));
    LoadOptions allowing = LoadOptions.usual().withAllowCaseCollisions(true);
    for (LoadOptions less : List.of(allowing.withMostBytes(1 << 20), allowing.withMostEntries(6))) {
      assertEquals(
          Status.UNSUPPORTED, failure(Archive.save(tree, archive, options.withLoadableBy(less))));
    }
    done(Archive.save(tree, archive, options.withLoadableBy(allowing)));
    assertEquals(Status.UNSUPPORTED, failure(Archive.verify(archive, LoadOptions.usual())));
    Path target = folder.resolve("target");
    done(Archive.load(archive, target, allowing));
    assertEquals(contents(tree), contents(target));
  }

  @Test
  void theNoteAndTheSealAreKept() throws IOException {
    Path archive = folder.resolve("archive.tar.zst");
    byte[] note = "{\"a\": 1}".getBytes(StandardCharsets.UTF_8);
    ArchiveReport saved =
        done(Archive.save(tree(), archive, SaveOptions.usual().withSealable(true).withNote(note)));
    ArchiveInfo info = Archive.inspect(archive);
    assertEquals(ArchiveFormat.WINDLASS, info.format());
    assertEquals(saved.entries(), info.entries());
    assertEquals(saved.rawBytes(), info.rawBytes());
    assertTrue(info.sealable());
    assertArrayEquals(note, info.note());
    assertArrayEquals(saved.root(), info.root());
    assertEquals(Optional.empty(), info.seal());
    byte[] seal = {1, 2, 3};
    Archive.appendSeal(archive, seal);
    assertArrayEquals(seal, Archive.seal(archive).orElseThrow());
    assertEquals(Files.size(archive), Archive.inspect(archive).archiveBytes());
    assertEquals(
        Status.STATE,
        assertThrows(WindlassException.class, () -> Archive.appendSeal(archive, seal)).status());
    assertTrue(
        done(Archive.verify(archive, LoadOptions.usual().withExpectedRoot(saved.root()))).entries()
            > 0);
    byte[] other = saved.root();
    other[0] ^= 1;
    assertEquals(
        Status.PERMISSION,
        failure(Archive.verify(archive, LoadOptions.usual().withExpectedRoot(other))));
  }

  @Test
  void theEntriesAreListed() throws IOException {
    Path archive = folder.resolve("archive.tar.zst");
    done(Archive.save(tree(), archive, SaveOptions.usual()));
    List<ArchiveEntry> entries = Archive.list(archive, LoadOptions.usual());
    assertEquals(
        List.of("a", "a/b", "a/b/größe", "empty", "large", "link"),
        entries.stream().map(ArchiveEntry::path).toList());
    assertEquals(ArchiveEntryKind.DIRECTORY, entries.get(0).kind());
    assertEquals(ArchiveEntryKind.FILE, entries.get(2).kind());
    assertEquals(7, entries.get(2).bytes());
    assertEquals("", entries.get(2).target());
    assertEquals(ArchiveEntryKind.SYMBOLIC_LINK, entries.get(5).kind());
    assertEquals("a/b", entries.get(5).target());
  }

  @Test
  void limitsRefuseAndLeaveNothing() throws IOException {
    Path tree = tree();
    Path archive = folder.resolve("archive.tar.zst");
    assertEquals(
        Status.NO_SPACE,
        failure(Archive.save(tree, archive, SaveOptions.usual().withLimitBytes(100))));
    assertFalse(Files.exists(archive));
    done(Archive.save(tree, archive, SaveOptions.usual()));
    assertEquals(Status.STATE, failure(Archive.save(tree, archive, SaveOptions.usual())));
    Path target = folder.resolve("target");
    assertEquals(
        Status.NO_SPACE,
        failure(Archive.load(archive, target, LoadOptions.usual().withMostBytes(1000))));
    assertEquals(
        Status.NO_SPACE,
        failure(Archive.load(archive, target, LoadOptions.usual().withMostEntries(2))));
    assertEquals(
        Status.NO_SPACE,
        failure(Archive.load(archive, target, LoadOptions.usual().withSpareBytes(1L << 60))));
    try (Stream<Path> left = Files.list(folder)) {
      assertEquals(2, left.count());
    }
  }

  @Test
  void aCutArchiveIsRefused() throws IOException {
    Path archive = folder.resolve("archive.tar.zst");
    done(Archive.save(tree(), archive, SaveOptions.usual()));
    byte[] bytes = Files.readAllBytes(archive);
    Path cut = folder.resolve("cut.tar.zst");
    for (int length = 0; length < bytes.length; length += Math.max(1, bytes.length / 20)) {
      Files.write(cut, java.util.Arrays.copyOf(bytes, length));
      assertEquals(
          Status.CORRUPT,
          failure(Archive.load(cut, folder.resolve("target"), LoadOptions.usual())));
    }
    assertFalse(Files.exists(folder.resolve("target")));
  }

  @Test
  void whatIsStagedTakesThePlaceOfWhatIsThere() throws IOException {
    Path staged = Files.createDirectory(folder.resolve("staged"));
    Path place = folder.resolve("place");
    Files.writeString(staged.resolve("file"), "new");
    assertFalse(Archive.exchange(staged, place));
    Files.createDirectory(staged);
    Files.writeString(staged.resolve("file"), "newer");
    assertTrue(Archive.exchange(staged, place));
    assertEquals("newer", Files.readString(place.resolve("file")));
    assertEquals("new", Files.readString(staged.resolve("file")));
  }

  @Test
  void misuseIsAnIllegalArgument() {
    assertThrows(IllegalArgumentException.class, () -> SaveOptions.usual().withThreads(-1));
    assertThrows(IllegalArgumentException.class, () -> SaveOptions.usual().withLimitBytes(-1));
    assertThrows(IllegalArgumentException.class, () -> LoadOptions.usual().withMostBytes(-1));
    assertThrows(IllegalArgumentException.class, () -> LoadOptions.usual().withMostRatio(0.5));
    assertThrows(
        IllegalArgumentException.class, () -> LoadOptions.usual().withExpectedRoot(new byte[31]));
    assertEquals(
        Status.INVALID_ARGUMENT,
        assertThrows(
                WindlassException.class,
                () -> Archive.save(folder, folder.resolve("x"), SaveOptions.usual().withLevel(99)))
            .status());
  }
}
