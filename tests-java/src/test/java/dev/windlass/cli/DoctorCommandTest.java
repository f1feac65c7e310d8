package dev.windlass.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.windlass.Feature;
import dev.windlass.Windlass;
import dev.windlass.support.ChildJvm;
import java.util.List;
import org.junit.jupiter.api.Test;

class DoctorCommandTest {
  private final CapturedTerminal captured = CapturedTerminal.plain();

  @Test
  void everyFeatureOfTheLibraryHasARow() {
    assertEquals(Command.OK, new DoctorCommand().run(List.of(), captured.terminal()));
    for (Feature feature : Windlass.features()) {
      assertTrue(captured.out().contains(feature.name()), feature.name());
    }
    assertTrue(captured.out().contains("/libwindlass.so"), captured.out());
    assertTrue(captured.out().endsWith("Windlass works here.\n"), captured.out());
  }

  @Test
  void withoutTheLibraryItSaysWhyAndStillTellsTheRest() throws Exception {
    ChildJvm.Result result =
        new ChildJvm()
            .with(Main.class)
            .nativeAccess()
            .property("dev.windlass.library.path", "/nonexistent/libwindlass.so")
            .run(Main.class.getName(), "doctor", "--json");
    assertEquals(Command.FAILED, result.exitCode(), result.output());
    assertTrue(result.output().contains("\"works\": false"), result.output());
    assertTrue(result.output().contains("There is no library at"), result.output());
    assertTrue(result.output().contains("\"free memory\""), result.output());
  }

  @Test
  void noLineIsWiderThanTheTerminalWhereWordsAllow() {
    Finding finding = Finding.absent("RDMA", "word ".repeat(40).strip(), "do ".repeat(40).strip());
    DoctorCommand.toTable(List.of(finding), 60)
        .lines()
        .forEach(line -> assertTrue(line.length() <= 60, line));
  }

  @Test
  void aRemedyStandsBelowWhatWasFound() {
    String table = DoctorCommand.toTable(List.of(Finding.absent("RDMA", "off", "turn on")), 80);
    assertTrue(table.contains("absent  off\n"), table);
    assertTrue(table.contains("        to do: turn on\n"), table);
    String healthy = DoctorCommand.toTable(List.of(Finding.present("RDMA", "on")), 80);
    assertFalse(healthy.contains("to do"), healthy);
  }

  @Test
  void theSameComesAsJson() {
    assertEquals(Command.OK, new DoctorCommand().run(List.of("--json"), captured.terminal()));
    assertTrue(captured.out().startsWith("{\n  \"works\": true,\n"), captured.out());
    assertEquals(
        """
        {
          "works": false,
          "findings": [
            {
              "name": "RDMA",
              "state": "absent",
              "detail": "no \\"device\\"",
              "remedy": ""
            }
          ]
        }""",
        DoctorCommand.toJson(List.of(Finding.absent("RDMA", "no \"device\"", "")), false));
  }

  @Test
  void anUnknownArgumentIsRefused() {
    assertThrows(
        UsageException.class, () -> new DoctorCommand().run(List.of("--jsn"), captured.terminal()));
  }
}
