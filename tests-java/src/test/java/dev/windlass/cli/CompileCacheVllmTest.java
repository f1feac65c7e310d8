package dev.windlass.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import dev.windlass.compile.CompileCache;
import dev.windlass.compile.FakeVllm;
import dev.windlass.compile.FakeVllm.Turn;
import dev.windlass.support.ChildJvm;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Goal: a fake server drives the command through every exit code, alone and with a child. */
@Timeout(180)
class CompileCacheVllmTest {
  private static final Map<String, String> KEY =
      Map.of("WINDLASS_COMPILE_FACTORS", "cpu_architecture=x86_64,platform_system=Linux");

  @TempDir Path folder;
  private CapturedTerminal captured = CapturedTerminal.plain();
  private Path local;
  private Path shared;

  @BeforeEach
  void prepare() throws IOException {
    local = folder.resolve("local/torchinductor");
    shared = Files.createDirectories(folder.resolve("shared"));
  }

  private List<String> words(FakeVllm server, String... more) {
    List<String> words = new ArrayList<>(List.of("vllm"));
    words.addAll(List.of("--url", server.url().toString(), "--interval", "0.01"));
    words.addAll(List.of("--local", local.toString(), "--shared", shared.toString()));
    words.addAll(List.of("--work", folder.toString(), "--spare", "0"));
    words.addAll(Arrays.asList(more));
    return words;
  }

  private int run(FakeVllm server, String... more) {
    captured = CapturedTerminal.plain();
    return new CompileCacheCommand(KEY).run(words(server, more), captured.terminal());
  }

  private void compile() throws IOException {
    Files.createDirectories(local);
    Files.writeString(local.resolve("kernel.py"), "compiled");
  }

  @Test
  void aServerThatBecomesReadyIsSavedAndTheNextOneIsLoaded() throws IOException {
    compile();
    try (FakeVllm server = new FakeVllm(Turn.CLOSE, Turn.LOADING, Turn.READY)) {
      assertEquals(0, run(server), captured.err());
      assertTrue(captured.err().contains("load: DOES_NOT_EXIST"), captured.err());
      assertTrue(captured.err().contains("not ready: the server answers 503"), captured.err());
      assertTrue(captured.err().contains("save: SUCCESS"), captured.err());
      assertEquals("", captured.out(), "standard output is the server's");
    }
    Files.delete(local.resolve("kernel.py"));
    Files.delete(local);
    try (FakeVllm server = new FakeVllm(Turn.HANG)) {
      assertEquals(0, run(server, "--json"), captured.err());
      assertTrue(captured.out().contains("\"ending\": \"FINE\""), captured.out());
      assertEquals(List.of(), server.requests());
    }
    assertEquals("compiled", Files.readString(local.resolve("kernel.py")));
  }

  @Test
  void aServerThatIsNotReadyInTimeIsTwo() throws IOException {
    for (Turn turn : List.of(Turn.HANG, Turn.LOADING, Turn.RUBBISH)) {
      try (FakeVllm server = new FakeVllm(turn)) {
        assertEquals(
            2, run(server, "--timeout", "0.3", "--request-timeout", "0.1"), captured.err());
      }
    }
  }

  @Test
  void aSaveThatFailsIsThree() throws IOException {
    compile();
    byte[] random = new byte[100_000];
    new java.util.Random(7).nextBytes(random);
    Files.write(local.resolve("random"), random);
    try (FakeVllm server = new FakeVllm(Turn.READY)) {
      assertEquals(3, run(server, "--limit", "10K"), captured.err());
      assertTrue(captured.err().contains("save: ERROR"), captured.err());
    }
  }

  @Test
  void aWaitThatCannotBeginIsOne() throws IOException {
    try (FakeVllm server = new FakeVllm(Turn.READY)) {
      assertEquals(1, run(server, "--seal-key-file", folder.resolve("none").toString()));
      assertEquals(List.of(), server.requests());
    }
  }

  @Test
  void aWrongCallIsSixtyFour() throws IOException {
    try (FakeVllm server = new FakeVllm(Turn.READY)) {
      assertEquals(64, run(server, "--timeout", "soon"));
      assertEquals(64, run(server, "--intervall", "2"));
      assertEquals(64, run(server, "--"));
      assertEquals(64, run(server, "serve"));
      assertEquals(64, run(server, "--json", "--", "true"));
      assertEquals(64, run(server, "--limit", "much"));
      assertEquals(List.of(), server.requests());
    }
  }

