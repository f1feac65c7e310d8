package dev.windlass.compile;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Supplier;

/**
 * The compile-artifact cache: a local directory in which a server keeps what it compiles, and
 * archives of it in a shared directory, one for each environment.
 *
 * <p>Each operation has two forms. The plain one never throws: what went wrong is in the result.
 * The other throws a {@link CacheException} instead of returning {@link CacheStatus#ERROR}.
 *
 * <p>All state is in the directories, so that any number of threads, processes and hosts may use
 * them at the same time. Operations block, so call them from platform threads; an interrupt stops
 * them, and they clean up.
 */
public final class CompileCache {
  private static final System.Logger LOG = System.getLogger("dev.windlass.compile");

  private final Supplier<CacheContext> context;

  CompileCache(Supplier<CacheContext> context) {
    this.context = context;
  }

  /**
   * A cache with the settings of this process's environment. Where they are wrong, each operation
   * says so.
   */
  public static CompileCache fromEnvironment() {
    return new CompileCache(() -> CacheContext.of(CompileCacheSettings.fromEnvironment()));
  }

  public static CompileCache of(CompileCacheSettings settings) {
    CacheContext context = CacheContext.of(Objects.requireNonNull(settings, "settings"));
    return new CompileCache(() -> context);
  }

  /**
   * Fills the local directory with what was saved for this environment.
   *
   * <p>SUCCESS: it was loaded. SKIPPED: the local directory has files already. DOES_NOT_EXIST:
   * nothing was saved for this environment. ERROR: the cache is switched off, the archive is not to
   * be trusted, or something failed; the local directory is as it was.
   */
  public CacheResult load() {
    return load(new Attempt("The load")).result();
  }

  /** {@link #load} that throws instead of returning an error. */
  public CacheResult loadOrThrow() {
    return load(new Attempt("The load")).resultOrThrow();
  }

  private Attempt load(Attempt attempt) {
    return attempt.run(
        () -> {
          CacheContext now = swept();
          CacheKey key = attempt.of(now.settings().key());
          return new LoadOperation(now, key).run();
        });
  }

  /**
   * Saves the local directory for this environment.
   *
   * <p>SUCCESS: it was saved. SKIPPED: there is nothing to save, or it is saved already. ERROR: the
   * cache is switched off, the archive would be too large, or something failed; nothing is left.
   */
  public CacheResult save() {
    return save(new Attempt("The save")).result();
  }

  /** {@link #save} that throws instead of returning an error. */
  public CacheResult saveOrThrow() {
    return save(new Attempt("The save")).resultOrThrow();
  }

  private Attempt save(Attempt attempt) {
    return attempt.run(
        () -> {
          CacheContext now = swept();
          Optional<Outcome> nothing = SaveOperation.nothingToSave(now.settings());
          if (nothing.isPresent()) {
            return nothing.get();
          }
          CacheKey key = attempt.of(now.settings().key());
          return new SaveOperation(now, key).run();
        });
  }

  /** Removes the local directory. SUCCESS: it is gone, or was not there. ERROR: it could not be. */
  public CacheResult clearLocal() {
    return clearLocal(new Attempt("The clearing")).result();
  }

  /** {@link #clearLocal} that throws instead of returning an error. */
  public CacheResult clearLocalOrThrow() {
    return clearLocal(new Attempt("The clearing")).resultOrThrow();
  }

  private Attempt clearLocal(Attempt attempt) {
    return attempt.run(() -> new LocalOperations(context.get()).clear());
  }

  /**
   * Copies a file, with the room at its target watched: the target is whole, or as it was. SUCCESS
   * or ERROR.
   */
  public CacheResult transfer(Path source, Path target) {
    return transfer(new Attempt("The transfer"), source, target).result();
  }

  /** {@link #transfer} that throws instead of returning an error. */
  public CacheResult transferOrThrow(Path source, Path target) {
    return transfer(new Attempt("The transfer"), source, target).resultOrThrow();
  }

  private Attempt transfer(Attempt attempt, Path source, Path target) {
    return attempt.run(() -> new LocalOperations(context.get()).transfer(source, target));
  }

  /**
   * Checks the archive of this environment as a load does, and writes nothing. SUCCESS: a load
   * would take it. DOES_NOT_EXIST: there is none. ERROR: a load would refuse it.
   */
  public CacheResult verify() {
    Attempt attempt = new Attempt("The verification");
    return attempt
        .run(
            () -> {
              CacheContext now = enabled();
              CacheKey key = attempt.of(now.settings().key());
              Inventory inventory = new Inventory(now);
              return verify(inventory, inventory.find(key));
            })
        .result();
  }

