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

/**
 * Goal: a process that is killed at any step of a save or a load leaves the state before or the
 * state after, and the next run works and cleans up.
 *
 * <p>Method: a child process for each step halts there; then this process looks and runs.
 */
class CacheKillTest {
  @TempDir private Path root;

  /** Steps that are reached with an ordinary archive. */
  private static List<Step> steps(String beginning) {
    return Stream.of(Step.values())
        .filter(step -> step.name().startsWith(beginning))
        .filter(step -> step != Step.LOAD_UNPACKED)
        .toList();
  }

  private ChildJvm.Running start(CacheFolders folders, Step step) throws Exception {
    return new ChildJvm()
        .nativeAccess()
        .with(CompileCache.class)
        .start(CacheChild.class.getName(), "halt", folders.root.toString(), step.name());
  }

  private Map<Step, CacheFolders> killAt(List<Step> steps, boolean saved) throws Exception {
    Map<Step, CacheFolders> killed = new EnumMap<>(Step.class);
    Map<Step, ChildJvm.Running> running = new EnumMap<>(Step.class);
    for (Step step : steps) {
      CacheFolders folders = new CacheFolders(root.resolve(step.name()));
      folders.compile();
      if (saved) {
        assertEquals(CacheStatus.SUCCESS, folders.cache().save().status());
        folders.clear();
      } else if (step == Step.SAVE_DISPLACED) {
        CacheFolders.write(folders.archive(), "");
      }
      killed.put(step, folders);
      running.put(step, start(folders, step));
    }
    for (Map.Entry<Step, ChildJvm.Running> child : running.entrySet()) {
      ChildJvm.Result result = child.getValue().await();
      assertEquals(9, result.exitCode(), child.getKey() + ": " + result.output());
    }
    return killed;
  }

  @Test
  void aKillAtAnyStepOfASaveLeavesNoHalfArchive() throws Exception {
    List<Step> steps = steps("SAVE");
    assertTrue(steps.size() >= 10);
    for (Map.Entry<Step, CacheFolders> each : killAt(steps, false).entrySet()) {
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
    for (Map.Entry<Step, CacheFolders> each : killAt(steps("LOAD"), true).entrySet()) {
      Step step = each.getKey();
      CacheFolders folders = each.getValue();
      boolean loaded = step.compareTo(Step.LOAD_EXCHANGED) >= 0;
      assertEquals(loaded, Files.exists(folders.local), step.toString());
      if (loaded) {
        assertEquals(3, CacheFolders.contents(folders.local).size());
        assertEquals(CacheStatus.SKIPPED, folders.cache().load().status());
      }
      assertLoads(step, folders);
    }
  }

  private static void assertLoads(Step step, CacheFolders folders) {
    folders.clear();
    CacheResult result = folders.cache().load();
    assertEquals(CacheStatus.SUCCESS, result.status(), step + ": " + result.reason());
    assertEquals(3, CacheFolders.contents(folders.local).size());
    folders.assertTidy();
  }
}
