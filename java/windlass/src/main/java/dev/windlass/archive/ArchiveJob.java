package dev.windlass.archive;

import dev.windlass.Status;
import dev.windlass.WindlassException;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * A save, load or verification under way, in threads of its own. It must be closed, which ends it
 * if it is not done.
 *
 * <p>Any thread may call; a closed job throws {@link Status#STALE_HANDLE}.
 */
public final class ArchiveJob implements AutoCloseable {
  private static final Duration PIECE = Duration.ofSeconds(1);

  private final long handle;
  private final String name;
  private final AtomicBoolean closed = new AtomicBoolean();

  ArchiveJob(long handle, String name) {
    this.handle = handle;
    this.name = name;
  }

  /**
   * Waits until it is done. Blocks: call it from a platform thread. It may be called again, and
   * then has the same outcome.
   *
   * @throws WindlassException what became of the job, see {@link Archive}; STATE where it was
   *     cancelled
   */
  public ArchiveReport await() {
    while (true) {
      Optional<ArchiveReport> report = await(PIECE);
      if (report.isPresent()) {
        return report.get();
      }
    }
  }

  /** The same, for at most so long: empty where it is not done by then. */
  public Optional<ArchiveReport> await(Duration most) {
    return ArchiveCalls.await(handle, Objects.requireNonNull(most, "most"));
  }

  /** How far it is. */
  public ArchiveProgress progress() {
    return ArchiveCalls.progress(handle);
  }

  /**
   * Asks it to stop and to clean up; it then is done with {@link Status#STATE}. If it is done
   * already, that stays.
   */
  public void cancel() {
    ArchiveCalls.cancel(handle);
  }

  /** The entries, where the job was told to keep them and has succeeded. */
  List<ArchiveEntry> entries() {
    return ArchiveCalls.entries(handle);
  }

  /** Cancels it if it is not done, and waits until it has cleaned up. */
  @Override
  public void close() {
    if (!closed.getAndSet(true)) {
      ArchiveCalls.close(handle);
    }
  }

  @Override
  public String toString() {
    return name;
  }
}
