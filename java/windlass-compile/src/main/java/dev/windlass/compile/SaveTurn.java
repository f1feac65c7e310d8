package dev.windlass.compile;

import dev.windlass.Status;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;

/**
 * The right to save a key: one writer of each key has it, and only so many writers of all keys at
 * once. It keeps others from doing the same work; that no reader ever sees half an archive does not
 * depend on it.
 */
final class SaveTurn implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger("dev.windlass.compile");
  private static final long FIRST_LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(20);
  private static final long LAST_LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(500);

  /** Whether what others may have done meanwhile makes the turn needless. */
  @FunctionalInterface
  interface Needless {
    boolean isSo() throws IOException;
  }

  private final CacheContext context;
  private final SharedDirectory shared;
  private final String keyClaim;
  private final Watch watch;
  private final OwnerRecord own;
  private final Claims claims;
  private final OwnerJudge judge;
  private Optional<String> slotClaim = Optional.empty();
  private boolean hasKey;

  private SaveTurn(CacheContext context, SharedDirectory shared, String keyName, Watch watch)
      throws IOException {
    this.context = context;
    this.shared = shared;
    this.keyClaim = "key-" + keyName;
    this.watch = watch;
    this.own = OwnerRecord.create(shared, context.settings().heartbeat());
    this.claims = new Claims(shared, own, context.links());
    this.judge = new OwnerJudge(shared, context.ticker());
  }

  /**
   * Waits for the turn.
   *
   * @return empty where it is needless by now
   * @throws CacheException where others do not come to an end within the time that is set
   */
  static Optional<SaveTurn> take(
      CacheContext context, SharedDirectory shared, String keyName, Watch watch, Needless needless)
      throws IOException {
    shared.create();
    SaveTurn turn = new SaveTurn(context, shared, keyName, watch);
    boolean taken = false;
    try {
      context.steps().reached(Step.SAVE_RECORDED);
      turn.sweep();
      taken = turn.waitForClaims(needless);
      return taken ? Optional.of(turn) : Optional.empty();
    } finally {
      if (!taken) {
        turn.close();
      }
    }
  }

  /** Removes what dead writers have left, for those who need no turn; as far as they may. */
  static void sweep(CacheContext context, SharedDirectory shared) {
    try {
      boolean owners =
          shared.records().stream()
              .anyMatch(file -> file.getFileName().toString().startsWith(SharedDirectory.OWNER));
      if (owners) {
        new SaveTurn(context, shared, "", context.watch()).close();
      }
    } catch (IOException e) {
      LOG.log(System.Logger.Level.DEBUG, "cannot sweep " + shared.root(), e);
    }
  }

  private boolean waitForClaims(Needless needless) throws IOException {
    long began = context.ticker().nanoTime();
    long pause = FIRST_LOOK_NANOS;
    while (!needless.isSo()) {
      if (takeClaims()) {
        context.steps().reached(Step.SAVE_CLAIMED);
        // Somebody may have published between the look and the claim.
        return !needless.isSo();
      }
      long waited = context.ticker().nanoTime() - began;
      if (waited > context.settings().saveWait().toNanos()) {
        throw new CacheException(
            Status.TIMEOUT,
            "Others have been saving to %s for %d s: wait longer, or allow more saves at once."
                .formatted(shared.root(), TimeUnit.NANOSECONDS.toSeconds(waited)));
      }
      watch.at(CacheProgress.Phase.WAITING, 0, 0);
      await(pause);
      pause = Math.min(2 * pause, LAST_LOOK_NANOS);
    }
    return false;
  }

  private void await(long nanos) {
    try {
      context.ticker().await(nanos);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw Watch.interrupted();
    }
  }

  private boolean takeClaims() throws IOException {
    if (!hasKey) {
      hasKey = take(keyClaim);
    }
    if (!hasKey) {
      return false;
    }
    int slots = context.settings().maxConcurrentSaves();
    int first = ThreadLocalRandom.current().nextInt(slots);
    for (int index = 0; index < slots; index++) {
      String name = "slot-" + (first + index) % slots;
      if (take(name)) {
        slotClaim = Optional.of(name);
        return true;
      }
    }
    return false;
  }

  private boolean take(String name) throws IOException {
    return claims.tryTake(name) || (claims.freeIfDead(name, judge) && claims.tryTake(name));
  }

  /** Where the archive is written before it is published. */
  Path part() {
    return shared.part(own.nonce());
  }

  /** A name for what has to go. */
  Path nextMoved() {
    return own.nextMoved();
  }

  /**
   * Throws if others have taken this writer for dead meanwhile, and the turn away from it.
   *
   * @throws CacheException if so
   */
  void requireOwn() throws IOException {
    if (!claims.isOwn(keyClaim) || !Files.exists(own.file())) {
      throw new CacheException(
          Status.CONFLICT,
          "This save was so slow that others took it for dead, and save %s themselves: nothing was"
                  .formatted(keyClaim)
              + " published. Let the writers' heartbeat be longer.");
    }
  }

  /** Gives all up, the record last. */
  @Override
  public void close() throws IOException {
    try (own) {
      Files.deleteIfExists(part());
      if (slotClaim.isPresent()) {
        claims.release(slotClaim.get());
      }
      if (hasKey) {
        claims.release(keyClaim);
      }
      sweep();
    }
  }

  private void sweep() {
    new SharedSweep(shared, judge, claims).run();
  }
}
