package dev.windlass.cli;

import dev.windlass.Windlass;
import java.util.List;
import java.util.Set;

/** Says which Windlass this is. */
final class VersionCommand implements Command {
  @Override
  public String name() {
    return "version";
  }

  @Override
  public String summary() {
    return "says which Windlass, ABI and Java this is";
  }

  @Override
  public String synopsis() {
    return "";
  }

  @Override
  public int run(List<String> arguments, Terminal terminal) {
    Arguments.parse(arguments, Set.of(), Set.of());
    terminal
        .out()
        .println("Windlass " + Windlass.version() + " (ABI " + Windlass.abiVersion() + ")");
    terminal
        .out()
        .println("Java " + Runtime.version() + " (" + System.getProperty("java.vendor") + ")");
    return OK;
  }
}
