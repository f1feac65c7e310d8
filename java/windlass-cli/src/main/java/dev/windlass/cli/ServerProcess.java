package dev.windlass.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;

/**
 * A command that runs as a child, on this process's own input and output: signals that come to this
 * process go on to it, and its exit code comes back.
 */
final class ServerProcess {
  /** As shells have it: the command is there and cannot be run. */
  static final int CANNOT_RUN = 126;

  /** As shells have it: there is no such command. */
  static final int NOT_FOUND = 127;

  /** How Java tells of EACCES, in its older and its newer words. */
  private static final Pattern NOT_PERMITTED = Pattern.compile("error[=:] ?13\\b");

  /** The command could not be started. */
  static final class NotStarted extends IOException {
    private static final long serialVersionUID = 1L;

    private final int exitCode;

    NotStarted(int exitCode, String message, IOException cause) {
      super(message, cause);
      this.exitCode = exitCode;
    }

    int exitCode() {
      return exitCode;
    }
  }

  private static final int INTERRUPT = 2;

  private final Process process;
  private final boolean terminal;

  private ServerProcess(Process process, boolean terminal) {
    this.process = process;
    this.terminal = terminal;
  }

  /**
   * Starts it. Signals are taken before, so that none that comes meanwhile ends this process alone.
   *
   * @param stopping is told when a signal has been passed on
   */
  static ServerProcess start(List<String> command, Runnable stopping) throws NotStarted {
    Pending pending = new Pending(stopping);
    Signals.PASSED_ON.forEach(name -> Signals.handle(name, pending::signal));
    try {
      Process process = new ProcessBuilder(command).inheritIO().start();
      ServerProcess server = new ServerProcess(process, isForeground());
      pending.attach(server);
      return server;
    } catch (IOException e) {
      boolean found = e.getMessage() != null && NOT_PERMITTED.matcher(e.getMessage()).find();
      throw new NotStarted(
          found ? CANNOT_RUN : NOT_FOUND,
          "%s cannot be started: %s".formatted(command.getFirst(), e.getMessage()),
          e);
    }
  }

  long pid() {
    return process.pid();
  }

  /** Waits for its end; its exit code, or 128 and the number of the signal that ended it. */
  int await() throws InterruptedException {
    return process.waitFor();
  }

  /**
   * What Ctrl-C sends, the child of a terminal has already got, and twice it means another thing.
   */
  private void pass(int signal) {
    if (process.isAlive() && !(signal == INTERRUPT && terminal)) {
      Signals.send(process.pid(), signal);
    }
  }

  /** Whether this process and its child are what a terminal sends the signals of its keys to. */
  private static boolean isForeground() {
    try {
      return isForeground(Files.readString(Path.of("/proc/self/stat")));
    } catch (IOException none) {
      return false;
    }
  }

  /**
   * The name, in brackets, may have blanks; behind it are state, parent, group, session, terminal.
   */
  static boolean isForeground(String stat) {
    String[] fields = stat.substring(stat.lastIndexOf(')') + 1).strip().split(" ", -1);
    return fields.length > 5 && !fields[4].equals("0") && fields[2].equals(fields[5]);
  }

  /** Signals that come while the child is started wait for it. */
  private static final class Pending {
    private final Runnable stopping;
    private ServerProcess server;
    private int waiting;

    Pending(Runnable stopping) {
      this.stopping = stopping;
    }

    synchronized void signal(int number) {
      if (server == null) {
        waiting = number;
      } else {
        server.pass(number);
        stopping.run();
      }
    }

    synchronized void attach(ServerProcess started) {
      server = started;
      if (waiting != 0) {
        signal(waiting);
      }
    }
  }
}
