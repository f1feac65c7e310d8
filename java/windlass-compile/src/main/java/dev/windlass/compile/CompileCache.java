package dev.windlass.compile;

import java.nio.file.Path;

/**
 * The compile-artifact cache: a local directory in which a server keeps what it compiles, and
 * archives of it in a shared directory, one for each environment.
 *
 * <p>Each operation has two forms. The plain one never throws: what went wrong is in the result.
 * The other throws a {@link CacheException} instead of returning {@link CacheStatus#ERROR}.
 *
 * <p>All state is in the directories, so that any number of threads, processes and hosts may use
 * them at the same time. Operations block; an interrupt stops them, and they clean up.
 */
public final class CompileCache {
  private CompileCache() {}

  /**
   * A cache with the settings of this process's environment. Where they are wrong, each operation
   * says so.
   */
  public static CompileCache fromEnvironment() {
    return new CompileCache();
  }

  public static CompileCache of(CompileCacheSettings settings) {
    return new CompileCache();
  }

  /**
   * Fills the local directory with what was saved for this environment.
   *
   * <p>SUCCESS: it was loaded. SKIPPED: the local directory has files already. DOES_NOT_EXIST:
   * nothing was saved for this environment. ERROR: the cache is switched off, the archive is not to
   * be trusted, or something failed; the local directory is as it was.
   */
  public CacheResult load() {
    throw new UnsupportedOperationException();
  }

  /** {@link #load} that throws instead of returning an error. */
  public CacheResult loadOrThrow() {
    throw new UnsupportedOperationException();
  }

  /**
   * Saves the local directory for this environment.
   *
   * <p>SUCCESS: it was saved. SKIPPED: there is nothing to save, or it is saved already. ERROR: the
   * cache is switched off, the archive would be too large, or something failed; nothing is left.
   */
  public CacheResult save() {
    throw new UnsupportedOperationException();
  }

  /** {@link #save} that throws instead of returning an error. */
  public CacheResult saveOrThrow() {
    throw new UnsupportedOperationException();
  }

  /** Removes the local directory. SUCCESS: it is gone, or was not there. ERROR: it could not be. */
  public CacheResult clearLocal() {
    throw new UnsupportedOperationException();
  }

  public CacheResult clearLocalOrThrow() {
    throw new UnsupportedOperationException();
  }

  /** The state of the cache for this environment. Never throws. */
  public CacheInfo info() {
    throw new UnsupportedOperationException();
  }

  /** The archives in the shared directory, the newest first. Never throws. */
  public CacheListing list() {
    throw new UnsupportedOperationException();
  }

  /**
   * Why a load hits or misses: for a miss, the nearest keys there are, and what differs.
   *
   * @throws CacheException where the key or the shared directory cannot be told
   */
  public Explanation explain() {
    throw new UnsupportedOperationException();
  }

  /**
   * Checks the archive of this environment as a load does, and writes nothing. SUCCESS: a load
   * would take it. DOES_NOT_EXIST: there is none. ERROR: a load would refuse it.
   */
  public CacheResult verify() {
    throw new UnsupportedOperationException();
  }

  /** {@link #verify} for an archive that {@link #list} names, whatever its key. */
  public CacheResult verify(String filename) {
    throw new UnsupportedOperationException();
  }

  /**
   * Copies a file, with the room at its target watched: the target is whole, or as it was. SUCCESS
   * or ERROR.
   */
  public CacheResult transfer(Path source, Path target) {
    throw new UnsupportedOperationException();
  }

  public CacheResult transferOrThrow(Path source, Path target) {
    throw new UnsupportedOperationException();
  }

  /** The settings; where the environment's are wrong, this throws what is wrong. */
  public CompileCacheSettings settings() {
    throw new UnsupportedOperationException();
  }
}
