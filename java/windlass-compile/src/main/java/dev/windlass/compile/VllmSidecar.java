package dev.windlass.compile;

import java.io.IOException;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * What runs beside a vLLM server: loads the compile cache, and, unless that succeeded, waits until
 * the server is ready, which is when it has compiled, and saves.
 *
 * <p>One thread loads and finishes; any thread may close, which ends the wait.
 */
public final class VllmSidecar implements AutoCloseable {
  private static final int OK = 200;
  private static final int UNAUTHORIZED = 401;

  /** How it ended, with the exit codes of the original. */
  public enum Ending {
    /** The cache was loaded, or was saved, or there was nothing to save. */
    FINE(0),
    /** The wait broke off, for a reason that more waiting does not help. */
    WAIT_FAILED(1),
    /** The server was not ready in time. */
    TIMED_OUT(2),
    /** The server is ready, and the cache could not be saved. */
    SAVE_FAILED(3);

    private final int exitCode;

    Ending(int exitCode) {
      this.exitCode = exitCode;
    }

    public int exitCode() {
      return exitCode;
    }
  }

  /**
   * What happened.
   *
   * @param detail why, in a sentence
   * @param save empty where it did not come to that
   * @param requests how often the server was asked
   */
  public record Report(
      Ending ending,
      String detail,
      CacheResult load,
      Optional<CacheResult> save,
      int requests,
      double waitSeconds) {}

  private record Waited(Ending ending, String detail, int requests, double seconds) {}

  private final Supplier<CacheResult> load;
  private final Supplier<CacheResult> save;
  private final VllmSettings settings;
  private final Consumer<String> telling;
  private final ServerProbe probe;
  private final CountDownLatch given = new CountDownLatch(1);

  /**
   * One for a cache.
   *
   * @param telling is told, line by line, what happens
   */
  public VllmSidecar(CompileCache cache, VllmSettings settings, Consumer<String> telling) {
    this(cache::load, cache::save, settings, telling);
  }

  VllmSidecar(
      Supplier<CacheResult> load,
      Supplier<CacheResult> save,
      VllmSettings settings,
      Consumer<String> telling) {
    this.load = load;
    this.save = save;
    this.settings = settings;
    this.telling = telling;
    this.probe = new ServerProbe(settings.url(), settings.apiKey());
  }

  /** Loads, waits and saves. */
  public Report run() {
    return finish(load());
  }

  /** The first step, for those who start the server only then. */
  public CacheResult load() {
    CacheResult result = load.get();
    telling.accept("load: " + result.status() + ": " + result.reason());
    return result;
  }

  /** The rest: waits and saves, unless the load succeeded. */
  public Report finish(CacheResult loaded) {
    if (loaded.status() == CacheStatus.SUCCESS) {
      return new Report(Ending.FINE, "the cache was loaded", loaded, Optional.empty(), 0, 0);
    }
    telling.accept("waiting for " + settings.url() + ", to save what the server compiles");
    Waited waited = await();
    telling.accept(waited.detail());
    if (waited.ending() != Ending.FINE) {
      return new Report(
          waited.ending(),
          waited.detail(),
          loaded,
          Optional.empty(),
          waited.requests(),
          waited.seconds());
    }
    CacheResult saved = save.get();
    telling.accept("save: " + saved.status() + ": " + saved.reason());
    boolean fine = saved.status() == CacheStatus.SUCCESS || saved.status() == CacheStatus.SKIPPED;
    return new Report(
        fine ? Ending.FINE : Ending.SAVE_FAILED,
        saved.reason(),
        loaded,
        Optional.of(saved),
        waited.requests(),
        waited.seconds());
  }

  /** Gives the wait up. A save that has begun is not stopped by this. */
  @Override
  public void close() {
    given.countDown();
    try {
      probe.close();
    } catch (IOException closed) {
      // It is closed all the same.
    }
  }

  private Waited await() {
    long began = System.nanoTime();
    int requests = 0;
    String last = "";
    try {
      while (true) {
        Duration left = settings.timeout().minusNanos(System.nanoTime() - began);
        if (left.isNegative() || left.isZero()) {
          String detail =
              "%s was not ready within %d s: %s"
                  .formatted(settings.url(), settings.timeout().toSeconds(), last);
          return new Waited(Ending.TIMED_OUT, detail, requests, seconds(began));
        }
        requests++;
        String problem = ask(min(left, settings.requestTimeout()));
        if (problem.isEmpty()) {
          String detail =
              String.format(Locale.ROOT, "the server is ready, after %.1f s", seconds(began));
          return new Waited(Ending.FINE, detail, requests, seconds(began));
        }
        if (given.getCount() == 0) {
          return new Waited(Ending.WAIT_FAILED, "the wait was given up", requests, seconds(began));
        }
        if (!problem.equals(last)) {
          telling.accept("not ready: " + problem);
          last = problem;
        }
        left = settings.timeout().minusNanos(System.nanoTime() - began);
        if (given.await(min(left, settings.interval()).toNanos(), TimeUnit.NANOSECONDS)) {
          return new Waited(Ending.WAIT_FAILED, "the wait was given up", requests, seconds(began));
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return new Waited(Ending.WAIT_FAILED, "the wait was interrupted", requests, seconds(began));
    } catch (RuntimeException broken) {
      return new Waited(Ending.WAIT_FAILED, "the wait broke: " + broken, requests, seconds(began));
    }
  }

  /** Asks once; empty where the server is ready, else why it is not. */
  private String ask(Duration most) {
    try {
      int status = probe.ask(most);
      if (status == OK) {
        return "";
      }
      return status == UNAUTHORIZED
          ? "the server answers 401: give its key in " + VllmSettings.API_KEY
          : "the server answers " + status;
    } catch (IOException failure) {
      return String.valueOf(failure.getMessage());
    }
  }

  private static Duration min(Duration one, Duration other) {
    return one.compareTo(other) < 0 ? one : other;
  }

  private static double seconds(long began) {
    return (System.nanoTime() - began) / 1e9;
  }
}
