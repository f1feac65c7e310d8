package dev.windlass.script;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Goal: the script says what is wrong, and with the right exit code, on machines that lack
 * something.
 *
 * <p>Method: the environment is emptied, and PATH is a folder of links to the few tools that the
 * script itself needs. Nothing here builds, since these tests run in the middle of a build.
 */
class ScriptTest {
  private static final Path SCRIPT = Path.of(System.getProperty("windlass.root"), "windlass");
  private static final List<String> TOOLS =
      List.of(
          "bash",
          "cat",
          "cut",
          "dirname",
          "env",
          "grep",
          "readlink",
          "sed",
          "sort",
          "uname",
          "mkdir",
          "tail");

  @TempDir Path folder;

  private record Run(int code, String out, String err) {}

  private Run run(Path script, Map<String, String> environment, String... arguments)
      throws IOException, InterruptedException {
    Path out = folder.resolve("out");
    Path err = folder.resolve("err");
    ProcessBuilder builder =
        new ProcessBuilder(
            Stream.concat(Stream.of("/bin/bash", script.toString()), Arrays.stream(arguments))
                .toList());
    builder.environment().clear();
    builder.environment().put("PATH", barePath().toString());
    builder.environment().put("HOME", folder.toString());
    builder.environment().put("WINDLASS_JVM_DIR", folder.resolve("jvm").toString());
    builder.environment().putAll(environment);
    builder.directory(folder.toFile());
    Process process = builder.redirectOutput(out.toFile()).redirectError(err.toFile()).start();
    int code = process.waitFor();
    return new Run(code, Files.readString(out, UTF_8), Files.readString(err, UTF_8));
  }

  private Run run(String... arguments) throws IOException, InterruptedException {
    return run(SCRIPT, Map.of(), arguments);
  }

  /** A folder with what every Linux has, and nothing else. */
  private Path barePath() throws IOException {
    Path bin = Files.createDirectories(folder.resolve("bin"));
    for (String tool : TOOLS) {
      Path found =
          Arrays.stream(System.getenv("PATH").split(File.pathSeparator, -1))
              .map(path -> Path.of(path, tool))
              .filter(Files::isExecutable)
              .findFirst()
              .orElseThrow();
      if (Files.notExists(bin.resolve(tool))) {
        Files.createSymbolicLink(bin.resolve(tool), found);
      }
    }
    return bin;
  }

  /** A folder that looks like a JDK of a version. */
  private Path fakeJdk(Path where, String version) throws IOException {
    Files.createDirectories(where.resolve("bin"));
    for (String tool : List.of("java", "javac")) {
      Path file =
          Files.writeString(where.resolve("bin").resolve(tool), "#!/bin/bash\necho " + tool + "\n");
      assertTrue(file.toFile().setExecutable(true));
    }
    Files.writeString(where.resolve("release"), "JAVA_VERSION=\"" + version + "\"\n");
    return where;
  }

  @Test
  void helpListsEveryCommandWithoutBuildingAnything() throws Exception {
    for (String word : List.of("help", "--help", "-h")) {
      Run run = run(word);
      assertEquals(0, run.code(), run.err());
      for (String command :
          List.of("demo", "doctor", "compile-cache", "version", "help", "test", "bench")) {
        assertTrue(run.out().contains("\n  " + command), command);
      }
      assertEquals("", run.err());
    }
  }

  @Test
  void noArgumentIsHelp() throws Exception {
    assertEquals(run("help").out(), run().out());
  }

  @Test
  void itWorksThroughASymbolicLinkAndFromAnyFolder() throws Exception {
    Path link = Files.createSymbolicLink(folder.resolve("link"), SCRIPT);
    assertEquals(0, run(link, Map.of(), "help").code());
  }

  @Test
  void withoutAnyJdkItSaysHowToGetOne() throws Exception {
    for (String command : List.of("demo", "version", "test", "bench", "doctor")) {
      Run run = run(command);
      assertEquals(1, run.code(), command);
      assertTrue(run.err().contains("needs a JDK of version 25 or newer"), run.err());
      assertTrue(run.err().contains("sdk install java"), run.err());
      assertTrue(run.err().contains("JAVA_HOME"), run.err());
    }
  }

  @Test
  void aJdkThatIsTooOldIsNamed() throws Exception {
    Path old = fakeJdk(folder.resolve("jvm").resolve("java-17"), "17.0.15");
    Run run = run("demo");
    assertEquals(1, run.code());
    assertTrue(run.err().contains("too old: version 17 in " + old), run.err());
  }

  @Test
  void aRuntimeWithoutACompilerIsNoJdk() throws Exception {
    Path runtime = fakeJdk(folder.resolve("jvm").resolve("jre-25"), "25");
    Files.delete(runtime.resolve("bin").resolve("javac"));
    assertEquals(1, run("demo").code());
  }

  @Test
  void doctorListsWhatIsMissingToBuild() throws Exception {
    Run run = run("doctor");
    assertEquals(1, run.code());
    for (String name : List.of("maven", "cmake", "ninja-build", "g++")) {
      assertTrue(run.err().contains(name), name + " in " + run.err());
    }
  }

  @Test
  void aJdkIsFoundInEachPlaceThatMayHaveOne() throws Exception {
    Path home = folder.resolve("elsewhere");
    fakeJdk(home, "25.0.1");
    assertDoctorFindsAJdk(Map.of("JAVA_HOME", home.toString()));
    assertDoctorFindsAJdk(Map.of("PATH", barePath() + ":" + home.resolve("bin")));
    fakeJdk(folder.resolve(".sdkman/candidates/java/26-tem"), "26");
    assertDoctorFindsAJdk(Map.of());
  }

  @Test
  void anOldJavaHomeDoesNotHideANewerJdk() throws Exception {
    fakeJdk(folder.resolve("jvm").resolve("jdk-25"), "25");
    Path old = fakeJdk(folder.resolve("old"), "21.0.2");
    assertDoctorFindsAJdk(Map.of("JAVA_HOME", old.toString()));
  }

  /**
   * A copy of the script stands in a tree where nothing is built, so that doctor stops at what is
   * missing.
   */
  private void assertDoctorFindsAJdk(Map<String, String> environment) throws Exception {
    Path copy = folder.resolve("tree").resolve("windlass");
    Files.createDirectories(copy.getParent());
    if (Files.notExists(copy)) {
      Files.copy(SCRIPT, copy);
    }
    Run run = run(copy, environment, "doctor");
    assertFalse(run.err().contains("needs a JDK"), run.err());
    assertTrue(run.err().contains("needed to build Windlass"), run.err());
  }

  @Test
  void anUnknownTestStageIsAUsageError() throws Exception {
    Run run = run("test", "nativ");
    assertEquals(2, run.code());
    assertTrue(
        run.err().contains("no stage \"nativ\"; it has: native asan tsan java rdma lint"),
        run.err());
  }
}
