package dev.windlass.compile;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.windlass.support.ChildJvm;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Goal: many that save and load at once get whole archives of one writer, one of them saves, and
 * what a killed one leaves is cleaned up.
 *
 * <p>Method: four processes of eight threads, each thread with a cache of its own; a fifth process
 * is killed as soon as it takes part.
 */
class CacheProcessesTest {
  static final int THREADS = 8;
  static final int ROUNDS = 3;
  private static final int PROCESSES = 4;

  @TempDir private Path root;

  static CacheKey key(int round) {
    return CacheKey.wide(Map.of("round", Integer.toString(round)));
  }

  private ChildJvm.Running start(String name) throws Exception {
    return new ChildJvm()
        .nativeAccess()
        .with(CompileCache.class)
        .start(CacheChild.class.getName(), "rounds", root.toString(), name);
  }

  @Test
  void thirtyTwoAtOnceSaveOnceAndLoadWhole() throws Exception {
    CacheFolders folders = new CacheFolders(root);
    List<ChildJvm.Running> running = new ArrayList<>();
    ChildJvm.Running victim = start("victim");
    for (int index = 0; index < PROCESSES; index++) {
      running.add(start("p" + index));
    }
    awaitFirstRecord(folders.shared.resolve(".windlass"), victim.process());
    victim.process().destroyForcibly().waitFor();
    Files.deleteIfExists(victim.output());
    List<String> lines = new ArrayList<>();
    for (ChildJvm.Running child : running) {
      ChildJvm.Result result = child.await();
      assertEquals(0, result.exitCode(), result.output());
      result.output().lines().forEach(lines::add);
    }
    String all = String.join("\n", lines);
    assertFalse(all.contains("ERROR") || all.contains("FAILED"), all);
    for (int round = 0; round < ROUNDS; round++) {
      assertRound(round, lines, all);
    }
    folders.compile();
    CompileCache cache = CompileCache.of(folders.settings().key(key(99)).build());
    assertEquals(CacheStatus.SUCCESS, cache.save().status());
    folders.assertTidy();
  }

  /** The killed process may have saved a round, so that all others find it there. */
  private static void assertRound(int round, List<String> lines, String all) {
    int threads = PROCESSES * THREADS;
    long saved = count(lines, "save " + round + " SUCCESS");
    assertTrue(saved <= 1, all);
    assertEquals(threads - saved, count(lines, "save " + round + " SKIPPED"), all);
    assertEquals(threads, count(lines, "load " + round + " SUCCESS"), all);
    List<String> found =
        lines.stream().filter(line -> line.startsWith("found " + round)).distinct().toList();
    assertEquals(1, found.size(), all);
    assertTrue(found.getFirst().matches("found \\d 3 files of \\[[^,]+]"), all);
  }

  private static long count(List<String> lines, String beginning) {
    return lines.stream().filter(line -> line.startsWith(beginning)).count();
  }

  private static void awaitFirstRecord(Path records, Process process) {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (process.isAlive() && !Files.isDirectory(records)) {
      assertTrue(System.nanoTime() < deadline, "no process has begun");
      Thread.onSpinWait();
    }
  }
}
