package dev.windlass.cli;

import dev.windlass.store.Eviction;
import dev.windlass.store.ListenOptions;
import dev.windlass.store.Volume;
import dev.windlass.store.VolumeInfo;
import dev.windlass.store.VolumeOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** Runs a volume of the tensor store until it is told to stop. */
final class VolumeCommand implements Command {
  private static final String USUAL_ADDRESS = "shm://windlass";
  private static final int LEAST_SECRET_BYTES = 16;
  private static final long USUAL_SECONDS = 60;

  /** What ends it; a process has none but its signals, a test its own. */
  interface Stop {
    /** Waits until it is time to stop, at most so long; whether it is. */
    boolean await(long seconds) throws InterruptedException;
  }

  private final Optional<Stop> given;

  VolumeCommand() {
    this(Optional.empty());
  }

  VolumeCommand(Optional<Stop> given) {
    this.given = given;
  }

  @Override
  public String name() {
    return "volume";
  }

  @Override
  public String summary() {
    return "runs a volume of the tensor store until Ctrl-C or SIGTERM: other processes put tensors"
        + " into it and get them";
  }

  @Override
  public String synopsis() {
    return "[--listen shm://NAME,tcp://HOST:PORT] [--limit 8G] [--prepare 1G] [--evict]"
        + " [--secret-file FILE] [--statistics SECONDS]";
  }

  @Override
  public int run(List<String> arguments, Terminal terminal) {
    Arguments parsed =
        Arguments.parse(
            arguments,
            Set.of("--evict"),
            Set.of("--listen", "--limit", "--prepare", "--secret-file", "--statistics"));
    VolumeOptions options = options(parsed);
    ListenOptions listen = listenOptions(parsed);
    long seconds = parsed.value("--statistics").map(VolumeCommand::seconds).orElse(USUAL_SECONDS);
    List<String> addresses = List.of(parsed.value("--listen").orElse(USUAL_ADDRESS).split(","));
    if (given.isPresent()) {
      return serve(options, listen, addresses, seconds, terminal, given.get());
    }
    return untilSignal(stop -> serve(options, listen, addresses, seconds, terminal, stop));
  }

  private static VolumeOptions options(Arguments parsed) {
    VolumeOptions options = VolumeOptions.usual();
    if (parsed.has("--evict")) {
      options = options.withEviction(Eviction.LRU);
    }
    Optional<Long> limit = parsed.value("--limit").map(ByteSize::parse);
    Optional<Long> prepare = parsed.value("--prepare").map(ByteSize::parse);
    if (limit.isPresent()) {
      options = options.withLimitBytes(limit.get());
    }
    return prepare.isPresent() ? options.withPreparedBytes(prepare.get()) : options;
  }

  private static ListenOptions listenOptions(Arguments parsed) {
    Optional<String> file = parsed.value("--secret-file");
    return file.isEmpty()
        ? ListenOptions.usual()
        : ListenOptions.usual().withSecret(secret(Path.of(file.get())));
  }

  /** A secret on the command line could be read by everybody on the machine; so it is in a file. */
  private static String secret(Path file) {
    String secret;
    try {
      secret = Files.readString(file).strip();
    } catch (IOException e) {
      throw new UsageException(
          "the secret cannot be read from " + file + ": " + e.getClass().getSimpleName());
    }
    if (secret.length() < LEAST_SECRET_BYTES) {
      throw new UsageException(
          "the secret in %s has %d characters, and should have %d at least: head -c 32 /dev/urandom | base64 > %s"
              .formatted(file, secret.length(), LEAST_SECRET_BYTES, file));
    }
    return secret;
  }

  private static long seconds(String text) {
    try {
      long seconds = Long.parseLong(text);
      if (seconds > 0) {
        return seconds;
      }
    } catch (NumberFormatException none) {
      // Said below.
    }
    throw new UsageException("\"" + text + "\" is no number of seconds");
  }

  private interface Service {
    int run(Stop stop);
  }

  /** The hook ends only when the volume is closed, since the process ends with the hook. */
  private static int untilSignal(Service service) {
    CountDownLatch asked = new CountDownLatch(1);
    CountDownLatch stopped = new CountDownLatch(1);
    Runtime.getRuntime()
        .addShutdownHook(
            Thread.ofPlatform()
                .name("windlass-stop")
                .unstarted(
                    () -> {
                      asked.countDown();
                      awaitQuietly(stopped);
                    }));
    try {
      return service.run(seconds -> asked.await(seconds, TimeUnit.SECONDS));
    } finally {
      stopped.countDown();
    }
  }

  private static void awaitQuietly(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static int serve(
      VolumeOptions options,
      ListenOptions listen,
      List<String> addresses,
      long seconds,
      Terminal terminal,
      Stop stop) {
    try (Volume volume = Volume.open(options)) {
      for (String address : addresses) {
        terminal.out().println("Listening at " + volume.listen(address.strip(), listen));
      }
      terminal
          .out()
          .println(
              "Room for %s, %s when it is full. Ctrl-C or SIGTERM stops it."
                  .formatted(
                      ByteSize.format(volume.info().limitBytes()),
                      options.eviction() == Eviction.LRU ? "evicts" : "refuses"));
      terminal.out().flush();
      VolumeInfo before = volume.info();
      while (!stop.await(seconds)) {
        VolumeInfo now = volume.info();
        terminal.out().println(line(before, now, seconds));
        terminal.out().flush();
        before = now;
      }
      terminal.out().println("Stopped: " + line(volume.info()));
      return OK;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return FAILED;
    }
  }

  private static String line(VolumeInfo info) {
    return "%d entries, %s of %s used; %d puts, %d gets, %d misses, %d evictions, %d refusals"
        .formatted(
            info.entries(),
            ByteSize.format(info.usedBytes()),
            ByteSize.format(info.limitBytes()),
            info.commits(),
            info.acquires(),
            info.misses(),
            info.evictions(),
            info.refusals());
  }

  private static String line(VolumeInfo before, VolumeInfo now, long seconds) {
    double in = (double) (now.committedBytes() - before.committedBytes()) / seconds / 1e9;
    double out = (double) (now.acquiredBytes() - before.acquiredBytes()) / seconds / 1e9;
    return "%d clients; %s; %s"
        .formatted(
            now.sessions(),
            line(now),
            String.format(Locale.ROOT, "%.2f GB/s in, %.2f GB/s out", in, out));
  }
}
