package dev.windlass.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.windlass.support.ChildJvm;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

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
}
