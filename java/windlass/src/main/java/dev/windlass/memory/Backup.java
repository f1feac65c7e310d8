package dev.windlass.memory;

import java.util.Objects;

/** Where a region's bytes go while it is paused. */
public sealed interface Backup {

  /** Drops the bytes: after a resume the content is undefined. */
  static None none() {
    return new None();
  }

  /** Host memory that is taken at each pause and given back to the machine at each resume. */
  static Pageable pageable() {
    return new Pageable(false, false);
  }

  /**
   * Pages that the pool has prepared, which go back to it at each resume. A pause waits for no
   * page, if there are enough.
   */
  static Pooled pooled(PagePool pool) {
    return new Pooled(pool, false, false);
  }

  /** A backup that keeps the bytes, in host memory. */
  sealed interface Host extends Backup {
    /** The same, keeping its memory from one pause to the next. */
    Host retained();

    /** The same, with checksums taken at pause and compared at resume. */
    Host verified();

    boolean retains();

    boolean verifies();
  }

  /** See {@link Backup#none()}. */
  record None() implements Backup {}

  /** See {@link Backup#pageable()}. */
  record Pageable(boolean retains, boolean verifies) implements Host {
    @Override
    public Pageable retained() {
      return new Pageable(true, verifies);
    }

    @Override
    public Pageable verified() {
      return new Pageable(retains, true);
    }
  }

  /** See {@link Backup#pooled(PagePool)}. */
  record Pooled(PagePool pool, boolean retains, boolean verifies) implements Host {
    public Pooled {
      Objects.requireNonNull(pool, "pool");
    }

    @Override
    public Pooled retained() {
      return new Pooled(pool, true, verifies);
    }

    @Override
    public Pooled verified() {
      return new Pooled(pool, retains, true);
    }
  }
}
