package dev.windlass.archive;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.windlass.Status;
import dev.windlass.WindlassException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ArchiveJobTest {
  @TempDir Path folder;

  private ArchiveJob longSave(Path archive) throws IOException {
    Path tree = Files.createDirectory(folder.resolve("tree"));
    byte[] bytes = new byte[32 << 20];
    new SplittableRandom(1).nextBytes(bytes);
    Files.write(tree.resolve("large"), bytes);
    return Archive.save(tree, archive, SaveOptions.usual().withLevel(19).withThreads(1));
  }

  @Test
  void aCancelledJobIsDoneAndLeavesNothing() throws IOException {
    Path archive = folder.resolve("archive");
    try (ArchiveJob job = longSave(archive)) {
      assertEquals(Optional.empty(), job.await(Duration.ZERO));
      job.cancel();
      assertEquals(Status.STATE, assertThrows(WindlassException.class, job::await).status());
      assertEquals(ArchivePhase.DONE, job.progress().phase());
    }
    assertFalse(Files.exists(archive));
  }

  @Test
  void closingEndsAJobThatIsUnderWay() throws IOException {
    Path archive = folder.resolve("archive");
    ArchiveJob job = longSave(archive);
    job.close();
    job.close();
    assertFalse(Files.exists(archive));
    assertEquals(
        Status.STALE_HANDLE, assertThrows(WindlassException.class, job::progress).status());
  }

  @Test
  void theOutcomeAndTheProgressStay() throws IOException {
    Path tree = Files.createDirectory(folder.resolve("tree"));
    Files.writeString(tree.resolve("file"), "content");
    try (ArchiveJob job = Archive.save(tree, folder.resolve("archive"), SaveOptions.usual())) {
      ArchiveReport report = job.await();
      assertEquals(report, job.await());
      assertEquals(Optional.of(report), job.await(Duration.ofDays(1_000_000)));
      assertEquals(new ArchiveProgress(ArchivePhase.DONE, 7, 7, 2), job.progress());
    }
  }
}
