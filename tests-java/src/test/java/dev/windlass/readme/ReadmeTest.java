package dev.windlass.readme;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.windlass.support.ChildJvm;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReadmeTest {
  private static final Path ROOT = Path.of(System.getProperty("windlass.root", ".."));

  /** The texts of the blocks of a language, in their order. */
  private static List<String> blocks(String language) throws IOException {
    Pattern block = Pattern.compile("(?ms)^```" + language + "\n(.*?)^```$");
    return block
        .matcher(Files.readString(ROOT.resolve("README.md")))
        .results()
        .map(found -> found.group(1))
        .toList();
  }

  private static String run(Path folder, String program) throws IOException, InterruptedException {
    Path sample = Files.writeString(folder.resolve("Sample.java"), program);
    ChildJvm.Result result = new ChildJvm().nativeAccess().run(sample.toString());
    assertEquals(0, result.exitCode(), result.output());
    return result.output();
  }

  @Test
  void theJavaSampleRunsWithTheJarAloneAndKeepsItsBytes(@TempDir Path folder) throws Exception {
    String output = run(folder, blocks("java").getFirst());
    assertTrue(output.contains("freedBytes=67108864"), output);
    assertTrue(output.endsWith("0.5"), output);
  }

  @Test
  void theSampleOfManyRegionsPausesAllAndResumesByTag(@TempDir Path folder) throws Exception {
    assertEquals(3, blocks("java").size(), "each is run by a test of its own");
    String output = run(folder, blocks("java").get(1));
    assertTrue(output.endsWith("ACTIVE, PAUSED"), output);
  }

  @Test
  void theSampleOfTheStoreUsesItsBuffersAgainAndLeasesWhatWasPutLast(@TempDir Path folder)
      throws Exception {
    String output = run(folder, blocks("java").get(2));
    assertTrue(output.contains("2 buffers, used again 4 times"), output);
    assertTrue(output.endsWith("2.0"), output);
  }

  @Test
  void theCppSampleIsTheOneThatTheConsumerProjectBuildsAndRuns() throws IOException {
    Path sample = ROOT.resolve("tests-native/consumer/project/sample.cpp");
    assertEquals(List.of(Files.readString(sample)), blocks("cpp"));
  }
}
