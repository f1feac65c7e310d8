package dev.windlass.memory;

import org.jspecify.annotations.Nullable;

/**
 * A stretch of one thread's work in which the regions it opens in a set have common settings.
 * Closing it, in the thread that entered it and innermost first, restores the settings around.
 */
public final class RegionScope implements AutoCloseable {
  private final Regions regions;
  private final @Nullable RegionScope around;
  private final RegionSettings settings;

  /** around is null in the outermost. */
  RegionScope(Regions regions, @Nullable RegionScope around, RegionSettings own) {
    this.regions = regions;
    this.around = around;
    this.settings = around == null ? own : own.over(around.settings);
  }

  /** What its regions are opened with, with what the scopes around say. */
  public RegionSettings settings() {
    return settings;
  }

  @Nullable RegionScope around() {
    return around;
  }

  /**
   * @throws IllegalStateException where it is not the innermost scope of the calling thread
   */
  @Override
  public void close() {
    regions.leave(this);
  }
}
