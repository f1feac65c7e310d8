package dev.windlass.compile;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.windlass.support.ChildJvm;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Shared directories that something is wrong with. */
class CacheFaultsTest {
  @TempDir private Path root;
  private CacheFolders folders;

  @BeforeEach
  void prepare() {
    folders = new CacheFolders(root);
  }

  private CompileCache at(Step wanted, Path gone) {
    return CacheFolders.cache(
        folders.settings().build(),
        step -> {
          if (step == wanted) {
            try {
              Trees.delete(gone);
            } catch (IOException e) {
              throw new IllegalStateException(e);
            }
          }
        });
  }

  @Test
  void aSharedDirectoryThatVanishesDuringASaveIsAnError() {
    for (Step step : List.of(Step.SAVE_CLAIMED, Step.SAVE_ARCHIVED, Step.SAVE_COPIED)) {
      folders = new CacheFolders(root.resolve(step.name()));
      folders.compile();
      CacheResult result = at(step, folders.shared).save();
      assertEquals(CacheStatus.ERROR, result.status(), step + ": " + result.reason());
      assertEquals(3, CacheFolders.contents(folders.local).size());
      assertEquals(List.of(), CacheFolders.names(folders.work));
    }
  }

  @Test
  void aSharedDirectoryThatVanishesDuringALoadIsAnError() {
    folders.compile();
    assertEquals(CacheStatus.SUCCESS, folders.cache().save().status());
    folders.clear();
    CacheResult result = at(Step.LOAD_CHECKED, folders.shared).load();
    assertEquals(CacheStatus.ERROR, result.status(), result.reason());
    assertFalse(Files.exists(folders.local));
    assertEquals(List.of(), CacheFolders.names(folders.local.getParent()));
    assertEquals(CacheStatus.DOES_NOT_EXIST, folders.cache().load().status());
  }

  @Test
  void somethingElseUnderTheArchivesNameIsLeftAlone() throws IOException {
    Files.createDirectories(folders.archive().resolve("of somebody"));
    folders.compile();
    CacheResult saved = folders.cache().save();
    assertEquals(CacheStatus.ERROR, saved.status(), saved.reason());
    assertTrue(saved.reason().contains("is not a regular file: remove it"), saved.reason());
    folders.clear();
    CacheResult loaded = folders.cache().load();
    assertEquals(CacheStatus.ERROR, loaded.status(), loaded.reason());
    assertTrue(Files.exists(folders.archive().resolve("of somebody")));
    folders.assertTidy();
  }

  @Test
  void aFullSharedDirectoryIsAnErrorThatLeavesNothing() throws Exception {
    String output = onMounted("mount -t tmpfs -o mode=700,size=256k none \"$0\"");
    assertTrue(output.contains("save CacheResult[status=ERROR"), output);
    assertTrue(output.contains("Free some"), output);
    assertTrue(output.contains("load CacheResult[status=DOES_NOT_EXIST"), output);
    assertTrue(output.contains("local false"), output);
    assertTrue(output.contains("work []"), output);
    assertTrue(output.contains("shared []"), output);
  }

  @Test
  void aReadOnlySharedDirectoryIsAnErrorForASaveOnly() throws Exception {
    Path mounted = root.resolve("mounted");
    CacheFolders writer = new CacheFolders(root.resolve("writer"));
    writer.compile();
    String fill = "mount -t tmpfs -o mode=700 none \"$0\" && mount -o remount,ro \"$0\"";
    String output = onMounted(fill);
    assertTrue(output.contains("save CacheResult[status=ERROR"), output);
    assertTrue(output.contains("Read-only file system"), output);
    assertTrue(output.contains("load CacheResult[status=DOES_NOT_EXIST"), output);
    assertTrue(output.contains("work []"), output);
    assertFalse(Files.exists(mounted.resolve(".windlass")));
    writer.assertTidy();
  }

  @Test
  void aLocalDirectoryThatIsAMountPointIsToldAndOneWithinItWorks() throws Exception {
    folders.compile();
    assertEquals(CacheStatus.SUCCESS, folders.cache().save().status());
    folders.clear();
    Files.createDirectory(folders.local);
    String output = onMounted("mount -t tmpfs -o mode=700 none \"$0\"", folders.local, "mounted");
    assertTrue(output.contains("load CacheResult[status=ERROR"), output);
    assertTrue(
        output.contains("If a file system is mounted there, set TORCHINDUCTOR_CACHE_DIR"), output);
    assertTrue(output.contains("local []"), output);
    assertTrue(output.contains("beside [torchinductor]"), output);
    assertTrue(output.contains("within CacheResult[status=SUCCESS"), output);
    assertTrue(output.contains("within/triton/kernel.cubin"), output);
    assertTrue(output.contains("save SKIPPED"), output);
    assertTrue(output.contains("was emptied"), output);
    assertTrue(output.contains("cleared []"), output);
    folders.assertTidy();
  }

  /** Runs the child with a file system of its own in place of the shared directory. */
  private String onMounted(String mount) throws Exception {
    Path mounted = Files.createDirectory(root.resolve("mounted"));
    return onMounted(mount, mounted, "fault", mounted.toString());
  }

  private String onMounted(String mount, Path mounted, String action, String... more)
      throws Exception {
    List<String> words = new ArrayList<>();
    words.addAll(List.of(CacheChild.class.getName(), action, folders.root.toString()));
    words.addAll(List.of(more));
    List<String> before =
        List.of(
            "unshare",
            "--map-root-user",
            "--mount",
            "sh",
            "-c",
            mount + " && exec \"$@\"",
            mounted.toString());
    List<String> trial = new ArrayList<>(before);
    trial.add("true");
    int refused;
    try {
      refused = new ProcessBuilder(trial).start().waitFor();
    } catch (IOException e) {
      refused = 127;
    }
    assumeTrue(refused == 0, "this machine does not let a test mount a file system");
    ChildJvm.Result result =
        new ChildJvm()
            .under(before.toArray(String[]::new))
            .nativeAccess()
            .with(CompileCache.class)
            .run(words.toArray(String[]::new));
    assertEquals(0, result.exitCode(), result.output());
    return result.output();
  }
}