  /** {@link #verify} for an archive that {@link #list} names, whatever its key. */
  public CacheResult verify(String filename) {
    return new Attempt("The verification")
        .run(
            () -> {
              Inventory inventory = new Inventory(enabled());
              return verify(inventory, inventory.named(filename));
            })
        .result();
  }

  private static Outcome verify(Inventory inventory, Optional<SharedArchive> found)
      throws IOException {
    return found.isPresent()
        ? inventory.verify(found.get())
        : Outcome.doesNotExist("There is no such archive.");
  }

  /** The state of the cache for this environment. Never throws. */
  public CacheInfo info() {
    CacheContext now;
    try {
      now = context.get();
    } catch (RuntimeException | LinkageError e) {
      return new CacheInfo(
          "", false, false, false, OptionalLong.empty(), OptionalLong.empty(), problem(e));
    }
    CompileCacheSettings settings = now.settings();
    Optional<String> problem = Optional.empty();
    Optional<CacheKey> key = Optional.empty();
    OptionalLong local = OptionalLong.empty();
    OptionalLong remote = OptionalLong.empty();
    try {
      local = localBytes(settings);
      key = Optional.of(settings.key());
      if (settings.isEnabled()) {
        remote = sharedBytes(now, key.get());
      }
    } catch (IOException | RuntimeException | LinkageError e) {
      problem = problem(e);
    }
    return new CacheInfo(
        key.map(CacheKey::name).orElse(""),
        local.isPresent(),
        settings.isEnabled(),
        remote.isPresent(),
        local,
        remote,
        problem);
  }

  private static OptionalLong localBytes(CompileCacheSettings settings) throws IOException {
    Path local = settings.localDirectory();
    return Trees.hasFiles(local) ? OptionalLong.of(Trees.bytes(local)) : OptionalLong.empty();
  }

  private static OptionalLong sharedBytes(CacheContext now, CacheKey key) throws IOException {
    return new Inventory(now)
        .find(key)
        .filter(archive -> archive.condition() != SharedArchive.Condition.BROKEN)
        .map(archive -> OptionalLong.of(archive.bytes()))
        .orElse(OptionalLong.empty());
  }

  /** The archives in the shared directory, the newest first. Never throws. */
  public CacheListing list() {
    Optional<CacheKey> key = Optional.empty();
    Optional<String> problem = Optional.empty();
    List<CacheEntry> entries = List.of();
    boolean enabled = false;
    try {
      CacheContext now = context.get();
      enabled = now.settings().isEnabled();
      try {
        key = Optional.of(now.settings().key());
      } catch (CacheException e) {
        problem = problem(e);
      }
      if (enabled) {
        entries = new Inventory(now).entries(key);
      } else {
        problem = Optional.of(SWITCHED_OFF);
      }
    } catch (IOException | RuntimeException | LinkageError e) {
      problem = problem(e);
    }
    return new CacheListing(
        entries,
        key.map(CacheKey::name).orElse(""),
        entries.stream().anyMatch(CacheEntry::isCurrentEnvironment),
        enabled,
        problem);
  }

  /**
   * Why a load hits or misses: for a miss, the nearest keys there are, and what differs. Works with
   * a cache that is switched off, too.
   *
   * @throws CacheException where the key or the shared directory cannot be told
   */
  public Explanation explain() {
    CacheContext now = context.get();
    CacheKey key = now.settings().key();
    return Failures.translated("The explanation", () -> new Inventory(now).explain(key));
  }

  /**
   * The settings.
   *
   * @throws CacheValidationException where those of the environment are wrong
   */
  public CompileCacheSettings settings() {
    return context.get().settings();
  }

  private static final String SWITCHED_OFF =
      "The cache is switched off: set " + SettingNames.ENABLED + "=1.";

  private CacheContext enabled() {
    CacheContext now = context.get();
    if (!now.settings().isEnabled()) {
      throw new CacheValidationException(SWITCHED_OFF);
    }
    return now;
  }

  /** The same, with what died before away: it may take the room that is needed now. */
  private CacheContext swept() {
    CacheContext now = enabled();
    Leftovers.sweep(now.settings().localDirectory().getParent());
    Leftovers.sweep(now.settings().workDirectory());
    return now;
  }

  private static Optional<String> problem(Throwable e) {
    LOG.log(System.Logger.Level.DEBUG, "cannot tell the state of the cache", e);
    return Optional.of(e instanceof CacheException known ? known.reason() : e.toString());
  }
}