  private ChildJvm.Running start(FakeVllm server, String... command) throws IOException {
    List<String> words = new ArrayList<>(List.of(Main.class.getName(), "compile-cache"));
    words.addAll(words(server, "--"));
    words.addAll(List.of(command));
    ChildJvm child =
        new ChildJvm()
            .nativeAccess()
            .with(Main.class)
            .with(CompileCache.class)
            .with(FakeVllm.class);
    KEY.forEach(child::environment);
    return child.start(words.toArray(String[]::new));
  }

  @Test
  void theExitCodeOfTheCommandComesBack() throws Exception {
    try (FakeVllm server = new FakeVllm(Turn.LOADING)) {
      ChildJvm.Result result = start(server, "sh", "-c", "echo served; exit 7").await();
      assertEquals(7, result.exitCode(), result.output());
      assertTrue(result.output().contains("served"), result.output());
      assertEquals(127, start(server, "no-such-server").await().exitCode());
      Path file = Files.writeString(folder.resolve("no-program"), "text");
      assertEquals(126, start(server, file.toString()).await().exitCode());
      assertEquals(137, start(server, "sh", "-c", "kill -KILL $$").await().exitCode());
    }
  }

  @Test
  void theHelpOfTheCommandIsItsOwn() throws Exception {
    try (FakeVllm server = new FakeVllm(Turn.LOADING)) {
      ChildJvm.Result result = start(server, "sh", "-c", "echo own; exit 5", "--help").await();
      assertEquals(5, result.exitCode(), result.output());
      assertFalse(result.output().contains("Usage:"), result.output());
    }
  }

  @Test
  void aCacheThatCannotBeUsedDoesNotKeepTheServerFromServing() throws Exception {
    ChildJvm child = new ChildJvm().nativeAccess().with(Main.class).with(CompileCache.class);
    ChildJvm.Result result =
        child
            .environment("B10FS_CACHE_DIR", "/cache/../etc")
            .run(Main.class.getName(), "compile-cache", "vllm", "--", "sh", "-c", "exit 9");
    assertEquals(9, result.exitCode(), result.output());
    assertTrue(result.output().contains("B10FS_CACHE_DIR"), result.output());
  }

  @ParameterizedTest
  @ValueSource(ints = {15, 2, 1})
  void signalsGoOnToTheCommand(int signal) throws Exception {
    assumeFalse(
        isIgnoredHere(signal), "whoever started the tests has signal " + signal + " ignored");
    try (FakeVllm server = new FakeVllm(Turn.LOADING)) {
      ChildJvm.Running running = start(server, "sh", "-c", "echo started; exec sleep 100");
      awaitLine(running, "started");
      assertTrue(Signals.send(running.process().pid(), signal));
      ChildJvm.Result result = running.await();
      assertEquals(128 + signal, result.exitCode(), result.output());
    }
  }

  /** As shells do with SIGINT for what they run in the background; all children have it so too. */
  private static boolean isIgnoredHere(int signal) throws IOException {
    String mask =
        Files.readAllLines(Path.of("/proc/self/status")).stream()
            .filter(line -> line.startsWith("SigIgn:"))
            .findFirst()
            .orElse("0")
            .replace("SigIgn:", "")
            .strip();
    return (Long.parseUnsignedLong(mask, 16) >> (signal - 1) & 1) != 0;
  }

  @Test
  void aCommandThatMakesSomethingOfASignalIsHeard() throws Exception {
    try (FakeVllm server = new FakeVllm(Turn.LOADING)) {
      String script = "trap 'kill $!; echo ended; exit 42' TERM; sleep 100 & echo started; wait";
      ChildJvm.Running running = start(server, "sh", "-c", script);
      awaitLine(running, "started");
      running.process().destroy();
      ChildJvm.Result result = running.await();
      assertEquals(42, result.exitCode(), result.output());
      assertTrue(result.output().contains("ended"), result.output());
    }
  }

  @Test
  void whileTheCommandServesTheCacheIsSaved() throws Exception {
    compile();
    try (FakeVllm server = new FakeVllm(Turn.LOADING, Turn.READY)) {
      ChildJvm.Running running = start(server, "sh", "-c", "exec sleep 100");
      awaitLine(running, "save: SUCCESS");
      assertTrue(running.process().isAlive(), "the command serves on");
      running.process().destroy();
      assertEquals(128 + 15, running.await().exitCode());
    }
  }

  private static void awaitLine(ChildJvm.Running child, String text) throws IOException {
    while (true) {
      try (BufferedReader said = Files.newBufferedReader(child.output())) {
        if (said.lines().anyMatch(line -> line.contains(text))) {
          return;
        }
      }
      assertTrue(child.process().isAlive(), "it ended: " + Files.readString(child.output()));
      Thread.onSpinWait();
    }
  }
}
