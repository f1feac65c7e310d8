package dev.windlass.readme;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.windlass.support.ChildJvm;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReadmeTest {
  private static final Path ROOT = Path.of(System.getProperty("windlass.root", ".."));

  /** The text of the first block of a language. */
  private static String block(String language) throws IOException {
    String readme = Files.readString(ROOT.resolve("README.md"));
    String opening = "```" + language + "\n";
    int start = readme.indexOf(opening) + opening.length();
    return readme.substring(start, readme.indexOf("```", start));
  }

  @Test
  void theJavaSampleRunsWithTheJarAloneAndKeepsItsBytes(@TempDir Path folder) throws Exception {
    Path sample = Files.writeString(folder.resolve("Sample.java"), block("java"));
    ChildJvm.Result result = new ChildJvm().nativeAccess().run(sample.toString());
    assertEquals(0, result.exitCode(), result.output());
    assertTrue(result.output().contains("freedBytes=67108864"), result.output());
    assertTrue(result.output().endsWith("0.5"), result.output());
  }

  @Test
  void theCppSampleIsTheOneThatTheConsumerProjectBuildsAndRuns() throws IOException {
    Path sample = ROOT.resolve("tests-native/consumer/project/sample.cpp");
    assertEquals(Files.readString(sample), block("cpp"));
  }
}
