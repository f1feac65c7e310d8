package dev.windlass.cli;

import java.util.List;

/** One thing that the command line can do. */
interface Command {
  /** Exit code: it did what it says. */
  int OK = 0;

  /** Exit code: it could not. */
  int FAILED = 1;

  /** Exit code: it was called wrongly. */
  int USAGE = 2;

  String name();

  /** One line for the list of commands. */
  String summary();

  /** What may follow the name, such as {@code [--json]}; empty where nothing may. */
  String synopsis();

  /** What its help says below the summary; empty where that is all. */
  default String details() {
    return "";
  }

  /**
   * Runs it and returns the exit code.
   *
   * @throws UsageException where the arguments are not what it takes
   */
  int run(List<String> arguments, Terminal terminal);
}
