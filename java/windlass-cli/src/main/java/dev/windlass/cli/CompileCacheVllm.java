package dev.windlass.cli;

import dev.windlass.WindlassException;
import dev.windlass.compile.CacheResult;
import dev.windlass.compile.CompileCache;
import dev.windlass.compile.VllmSettings;
import dev.windlass.compile.VllmSidecar;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BiFunction;

/**
 * Runs beside a vLLM server, or runs it: loads the compile cache, and, unless that succeeds, waits
 * until the server is ready and saves.
 *
 * <p>What it says goes to standard error: standard output is the server's.
 */
final class CompileCacheVllm {
  /** Exit code: it was called wrongly. 2 has a meaning already. */
  static final int USAGE = 64;

  private static final String BEHIND = "--";
  private static final Set<String> OPTIONS =
      Set.of("--url", "--timeout", "--interval", "--request-timeout");

  private final Map<String, String> environment;
  private final Terminal terminal;

  CompileCacheVllm(Map<String, String> environment, Terminal terminal) {
    this.environment = environment;
    this.terminal = terminal;
  }

  int run(List<String> words) {
    int behind = words.indexOf(BEHIND);
    List<String> own = behind < 0 ? words : words.subList(0, behind);
    List<String> command = behind < 0 ? List.of() : words.subList(behind + 1, words.size());
    CompileCacheOptions options;
    VllmSettings settings;
    try {
      if (!own.isEmpty() && !own.getFirst().startsWith("-")) {
        throw new UsageException(
            "\""
                + own.getFirst()
                + "\" is no option; a command goes behind --, as in vllm -- serve");
      }
      options = CompileCacheOptions.parse(own, environment, OPTIONS);
      settings = settings(options);
      if (behind >= 0 && command.isEmpty()) {
        throw new UsageException("behind -- goes the command that starts the server");
      }
      if (options.json() && behind >= 0) {
        throw new UsageException("--json and a command exclude one another");
      }
    } catch (UsageException wrong) {
      say(wrong.getMessage() + "; see ./windlass compile-cache --help");
      return USAGE;
    }
    try {
      CompileCache cache = CompileCache.of(options.settings(_ -> {}));
      try (VllmSidecar sidecar = new VllmSidecar(cache, settings, this::say)) {
        return command.isEmpty() ? beside(sidecar, options.json()) : serve(sidecar, command);
      }
    } catch (UsageException wrong) {
      say(wrong.getMessage() + "; see ./windlass compile-cache --help");
      return USAGE;
    } catch (WindlassException broken) {
      // A cache that cannot be used is no reason not to serve.
      say(String.valueOf(broken.getMessage()));
      return command.isEmpty()
          ? VllmSidecar.Ending.WAIT_FAILED.exitCode()
          : serve(Optional.empty(), command);
    }
  }

  private VllmSettings settings(CompileCacheOptions options) {
    try {
      VllmSettings settings = VllmSettings.of(environment);
      settings = with(settings, options.value("--url"), VllmSettings::withUrl);
      settings = with(settings, time(options, "--timeout"), VllmSettings::withTimeout);
      settings = with(settings, time(options, "--interval"), VllmSettings::withInterval);
      return with(settings, time(options, "--request-timeout"), VllmSettings::withRequestTimeout);
    } catch (IllegalArgumentException wrong) {
      throw new UsageException(String.valueOf(wrong.getMessage()));
    }
  }

  private static Optional<Duration> time(CompileCacheOptions options, String name) {
    return options.value(name).map(text -> VllmSettings.seconds(name, text));
  }

  private static <V> VllmSettings with(
      VllmSettings settings, Optional<V> value, BiFunction<VllmSettings, V, VllmSettings> change) {
    return value.map(given -> change.apply(settings, given)).orElse(settings);
  }

  private int beside(VllmSidecar sidecar, boolean json) {
    VllmSidecar.Report report = sidecar.run();
    if (json) {
      Map<String, Object> map = new LinkedHashMap<>();
      map.put("ending", report.ending().name());
      map.put("detail", report.detail());
      map.put("requests", report.requests());
      map.put("wait_seconds", report.waitSeconds());
      map.put("load", CompileCacheReports.resultMap("load", report.load()));
      map.put(
          "save",
          report.save().map(saved -> CompileCacheReports.resultMap("save", saved)).orElse(null));
      terminal.out().println(Json.write(map));
    }
    return report.ending().exitCode();
  }

  /** Loads first, so that the server finds all of it; then saves beside the server. */
  private int serve(VllmSidecar sidecar, List<String> command) {
    CacheResult loaded = sidecar.load();
    Thread finishing =
        Thread.ofPlatform()
            .name("windlass-compile-cache")
            .daemon()
            .unstarted(() -> sidecar.finish(loaded));
    return serve(Optional.of(new Finishing(sidecar, finishing)), command);
  }

  private record Finishing(VllmSidecar sidecar, Thread thread) {
    /** Once the server has ended there is nothing to wait for; a save that has begun may end. */
    void end(boolean asked) throws InterruptedException {
      sidecar.close();
      if (asked) {
        thread.interrupt();
      }
      thread.join();
    }
  }

  private int serve(Optional<Finishing> finishing, List<String> command) {
    AtomicBoolean asked = new AtomicBoolean();
    try {
      ServerProcess server = ServerProcess.start(command, () -> asked.set(true));
      finishing.ifPresent(rest -> rest.thread().start());
      int code = server.await();
      if (finishing.isPresent()) {
        finishing.get().end(asked.get());
      }
      return code;
    } catch (ServerProcess.NotStarted failure) {
      say(String.valueOf(failure.getMessage()));
      return failure.exitCode();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return Command.FAILED;
    }
  }

  private void say(String line) {
    terminal.err().println("windlass compile-cache: " + line);
    terminal.err().flush();
  }
}
