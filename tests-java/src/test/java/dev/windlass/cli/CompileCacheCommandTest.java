package dev.windlass.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.windlass.WindlassException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
class CompileCacheCommandTest {
  private static final String KEY = "cpu_architecture=x86_64,platform_system=Linux";

  @TempDir Path folder;
  private CapturedTerminal captured = CapturedTerminal.plain();
  private final Map<String, String> environment = new HashMap<>();
  private Path local;
  private Path shared;

  @BeforeEach
  void prepare() throws IOException {
    local = folder.resolve("local/torchinductor");
    shared = Files.createDirectories(folder.resolve("shared"));
    environment.put("WINDLASS_COMPILE_FACTORS", KEY);
  }

  private int run(String action, String... more) {
    captured = CapturedTerminal.plain();
    List<String> words = new ArrayList<>(List.of(action));
    words.addAll(Arrays.asList(more));
    words.addAll(List.of("--local", local.toString(), "--shared", shared.toString()));
    words.addAll(List.of("--work", folder.toString(), "--spare", "0"));
    return new CompileCacheCommand(environment).run(words, captured.terminal());
  }

  private void compile() throws IOException {
    Files.createDirectories(local.resolve("fxgraph"));
    Files.writeString(local.resolve("fxgraph/graph.py"), "print('compiled')\n");
    Files.write(local.resolve("kernel.so"), new byte[200_000]);
  }

  private String archive() throws IOException {
    try (Stream<Path> files = Files.list(shared)) {
      return files
          .map(file -> String.valueOf(file.getFileName()))
          .filter(name -> name.startsWith("cache_"))
          .findFirst()
          .orElseThrow();
    }
  }

  @Test
  void infoSaysThatADamagedArchiveCannotBeLoaded() throws IOException {
    compile();
    assertEquals(Command.OK, run("save"), captured.err());
    Files.writeString(shared.resolve(archive()), "damaged");
    assertEquals(Command.OK, run("info"), captured.err());
    assertTrue(captured.out().contains(shared + ": nothing to load"), captured.out());
    assertEquals(CompileCacheCommand.DOES_NOT_EXIST, run("load"), captured.err());
    assertTrue(captured.out().contains("the next save replaces it"), captured.out());
  }

  @Test
  void namesThatDifferInCaseOnlyAreSavedAndLoadedWhereTheOptionSaysSo() throws IOException {
    compile();
    Files.writeString(local.resolve("KERNEL.so"), "another");
    assertEquals(Command.FAILED, run("save"));
    assertTrue(captured.err().contains("case collisions are not allowed"), captured.err());
    assertEquals(Command.OK, run("save", "--allow-case-collisions"), captured.err());
    assertEquals(Command.OK, run("clear"), captured.err());
    assertEquals(Command.FAILED, run("load"));
    assertEquals(Command.OK, run("load", "--allow-case-collisions"), captured.err());
    assertEquals("another", Files.readString(local.resolve("KERNEL.so")));
  }

  @Test
  void eachStatusHasItsExitCode() throws IOException {
    assertEquals(CompileCacheCommand.DOES_NOT_EXIST, run("load"), captured.err());
    assertEquals(CompileCacheCommand.SKIPPED, run("save"), captured.err());
    compile();
    assertEquals(Command.OK, run("save"), captured.err());
    assertTrue(captured.out().startsWith("save: SUCCESS: "), captured.out());
    assertEquals(CompileCacheCommand.SKIPPED, run("save"), captured.err());
    assertEquals(CompileCacheCommand.SKIPPED, run("load"), captured.err());
    assertEquals(Command.OK, run("clear"), captured.err());
    assertFalse(Files.exists(local));
    assertEquals(Command.OK, run("load"), captured.err());
    assertEquals("print('compiled')\n", Files.readString(local.resolve("fxgraph/graph.py")));
    assertEquals(Command.OK, run("verify"), captured.err());
    assertEquals(Command.OK, run("verify", archive()), captured.err());
  }

