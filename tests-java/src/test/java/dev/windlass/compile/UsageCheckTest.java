package dev.windlass.compile;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributeView;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class UsageCheckTest {
  private static final Optional<Boolean> MOVE = Optional.of(true);
  private static final Optional<Boolean> STAY = Optional.of(false);

  @TempDir Path folder;
  private Path staged;
  private Path local;

  @BeforeEach
  void stages() throws IOException {
    staged = folder.resolve("staged");
    local = folder.resolve("torchinductor");
    Files.createDirectories(staged.resolve("fxgraph/ab"));
    Files.writeString(staged.resolve("fxgraph/ab/one.py"), "one");
    Files.writeString(staged.resolve("fxgraph/ab/a name\nof two lines \\n"), "two");
    Files.writeString(staged.resolve("three.so"), "three");
  }

  /** As a load does. */
  private void load() throws IOException {
    LoadRecord.write(staged, local, "some-key", "cache_some-key.latest.tar.zst");
    Files.move(staged, local);
  }

  private UsageReport check(Optional<Boolean> accessTimes) throws IOException {
    return UsageCheck.of(local, () -> accessTimes);
  }

  /** What reading does where access times move. */
  private void read(String name) throws IOException {
    Files.getFileAttributeView(local.resolve(name), BasicFileAttributeView.class)
        .setTimes(null, FileTime.from(Instant.now()), null);
  }

  @Test
  void whatWasReadWasUsed() throws IOException {
    load();
    read("three.so");
    UsageReport report = check(STAY);
    assertEquals(UsageVerdict.USED, report.verdict());
    assertEquals(3, report.loadedFiles());
    assertEquals(1, report.readFiles());
    assertEquals(MOVE, report.accessTimes(), "one has moved");
    assertEquals("some-key", report.key());
    assertTrue(report.evidence().contains("of 3 loaded files 1 were read"), report.evidence());
  }

  @Test
  void filesThatCameSinceWereCompiledAnew() throws IOException {
    load();
    Files.writeString(local.resolve("fxgraph/new.py"), "12345");
    UsageReport report = check(MOVE);
    assertEquals(UsageVerdict.COMPILED_ANEW, report.verdict());
    assertEquals(1, report.newFiles());
    assertEquals(5, report.newBytes());
    assertEquals(List.of("fxgraph/new.py"), report.examples());
    read("three.so");
    assertEquals(UsageVerdict.USED_IN_PART, check(MOVE).verdict());
  }

  @Test
  void whatWasOverwrittenOrRemovedIsCountedAndNotTakenForRead() throws IOException {
    load();
    Files.writeString(local.resolve("three.so"), "another three");
    Files.delete(local.resolve("fxgraph/ab/one.py"));
    UsageReport report = check(MOVE);
    assertEquals(UsageVerdict.COMPILED_ANEW, report.verdict());
    assertEquals(1, report.changedFiles());
    assertEquals(1, report.removedFiles());
    assertEquals(0, report.readFiles());
  }

  @Test
  void whereNothingMovedItDependsOnWhetherAnythingCould() throws IOException {
    load();
    assertEquals(UsageVerdict.NOT_USED, check(MOVE).verdict());
    UsageReport still = check(STAY);
    assertEquals(UsageVerdict.CANNOT_TELL, still.verdict());
    assertTrue(still.evidence().contains("noatime"), still.evidence());
    UsageReport unknown = check(Optional.empty());
    assertEquals(UsageVerdict.CANNOT_TELL, unknown.verdict());
    assertTrue(unknown.evidence().contains("cannot be tried"), unknown.evidence());
    Files.writeString(local.resolve("new.py"), "new");
    UsageReport written = check(STAY);
    assertEquals(UsageVerdict.CANNOT_TELL, written.verdict());
    assertTrue(written.evidence().contains("something was compiled"), written.evidence());
  }

  @Test
  void withoutARecordOfThisFolderNothingIsClaimed() throws IOException {
    Files.createDirectories(local);
    assertEquals(UsageVerdict.NO_RECORD, check(MOVE).verdict());
    Files.delete(local);
    load();
    Files.move(local, folder.resolve("away"));
    assertEquals(UsageVerdict.NO_RECORD, check(MOVE).verdict());
    Files.createDirectories(local);
    UsageReport replaced = check(MOVE);
    assertEquals(UsageVerdict.NO_RECORD, replaced.verdict());
    assertTrue(replaced.evidence().contains("was replaced since"), replaced.evidence());
  }

  @Test
  void aDamagedRecordIsSaid() throws IOException {
    load();
    Path record = LoadRecord.beside(local);
    String text = Files.readString(record);
    for (String damaged :
        List.of("", "other\n", text.substring(0, text.length() - 20), text.replace("files", "f"))) {
      Files.writeString(record, damaged);
      IOException failure = assertThrows(IOException.class, () -> check(MOVE));
      assertTrue(failure.getMessage().contains("remove it"), failure.getMessage());
    }
    LoadRecord.delete(local);
    assertEquals(UsageVerdict.NO_RECORD, check(MOVE).verdict());
  }

  @Test
  void theRecordComesBackAsItWasWrittenAndNothingElseIsLeft() throws IOException {
    LoadRecord written = LoadRecord.write(staged, local, "key", "archive.tar.zst");
    assertEquals(Optional.of(written), LoadRecord.read(local));
    assertEquals(3, written.files().size());
    try (Stream<Path> entries = Files.list(folder)) {
      assertEquals(List.of(LoadRecord.beside(local), staged), entries.sorted().toList());
    }
  }

  @Test
  void aRealReadIsSeenHereWhereAccessTimesMove() throws IOException {
    load();
    Optional<Boolean> moves = UsageCheck.of(local).accessTimes();
    assumeTrue(moves.equals(MOVE), "reading does not move access times in " + folder);
    assertEquals(UsageVerdict.NOT_USED, UsageCheck.of(local).verdict());
    assertEquals("one", Files.readString(local.resolve("fxgraph/ab/one.py")));
    UsageReport report = UsageCheck.of(local);
    assertEquals(UsageVerdict.USED, report.verdict());
    assertEquals(1, report.readFiles());
    try (Stream<Path> entries = Files.list(folder)) {
      assertEquals(List.of(LoadRecord.beside(local), local), entries.sorted().toList());
    }
  }
}
