package dev.windlass.compile;

import dev.windlass.Status;
import org.jspecify.annotations.Nullable;

/** One run of an operation: measures it, and makes a result, or an exception, of how it ends. */
final class Attempt {
  private static final System.Logger LOG = System.getLogger("dev.windlass.compile");
  private static final double NANOS_PER_SECOND = 1e9;

  private final String doing;
  private final long began = System.nanoTime();
  private String keyName = "";
  private Outcome outcome = Outcome.skipped("");
  private @Nullable CacheException failure;

  Attempt(String doing) {
    this.doing = doing;
  }

  /** Notes the key, so that a failure tells it too. */
  CacheKey of(CacheKey key) {
    keyName = key.name();
    return key;
  }

  /** Never throws. */
  Attempt run(Failures.Body<Outcome> body) {
    try {
      outcome = Failures.translated(doing, body);
    } catch (CacheException e) {
      failure = e;
    } catch (RuntimeException | LinkageError e) {
      failure = new CacheException(Status.INTERNAL, doing + " failed: " + e, e);
    }
    return this;
  }

  CacheResult result() {
    CacheResult result =
        failure == null
            ? of(outcome)
            : new CacheResult(CacheStatus.ERROR, failure.reason(), 0, seconds(), keyName);
    LOG.log(System.Logger.Level.DEBUG, "{0}: {1}: {2}", doing, result.status(), result.reason());
    return result;
  }

  CacheResult resultOrThrow() {
    if (failure != null) {
      throw failure;
    }
    return of(outcome);
  }

  private CacheResult of(Outcome done) {
    return new CacheResult(done.status(), done.reason(), done.bytes(), seconds(), keyName);
  }

  private double seconds() {
    return (System.nanoTime() - began) / NANOS_PER_SECOND;
  }
}