  @Test
  void switchedOffItFails() {
    List<String> words = List.of("load", "--local", local.toString(), "--work", folder.toString());
    environment.put("B10FS_CACHE_DIR", shared.toString());
    environment.put("WINDLASS_COMPILE_ALLOWED_DIRS", folder.toString());
    int code = new CompileCacheCommand(environment).run(words, captured.terminal());
    assertEquals(Command.FAILED, code);
    assertTrue(captured.err().startsWith("load: ERROR: "), captured.err());
  }

  @Test
  void whatIsLargerThanTheLimitFailsAndLeavesNothing() throws IOException {
    compile();
    Files.write(local.resolve("random"), random(100_000));
    assertEquals(Command.FAILED, run("save", "--limit", "10K"));
    try (Stream<Path> files = Files.list(shared)) {
      assertEquals(0, files.filter(file -> file.toString().contains("cache_")).count());
    }
  }

  private static byte[] random(int bytes) {
    byte[] made = new byte[bytes];
    new java.util.Random(7).nextBytes(made);
    return made;
  }

  @Test
  void resultsComeAsJson() throws IOException {
    compile();
    assertEquals(Command.OK, run("save", "--json"));
    assertTrue(captured.out().contains("\"status\": \"SUCCESS\""), captured.out());
    assertEquals(Command.OK, run("info", "--json"), captured.out());
    for (String part :
        List.of(
            "\"environment_key\": \"",
            "\"local_cache_exists\": true",
            "\"b10fs_enabled\": true",
            "\"b10fs_cache_exists\": true",
            "\"local_cache_size_mb\": ",
            "\"b10fs_cache_size_mb\": ")) {
      assertTrue(captured.out().contains(part), part + " in " + captured.out());
    }
    assertEquals(Command.OK, run("list", "--json"));
    for (String part :
        List.of(
            "\"filename\": \"" + archive(),
            "\"is_current_environment\": true",
            "\"created_time\": ",
            "\"total_caches\": 1",
            "\"current_cache_exists\": true")) {
      assertTrue(captured.out().contains(part), part + " in " + captured.out());
    }
  }

  @Test
  void peopleGetTables() throws IOException {
    assertEquals(Command.OK, run("list"));
    assertTrue(captured.out().startsWith("No archives in "), captured.out());
    compile();
    assertEquals(Command.OK, run("save"));
    assertEquals(Command.OK, run("list"));
    assertTrue(captured.out().contains(archive()), captured.out());
    assertEquals(Command.OK, run("info"));
    assertTrue(captured.out().contains(shared + ", "), captured.out());
  }

  @Test
  void aMissIsExplainedByWhatDiffers() throws IOException {
    compile();
    assertEquals(Command.OK, run("save", "--factor", "torch_version=2.7.1"));
    assertEquals(Command.OK, run("explain", "--factor", "torch_version=2.7.1"));
    assertEquals(
        CompileCacheCommand.DOES_NOT_EXIST, run("explain", "--factor", "torch_version=2.8.0"));
    assertTrue(captured.out().contains(archive() + " differs in:"), captured.out());
    assertTrue(
        captured.out().matches("(?s).*torch_version +2\\.8\\.0 +2\\.7\\.1.*"), captured.out());
    assertEquals(
        CompileCacheCommand.DOES_NOT_EXIST,
        run("explain", "--json", "--factor", "torch_version=2.8.0"));
    assertTrue(captured.out().contains("\"there\": \"2.7.1\""), captured.out());
  }

