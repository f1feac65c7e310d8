package dev.windlass.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.windlass.WindlassException;
import dev.windlass.store.StoreOptions;
import dev.windlass.store.TensorStore;
import dev.windlass.support.ChildJvm;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(180)
class VolumeCommandTest {
  private final CapturedTerminal captured = CapturedTerminal.plain();

  /** Lets so many intervals pass, then stops; meanwhile something else is done. */
  private int run(int intervals, Runnable meanwhile, String... arguments) {
    int[] left = {intervals};
    VolumeCommand.Stop stop =
        _ -> {
          meanwhile.run();
          return left[0]-- == 0;
        };
    return new VolumeCommand(Optional.of(stop)).run(List.of(arguments), captured.terminal());
  }

  @Test
  void itSaysWhereItListensAndWhatItHas(@TempDir Path folder) {
    String address = "shm://" + folder.resolve("v.sock");
    Runnable client =
        () -> {
          try (TensorStore store = TensorStore.open(address)) {
            store.putBytes("key", new byte[10]);
          }
        };
    assertEquals(Command.OK, run(1, client, "--listen", address, "--limit", "64M", "--evict"));
    assertTrue(captured.out().startsWith("Listening at " + address + "\n"), captured.out());
    assertTrue(captured.out().contains("Room for 64 MiB, evicts when it is full"), captured.out());
    assertTrue(captured.out().contains("1 entries"), captured.out());
    assertTrue(captured.out().contains("\nStopped: 1 entries"), captured.out());
    assertFalse(Files.exists(folder.resolve("v.sock")));
  }

  @Test
  void severalAddressesAndASecretFromAFile(@TempDir Path folder) throws IOException {
    Path secret = Files.writeString(folder.resolve("secret"), "0123456789abcdef\n");
    String shm = "shm://" + folder.resolve("v.sock");
    Runnable client =
        () -> {
          String tcp =
              captured
                  .out()
                  .lines()
                  .filter(line -> line.contains("tcp://"))
                  .map(line -> line.substring(line.indexOf("tcp://")))
                  .findFirst()
                  .orElseThrow();
          TensorStore.open(tcp, StoreOptions.usual().withSecret("0123456789abcdef")).close();
        };
    assertEquals(
        Command.OK,
        run(
            0,
            client,
            "--listen",
            shm + ",tcp://127.0.0.1:0",
            "--secret-file",
            secret.toString(),
            "--limit=16M"));
    assertFalse(captured.out().contains("0123456789abcdef"), captured.out());
  }

  @Test
  void whatIsWrongIsSaidBeforeAnythingIsOpened(@TempDir Path folder) throws IOException {
    Path secret = Files.writeString(folder.resolve("secret"), "short");
    Runnable nothing = () -> {};
    assertThrows(UsageException.class, () -> run(0, nothing, "--limit", "lots"));
    assertThrows(UsageException.class, () -> run(0, nothing, "--statistics", "0"));
    assertThrows(UsageException.class, () -> run(0, nothing, "--statistics", "often"));
    assertThrows(UsageException.class, () -> run(0, nothing, "--port", "1"));
    assertThrows(UsageException.class, () -> run(0, nothing, "--secret-file", secret.toString()));
    assertThrows(
        UsageException.class,
        () -> run(0, nothing, "--secret-file", folder.resolve("none").toString()));
    assertThrows(WindlassException.class, () -> run(0, nothing, "--listen", "tcp://0.0.0.0:0"));
    assertEquals("", captured.out());
  }

  @Test
  void aSignalStopsItAndItsSocketIsGone(@TempDir Path folder) throws Exception {
    Path socket = folder.resolve("v.sock");
    ChildJvm.Running child =
        new ChildJvm()
            .nativeAccess()
            .with(Main.class)
            .start(Main.class.getName(), "volume", "--listen", "shm://" + socket);
    awaitLine(child, "SIGTERM stops it");
    assertTrue(Files.exists(socket));
    child.process().destroy();
    ChildJvm.Result result = child.await();
    assertEquals(128 + 15, result.exitCode(), result.output());
    assertTrue(result.output().contains("Stopped: 0 entries"), result.output());
    assertFalse(Files.exists(socket));
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
