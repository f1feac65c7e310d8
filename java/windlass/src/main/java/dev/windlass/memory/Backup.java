package dev.windlass.memory;

import java.util.Objects;
import java.util.Optional;

/** Where a region's bytes go while it is paused. */
public sealed interface Backup {

  /** Drops the bytes: after a resume the content is undefined. */
  static None none() {
    return new None();
  }

  /** Host memory that is taken at each pause and given back to the machine at each resume. */
  static Pageable pageable() {
    return new Pageable(Traits.PLAIN);
  }

  /**
   * Pages that the pool has prepared, which go back to it at each resume. A pause waits for no
   * page, if there are enough.
   */
  static Pooled pooled(PagePool pool) {
    return new Pooled(pool, Traits.PLAIN);
  }

  /** A file in the directory, with a checksum for each 2 MiB. */
  static InFile inFile(BackupDirectory directory) {
    return new InFile(directory, Traits.PLAIN);
  }

  /**
   * Several places, to be named with {@link Tiered#pool}, {@link Tiered#pageable} and {@link
   * Tiered#directory}: what finds no room in one goes to the next, in this order.
   */
  static Tiered tiered() {
    return new Tiered(Optional.empty(), 0, Optional.empty(), Traits.PLAIN);
  }

  /** A backup that keeps the bytes. */
  sealed interface Keeping extends Backup {
    Traits traits();

    /** The same place, with other traits. */
    Keeping with(Traits traits);

    /**
     * The same, keeping its room and the bytes from one pause to the next: they can be read after a
     * resume too, and a pause need not get room.
     */
    default Keeping retained() {
      return with(
          new Traits(true, traits().verifies(), traits().reserves(), traits().compression()));
    }

    /** The same, with checksums taken at pause and compared at resume. Files always have them. */
    default Keeping verified() {
      return with(
          new Traits(traits().retains(), true, traits().reserves(), traits().compression()));
    }

    /** The same, getting its room when the region is opened, and keeping it. Retains, too. */
    default Keeping reserved() {
      return with(new Traits(true, traits().verifies(), true, traits().compression()));
    }

    /** The same, keeping the bytes compressed. What does not shrink is kept as it is. */
    default Keeping compressed(Compression compression) {
      return with(
          new Traits(traits().retains(), traits().verifies(), traits().reserves(), compression));
    }
  }

  /**
   * How a backup keeps bytes, wherever that is.
   *
   * @param retains keeps room and bytes after a resume
   * @param verifies has checksums
   * @param reserves gets its room when the region is opened
   */
  record Traits(boolean retains, boolean verifies, boolean reserves, Compression compression) {
    static final Traits PLAIN = new Traits(false, false, false, Compression.NONE);

    public Traits {
      Objects.requireNonNull(compression, "compression");
    }
  }

  /** See {@link Backup#none()}. */
  record None() implements Backup {}

  /** See {@link Backup#pageable()}. */
  record Pageable(Traits traits) implements Keeping {
    public Pageable {
      Objects.requireNonNull(traits, "traits");
    }

    @Override
    public Pageable with(Traits other) {
      return new Pageable(other);
    }
  }

  /** See {@link Backup#pooled(PagePool)}. */
  record Pooled(PagePool pool, Traits traits) implements Keeping {
    public Pooled {
      Objects.requireNonNull(pool, "pool");
      Objects.requireNonNull(traits, "traits");
    }

    @Override
    public Pooled with(Traits other) {
      return new Pooled(pool, other);
    }
  }

  /** See {@link Backup#inFile(BackupDirectory)}. */
  record InFile(BackupDirectory directory, Traits traits) implements Keeping {
    public InFile {
      Objects.requireNonNull(directory, "directory");
      Objects.requireNonNull(traits, "traits");
    }

    @Override
    public InFile with(Traits other) {
      return new InFile(directory, other);
    }
  }

  /**
   * See {@link Backup#tiered()}.
   *
   * @param pageableBytes how much of each region may go to pageable memory
   */
  record Tiered(
      Optional<PagePool> pool,
      long pageableBytes,
      Optional<BackupDirectory> directory,
      Traits traits)
      implements Keeping {
    public Tiered {
      Objects.requireNonNull(pool, "pool");
      Objects.requireNonNull(directory, "directory");
      Objects.requireNonNull(traits, "traits");
      if (pageableBytes < 0) {
        throw new IllegalArgumentException(
            "A tier in pageable memory cannot have " + pageableBytes + " bytes.");
      }
    }

    /** First to prepared pages, as far as the pool's limit lets. */
    public Tiered pool(PagePool first) {
      return new Tiered(Optional.of(first), pageableBytes, directory, traits);
    }

    /** Then to pageable memory, so much of each region. */
    public Tiered pageable(long budgetBytes) {
      return new Tiered(pool, budgetBytes, directory, traits);
    }

    /** The rest to a file. */
    public Tiered directory(BackupDirectory last) {
      return new Tiered(pool, pageableBytes, Optional.of(last), traits);
    }

    @Override
    public Tiered with(Traits other) {
      return new Tiered(pool, pageableBytes, directory, other);
    }
  }
}
