package dev.windlass.memory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.windlass.support.ChildJvm;
import dev.windlass.support.PreloadedJvm;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What needs the preloaded library is tested in child JVMs, by {@link PreloadProbe}. */
class PreloadTest {
  private static void assertWell(ChildJvm child, String... what)
      throws IOException, InterruptedException {
    String[] command =
        Stream.concat(Stream.of(PreloadProbe.class.getName()), Stream.of(what))
            .toArray(String[]::new);
    ChildJvm.Result result = child.run(command);
    assertEquals(0, result.exitCode(), result.output());
    assertTrue(result.output().endsWith(PreloadProbe.DONE), result.output());
  }

  @Test
  void aProcessThatWasStartedWithoutItHasNone() {
    assertEquals(Optional.empty(), Preload.ofThisProcess());
  }

  @Test
  void whatNativeCodeAllocatesIsPausedByTagAndComesBackWithItsBytes() throws Exception {
    assertWell(PreloadedJvm.child(), "cycle");
  }

  @Test
  void eachBackupKeepsTheBytesWhereItSays(@TempDir Path folder) throws Exception {
    assertWell(PreloadedJvm.child(), "backups", folder.toString());
    try (Stream<Path> left = Files.list(folder)) {
      // Its owner's record stays until the next process opens the directory: the library never
      // ends.
      List<Path> backups = left.filter(file -> !file.toString().endsWith(".owner")).toList();
      assertEquals(List.of(), backups);
    }
  }

  @Test
  void anAllocationBeyondTheMarginIsRefusedAndTheReasonKept() throws Exception {
    assertWell(PreloadedJvm.child(), "limits");
  }

  @Test
  void theEnvironmentMakesAScopeAroundAll() throws Exception {
    assertWell(
        PreloadedJvm.child().environment("WINDLASS_PRELOAD_TAG", "from-outside"), "environment");
  }

  @Test
  void anEnvironmentThatCannotBeFollowedIsTheReasonOfEveryFailure() throws Exception {
    assertWell(
        PreloadedJvm.child().environment("WINDLASS_PRELOAD_BACKUP", "cloud"), "configuration");
  }

  @Test
  void withoutNativeAccessTheFlagToAddIsNamed() throws Exception {
    ChildJvm.Result result =
        new ChildJvm()
            .option("--illegal-native-access=deny")
            .run(PreloadProbe.class.getName(), "cycle");
    assertEquals(1, result.exitCode(), result.output());
    assertTrue(result.output().contains("PERMISSION"), result.output());
    assertTrue(result.output().contains("--enable-native-access=ALL-UNNAMED"), result.output());
  }

  @Test
  void whatCannotBeABackupIsRefused() {
    assertThrows(IllegalArgumentException.class, () -> PreloadBackup.pooled(0));
    assertThrows(IllegalArgumentException.class, () -> PreloadBackup.pooled(-1));
  }
}
