package dev.windlass.memory;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

/** Pausing and resuming one region, with all that Java knows of it. Its lock is held. */
final class Transition {
  private Transition() {}

  static PauseReport pause(Region region) {
    RegionEvents.Pause event = new RegionEvents.Pause();
    event.begin();
    List<RegionListener> told = region.listeners().beforePause(region);
    PauseReport report;
    try {
      region.endSegments();
      report = RegionCalls.pause(region.handle());
    } catch (RuntimeException e) {
      tellUnlessPaused(region, told);
      throw e;
    }
    RegionEvents.paused(event, region, report);
    region.listeners().afterPause(region, report);
    return report;
  }

  /**
   * A pause that failed leaves the pages, but for the rare case that they could not be had back.
   */
  static void tellUnlessPaused(Region region, List<RegionListener> told) {
    if (!told.isEmpty() && region.state() == RegionState.ACTIVE) {
      region.listeners().afterReturn(region, told);
    }
  }

  static ResumeReport resume(Region region) {
    RegionEvents.Resume event = new RegionEvents.Resume();
    event.begin();
    region.endImageBeforeResume();
    ResumeReport report = RegionCalls.resume(region.handle());
    RegionEvents.resumed(event, region, report);
    region.listeners().afterReturn(region);
    return report;
  }

  /** Runs work that blocks in a platform thread of its own, which ends with it. */
  static <T> CompletableFuture<T> async(String name, Supplier<T> work) {
    CompletableFuture<T> future = new CompletableFuture<>();
    Thread.ofPlatform()
        .daemon()
        .name(name)
        .start(
            () -> {
              try {
                future.complete(work.get());
              } catch (Throwable e) {
                future.completeExceptionally(e);
              }
            });
    return future;
  }
}
