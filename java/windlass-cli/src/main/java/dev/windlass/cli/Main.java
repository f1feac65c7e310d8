package dev.windlass.cli;

import dev.windlass.WindlassException;
import java.util.List;

/**
 * Finds the command that is asked for and runs it; exits with 0 (ok), 1 (failed) or 2 (usage), or
 * with what else the command says of itself.
 */
public final class Main {
  private static final List<Command> COMMANDS =
      List.of(
          new CompileCacheCommand(),
          new DemoCommand(),
          new DevicesCommand(),
          new DoctorCommand(),
          new VersionCommand(),
          new VolumeCommand());

  private Main() {}

  public static void main(String[] arguments) {
    int code = run(List.of(arguments), Terminal.standard());
    System.out.flush();
    System.exit(code);
  }

  static int run(List<String> arguments, Terminal terminal) {
    if (arguments.isEmpty() || asksForHelp(arguments.getFirst())) {
      terminal.out().print(commandList());
      return Command.OK;
    }
    String name = arguments.getFirst();
    for (Command command : COMMANDS) {
      if (command.name().equals(name)) {
        return run(command, arguments.subList(1, arguments.size()), terminal);
      }
    }
    terminal.err().print(unknown(name));
    return Command.USAGE;
  }

  private static int run(Command command, List<String> arguments, Terminal terminal) {
    // Behind "--" are the words of another program, whose help is its own.
    if (arguments.stream().takeWhile(word -> !word.equals("--")).anyMatch(Main::asksForHelp)) {
      terminal.out().println(usage(command));
      terminal.out().println(command.summary());
      terminal.out().print(command.details());
      return Command.OK;
    }
    try {
      return command.run(arguments, terminal);
    } catch (UsageException wrong) {
      terminal.err().println("windlass " + command.name() + ": " + wrong.getMessage());
      terminal.err().println(usage(command));
      return Command.USAGE;
    } catch (WindlassException failure) {
      terminal.err().println("windlass " + command.name() + ": " + failure.getMessage());
      return Command.FAILED;
    }
  }

  private static boolean asksForHelp(String word) {
    return word.equals("help") || word.equals("--help") || word.equals("-h");
  }

  private static String usage(Command command) {
    return ("Usage: ./windlass " + command.name() + " " + command.synopsis()).stripTrailing();
  }

  private static String unknown(String name) {
    StringBuilder text = new StringBuilder("windlass: there is no command \"" + name + "\"");
    List<String> names = COMMANDS.stream().map(Command::name).toList();
    Names.nearest(name, names)
        .ifPresent(near -> text.append("; did you mean \"").append(near).append("\"?"));
    return text.append('\n').append(commandList()).toString();
  }

  private static String commandList() {
    TextTable table = new TextTable("Command", "What it does");
    for (Command command : COMMANDS) {
      table.row("  " + (command.name() + " " + command.synopsis()).strip(), command.summary());
    }
    table.row("  help", "lists every command of ./windlass, those for developers too");
    return table.withoutHeadings().render(Integer.MAX_VALUE);
  }
}
