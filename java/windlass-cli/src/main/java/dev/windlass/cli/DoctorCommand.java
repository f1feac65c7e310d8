package dev.windlass.cli;

import dev.windlass.Windlass;
import dev.windlass.WindlassException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Says what of this machine Windlass can use, why the rest is off, and what to do about it. */
final class DoctorCommand implements Command {
  private final Machine machine;

  DoctorCommand() {
    this(new Machine(Path.of("/")));
  }

  DoctorCommand(Machine machine) {
    this.machine = machine;
  }

  @Override
  public String name() {
    return "doctor";
  }

  @Override
  public String summary() {
    return "says what of this machine Windlass can use, and what to do about the rest";
  }

  @Override
  public String synopsis() {
    return "[--json]";
  }

  @Override
  public int run(List<String> arguments, Terminal terminal) {
    boolean json = Arguments.parse(arguments, Set.of("--json"), Set.of()).has("--json");
    Finding windlass = windlass();
    boolean works = windlass.presence() == Finding.Presence.PRESENT;
    List<Finding> findings = findings(windlass, works);
    if (json) {
      terminal.out().println(toJson(findings, works));
    } else {
      terminal.out().print(toTable(findings, terminal.columns()));
      terminal.out().println();
      terminal
          .out()
          .println(
              works ? "Windlass works here." : "Windlass does NOT work here: " + windlass.detail());
    }
    return works ? OK : FAILED;
  }

  private List<Finding> findings(Finding windlass, boolean works) {
    List<Finding> findings = new ArrayList<>();
    findings.add(java());
    findings.add(nativeAccess());
    findings.add(windlass);
    findings.add(machine.platform());
    findings.add(machine.processor());
    findings.add(machine.freeMemory());
    findings.add(machine.temporaryFolder(System.getProperty("java.io.tmpdir")));
    findings.add(machine.hugepages());
    if (works) {
      findings.add(nativeLibrary());
      Windlass.features().stream().map(Finding::of).forEach(findings::add);
      findings.addAll(RdmaFindings.ofThisMachine());
    } else {
      findings.add(
          Finding.unknown("what is looked for natively", "needs the library, which does not load"));
    }
    return findings;
  }

  private static Finding java() {
    String detail =
        Runtime.version()
            + ", "
            + System.getProperty("java.vendor")
            + ", "
            + System.getProperty("java.home");
    return Finding.present("JDK", detail);
  }

  private static Finding nativeAccess() {
    return DoctorCommand.class.getModule().isNativeAccessEnabled()
        ? Finding.present("native access", "granted to the class path")
        : Finding.absent(
            "native access",
            "not granted: Java warns, and will refuse in a later release",
            "start java with --enable-native-access=ALL-UNNAMED");
  }

  private Finding windlass() {
    try {
      String detail = Windlass.version() + ", ABI " + Windlass.abiVersion();
      return Finding.present("Windlass", detail);
    } catch (WindlassException failure) {
      return Finding.absent(
          "Windlass",
          String.valueOf(failure.getMessage()),
          "build again with ./windlass version, or see what the message names");
    }
  }

  private Finding nativeLibrary() {
    return machine
        .loadedLibrary()
        .map(path -> Finding.present("native library", path))
        .orElseGet(() -> Finding.unknown("native library", "not to be seen in /proc/self/maps"));
  }

  static String toTable(List<Finding> findings, int width) {
    TextTable table = new TextTable("What", "State", "Found");
    for (Finding finding : findings) {
      String remedy = finding.remedy().isEmpty() ? "" : "\nto do: " + finding.remedy();
      String state = finding.presence().name().toLowerCase(java.util.Locale.ROOT);
      table.row(finding.name(), state, finding.detail() + remedy);
    }
    return table.render(width);
  }

  static String toJson(List<Finding> findings, boolean works) {
    Map<String, Object> document = new LinkedHashMap<>();
    document.put("works", works);
    document.put("findings", findings.stream().map(Finding::toMap).toList());
    return Json.write(document);
  }
}
