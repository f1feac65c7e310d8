package dev.windlass.store;

import dev.windlass.tensor.StateDict;
import org.jspecify.annotations.Nullable;

/**
 * A state dict that was got, all of one version.
 *
 * <p>If it was got with a {@link TransportBufferCache}, its tensors are in the cache's memory, and
 * end when this is closed. Otherwise they are freed some time after their last use, and closing
 * does nothing.
 */
public final class ReceivedStateDict implements AutoCloseable {
  private final StateDict dict;
  private final StateDictReport report;
  private final @Nullable Leased leased;

  ReceivedStateDict(StateDict dict, StateDictReport report, @Nullable Leased leased) {
    this.dict = dict;
    this.report = report;
    this.leased = leased;
  }

  public StateDict dict() {
    return dict;
  }

  public long version() {
    return report.version();
  }

  public StateDictReport report() {
    return report;
  }

  /**
   * Gives the memory back to the cache it is from.
   *
   * @throws dev.windlass.WindlassException STATE where a native call or another thread uses it
   */
  @Override
  public void close() {
    if (leased != null) {
      leased.close();
    }
  }
}