  @Test
  void whetherALoadWasUsedIsTold() throws IOException {
    assertEquals(CompileCacheCommand.DOES_NOT_EXIST, run("verify-used"));
    compile();
    assertEquals(Command.OK, run("save"));
    assertEquals(Command.OK, run("clear"));
    assertEquals(Command.OK, run("load"));
    int before = run("verify-used", "--json");
    assertTrue(captured.out().contains("\"loaded_files\": 2"), captured.out());
    assertTrue(captured.out().contains("\"read_files\": 0"), captured.out());
    assertTrue(before == CompileCacheCommand.NOT_USED || before == CompileCacheCommand.CANNOT_TELL);
    Files.readString(local.resolve("fxgraph/graph.py"));
    int after = run("verify-used");
    assertEquals(before == CompileCacheCommand.NOT_USED ? Command.OK : before, after);
  }

  @Test
  void aFileIsTransferred() throws IOException {
    Path from = Files.writeString(folder.resolve("from"), "text");
    Path to = folder.resolve("to");
    assertEquals(Command.OK, run("transfer", from.toString(), to.toString()), captured.err());
    assertEquals("text", Files.readString(to));
    assertEquals(Command.FAILED, run("transfer", folder.resolve("none").toString(), to.toString()));
  }

  @Test
  void theModelAndItsConfigurationAreFactors() throws IOException {
    Path config = Files.writeString(folder.resolve("config.json"), "abc");
    run("explain", "--model", "org/name", "--config", config.toString());
    assertTrue(captured.out().matches("(?s).*model +org/name\n.*"), captured.out());
    assertTrue(captured.out().contains("ba7816bf8f01cfea"), captured.out());
    assertThrows(
        WindlassException.class, () -> run("explain", "--config", config.resolve("x").toString()));
  }

  @Test
  void aSealKeyIsAskedForByBothSides() throws IOException {
    Path secret = Files.writeString(folder.resolve("secret"), "0123456789abcdef0123456789abcdef");
    assertTrue(
        secret.toFile().setReadable(false, false) && secret.toFile().setReadable(true, true));
    compile();
    assertEquals(Command.OK, run("save"), captured.err());
    assertEquals(Command.OK, run("clear"));
    assertEquals(Command.FAILED, run("load", "--seal-key-file", secret.toString()));
    Files.delete(shared.resolve(archive()));
    compile();
    assertEquals(Command.OK, run("save", "--seal-key-file", secret.toString()), captured.err());
    assertEquals(Command.OK, run("clear"));
    assertEquals(Command.OK, run("load", "--seal-key-file", secret.toString()), captured.err());
  }

  @Test
  void warningsAreLinesOfTheirOwn() throws IOException {
    compile();
    environment.put("MAX_CONCURRENT_SAVES", "1000");
    assertEquals(Command.OK, run("save"));
    assertEquals(1, captured.err().lines().count(), captured.err());
    assertTrue(captured.err().startsWith("windlass: MAX_CONCURRENT_SAVES is 1000"));
  }

  @Test
  void whatIsWrongIsSaidWithTheWayOut() {
    CompileCacheCommand command = new CompileCacheCommand(environment);
    for (List<String> words :
        List.of(
            List.<String>of(),
            List.of("laod"),
            List.of("load", "archive"),
            List.of("verify", "a", "b"),
            List.of("transfer", "a"),
            List.of("load", "--key", "broad"),
            List.of("load", "--limit", "much"),
            List.of("load", "--factor", "torch"),
            List.of("load", "--seal-key-file", "f", "--unchecked"))) {
      assertThrows(
          UsageException.class, () -> command.run(words, captured.terminal()), words.toString());
    }
    assertEquals(
        "\"laod\" is nothing it does; did you mean load?",
        assertThrows(UsageException.class, () -> command.run(List.of("laod"), captured.terminal()))
            .getMessage());
  }

  @Test
  void itsHelpHasEveryActionAndEveryExitCode() {
    assertEquals(Command.OK, Main.run(List.of("compile-cache", "--help"), captured.terminal()));
    for (String word :
        List.of("load", "verify-used", "transfer FROM TO", "--seal-key-file", "Exit codes", "64")) {
      assertTrue(captured.out().contains(word), word);
    }
    captured.out().lines().forEach(line -> assertTrue(line.length() <= 120, line));
  }
}
