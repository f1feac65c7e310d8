package dev.windlass.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.windlass.compile.CompileCache;
import dev.windlass.support.ChildJvm;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Each example runs with the jar alone, and says what it is to say. */
class ExamplesTest {
  private static final Path EXAMPLES =
      Path.of(System.getProperty("windlass.root", ".."), "java", "examples");

  private static List<String> run(String example) throws Exception {
    String source = EXAMPLES.resolve(example + ".java").toAbsolutePath().toString();
    ChildJvm.Result result = new ChildJvm().nativeAccess().run(source);
    assertEquals(0, result.exitCode(), result.output());
    return result.output().lines().toList();
  }

  @Test
  void aSecondPutFindsTheBufferOfTheFirst() throws Exception {
    assertEquals(
        List.of("The newest came back: true", "Cached buffers: 1, hits: 1"), run("BasicCaching"));
  }

  @Test
  void aTrainingLoopWhoseKeyChangesHitsAfterTheFirstEpoch() throws Exception {
    assertEquals(
        List.of("Cached buffers: 3, hits: 12", "Epochs read back: 0.0 to 4.0"),
        run("TrainingLoop"));
  }

  @Test
  void theCacheHasTheSizesThatTheDocumentSays() throws Exception {
    assertEquals(
        List.of("Cached buffers: 2", "After remove: 1", "After clear: 0"), run("CacheManagement"));
  }

  @Test
  void anotherProcessReadsThroughSharedMemory() throws Exception {
    assertEquals(List.of("Over SHM: 42.0", "The reader ended with 0"), run("TwoProcesses"));
  }

  @Test
  void aReaderPullsWhatATrainerOffersAfterEachStep() throws Exception {
    assertEquals(
        List.of(
            "Step 1.0, plans made: 1",
            "Step 2.0, plans made: 0",
            "Step 3.0, plans made: 0",
            "The reader ended with 0"),
        run("DirectSync"));
  }

  @Test
  void aModelsStartSavesWhatItCompiledAndItsStateIsTold(@TempDir Path root) throws Exception {
    Path local = Files.createDirectory(root.resolve("local"));
    Files.writeString(local.resolve("kernel"), "compiled");
    assertEquals(
        List.of("load: DOES_NOT_EXIST", "save: SUCCESS"),
        runCachedExample("CompileCacheModel", root));
    List<String> state = runCachedExample("CompileCacheStatus", root);
    assertEquals(
        List.of("Local cache: true", "Remote cache: true", "Total caches: 1"), state.subList(1, 4));
  }

  /** The sample of the module's own README. */
  @Test
  void theSampleOfTheCompileCacheSavesAtTheFirstStartAndLoadsAtTheNext(@TempDir Path root)
      throws Exception {
    Path readme = EXAMPLES.resolveSibling("windlass-compile").resolve("README.md");
    Matcher sample = Pattern.compile("(?ms)^```java\n(.*?)^```$").matcher(Files.readString(readme));
    assertTrue(sample.find(), "it has a sample");
    Path source = Files.writeString(root.resolve("Sample.java"), sample.group(1));
    assertFalse(sample.find(), "each sample is run by a test of its own");
    Path kernel = Files.createDirectory(root.resolve("local")).resolve("kernel");
    Files.writeString(kernel, "compiled");
    assertEquals(
        List.of("load: DOES_NOT_EXIST", "save: SUCCESS", "used: NO_RECORD"),
        runCached(source.toString(), root));
    Files.delete(kernel);
    List<String> next = runCached(source.toString(), root);
    assertEquals("load: SUCCESS", next.getFirst());
    assertEquals("compiled", Files.readString(kernel));
    assertEquals(2, next.size(), next.toString());
  }

  private static List<String> runCachedExample(String example, Path root) throws Exception {
    return runCached(EXAMPLES.resolve(example + ".java").toAbsolutePath().toString(), root);
  }

  private static List<String> runCached(String source, Path root) throws Exception {
    ChildJvm.Result result =
        new ChildJvm()
            .nativeAccess()
            .with(CompileCache.class)
            .environment("BASETEN_FS_ENABLED", "1")
            .environment("TORCHINDUCTOR_CACHE_DIR", root.resolve("local"))
            .environment("B10FS_CACHE_DIR", root.resolve("shared"))
            .environment("LOCAL_WORK_DIR", root)
            .environment("WINDLASS_COMPILE_ALLOWED_DIRS", root)
            .environment("WINDLASS_COMPILE_MIN_LOCAL_MB", "1")
            .environment("WINDLASS_COMPILE_MIN_SHARED_MB", "1")
            .environment("WINDLASS_COMPILE_TRUST", "unchecked")
            .run(source);
    assertEquals(0, result.exitCode(), result.output());
    return result.output().lines().toList();
  }
}
