package dev.windlass.compile;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.windlass.support.ChildJvm;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Goal: a process that is killed at any step of a save or a load leaves the state before or the
 * state after, and the next run works and cleans up.
 *
 * <p>Method: a child process for each step halts there; then this process looks and runs.
 */
class CacheKillTest {
  @TempDir private Path root;

  /** What is there before a child begins. */
  @FunctionalInterface
  private interface Preparation {
    void prepare(CacheFolders folders, Step step) throws Exception;
  }

  private static final Map<String, String> COMPILED =
      Map.of("fxgraph/ab/cd.bin", "made here 1", "triton/kernel.cubin", "made here 2", "empty", "");

  private static List<Step> steps(String beginning) {
    return Stream.of(Step.values()).filter(step -> step.name().startsWith(beginning)).toList();
  }

  /** Steps of a load of an ordinary archive. */
  private static List<Step> ordinaryLoad() {
    return steps("LOAD").stream().filter(step -> step != Step.LOAD_UNPACKED).toList();
  }

  private Map<Step, CacheFolders> killAt(List<Step> steps, String action, Preparation before)
      throws Exception {
    Map<Step, CacheFolders> killed = new EnumMap<>(Step.class);
    Map<Step, ChildJvm.Running> running = new EnumMap<>(Step.class);
    for (Step step : steps) {
      CacheFolders folders = new CacheFolders(root.resolve(step.name()));
      before.prepare(folders, step);
      killed.put(step, folders);
      running.put(
          step,
          new ChildJvm()
              .nativeAccess()
              .with(CompileCache.class)
              .start(CacheChild.class.getName(), action, folders.root.toString(), step.name()));
    }
    for (Map.Entry<Step, ChildJvm.Running> child : running.entrySet()) {
      ChildJvm.Result result = child.getValue().await();
      assertEquals(9, result.exitCode(), child.getKey() + ": " + result.output());
    }
    return killed;
  }

  private static void toBeSaved(CacheFolders folders, Step step) {
    folders.compile();
    if (step == Step.SAVE_DISPLACED) {
      CacheFolders.write(folders.archive(), "");
    }
  }

  private static void saved(CacheFolders folders, Step step) {
    folders.compile();
    assertEquals(CacheStatus.SUCCESS, folders.cache().save().status());
    folders.clear();
  }

  @ParameterizedTest
  @ValueSource(strings = {"halt", "halt-without-links"})
  void aKillAtAnyStepOfASaveLeavesNoHalfArchive(String action) throws Exception {
    List<Step> steps = steps("SAVE");
    assertTrue(steps.size() >= 10);
    for (Map.Entry<Step, CacheFolders> each :
        killAt(steps, action, CacheKillTest::toBeSaved).entrySet()) {
      Step step = each.getKey();
      CacheFolders folders = each.getValue();
      boolean published = step.compareTo(Step.SAVE_PUBLISHED) >= 0;
      assertEquals(published, folders.cache().info().sharedCacheExists(), step.toString());
      CacheStatus expected = published ? CacheStatus.SKIPPED : CacheStatus.SUCCESS;
      CacheResult next = folders.cache().save();
      assertEquals(expected, next.status(), step + ": " + next.reason());
      assertLoads(step, folders);
    }
  }

  @Test
  void aKillAtAnyStepOfALoadLeavesNoHalfCache() throws Exception {
    assertLoadsAllOrNothing(killAt(ordinaryLoad(), "halt", CacheKillTest::saved));
  }

  @Test
  void aKillAtAnyStepOfALoadOfTheOriginalsArchiveLeavesNoHalfCache() throws Exception {
    byte[] archive = Originals.archive(COMPILED);
    assertLoadsAllOrNothing(
        killAt(steps("LOAD"), "halt", (folders, step) -> Originals.write(folders, archive)));
  }

  private static void assertLoadsAllOrNothing(Map<Step, CacheFolders> killed) {
    for (Map.Entry<Step, CacheFolders> each : killed.entrySet()) {
      Step step = each.getKey();
      CacheFolders folders = each.getValue();
      boolean loaded = step.compareTo(Step.LOAD_EXCHANGED) >= 0;
      assertEquals(loaded, Files.exists(folders.local), step.toString());
      if (loaded) {
        assertEquals(COMPILED, CacheFolders.contents(folders.local));
        assertEquals(CacheStatus.SKIPPED, folders.cache().load().status());
      }
      assertLoads(step, folders);
    }
  }

  private static void assertLoads(Step step, CacheFolders folders) {
    folders.clear();
    CacheResult result = folders.cache().load();
    assertEquals(CacheStatus.SUCCESS, result.status(), step + ": " + result.reason());
    assertEquals(COMPILED, CacheFolders.contents(folders.local));
    folders.assertTidy();
  }
}
