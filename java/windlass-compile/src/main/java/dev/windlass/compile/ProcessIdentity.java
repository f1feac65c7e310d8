package dev.windlass.compile;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What tells a process from any other: its host, that host's boot, its namespace of process
 * numbers, its number there, and when it started. Of one that is seen from the same namespace it
 * can be told at once whether it lives.
 *
 * @param host a hash of the host's names
 * @param boot the kernel's name for the time since it was started
 * @param namespace the number of its namespace of process numbers
 * @param start in the kernel's ticks since it was started
 */
record ProcessIdentity(String host, String boot, String namespace, long pid, long start) {
  /** Whether a process lives. */
  enum Life {
    ALIVE,
    DEAD,
    /** It runs, if it does, where this process cannot see it. */
    UNKNOWN
  }

  private static final Path PROC = Path.of("/proc");
  private static final int SHORT = 12;
  private static final Pattern TEXT =
      Pattern.compile(
          "([0-9a-f]{12})\\.([0-9a-f]{12})\\.([0-9]{1,20})\\.([0-9]{1,19})\\.([0-9]{1,18})");
  private static final Pattern NAMESPACE = Pattern.compile("pid:\\[([0-9]+)]");

  /** This process. */
  static ProcessIdentity own() {
    return Own.IDENTITY;
  }

  /** Read once: it does not change. */
  private static final class Own {
    static final ProcessIdentity IDENTITY = read();

    private static ProcessIdentity read() {
      String names =
          text(PROC.resolve("sys/kernel/hostname")) + "\n" + text(Path.of("/etc/machine-id"));
      String boot = text(PROC.resolve("sys/kernel/random/boot_id"));
      long pid = ProcessHandle.current().pid();
      return new ProcessIdentity(
          Digests.sha256(names).substring(0, SHORT),
          Digests.sha256(boot).substring(0, SHORT),
          namespaceOfOwn(),
          pid,
          startOf(pid).orElse(0L));
    }
  }

  /** Reads what {@link #toString} wrote. */
  static Optional<ProcessIdentity> parse(String text) {
    Matcher parts = TEXT.matcher(text);
    return parts.matches()
        ? Optional.of(
            new ProcessIdentity(
                parts.group(1),
                parts.group(2),
                parts.group(3),
                Long.parseLong(parts.group(4)),
                Long.parseLong(parts.group(5))))
        : Optional.empty();
  }

  /** Whether it lives, as far as this process can tell. */
  Life life() {
    ProcessIdentity own = own();
    if (equals(own)) {
      return Life.ALIVE;
    }
    if (!host.equals(own.host) || own.start == 0) {
      return Life.UNKNOWN;
    }
    if (!boot.equals(own.boot)) {
      return Life.DEAD;
    }
    // Where the processes of others are hidden, one that is not seen may live.
    if (!namespace.equals(own.namespace) || startOf(1).isEmpty()) {
      return Life.UNKNOWN;
    }
    return startOf(pid).filter(started -> started == start).isPresent() ? Life.ALIVE : Life.DEAD;
  }

  /** Fit for the names of files. */
  @Override
  public String toString() {
    return host + "." + boot + "." + namespace + "." + pid + "." + start;
  }

  private static String namespaceOfOwn() {
    try {
      Matcher link =
          NAMESPACE.matcher(Files.readSymbolicLink(PROC.resolve("self/ns/pid")).toString());
      return link.matches() ? link.group(1) : "0";
    } catch (IOException | UnsupportedOperationException e) {
      return "0";
    }
  }

  /** The 22nd field of its line; the name before it, in brackets, may have anything in it. */
  private static Optional<Long> startOf(long pid) {
    String line = text(PROC.resolve(Long.toString(pid)).resolve("stat"));
    String[] fields = line.substring(line.lastIndexOf(')') + 1).strip().split(" ");
    return fields.length > 19 ? Optional.of(Long.parseLong(fields[19])) : Optional.empty();
  }

  private static String text(Path file) {
    try {
      return Files.readString(file).strip();
    } catch (IOException e) {
      return "";
    }
  }
}
