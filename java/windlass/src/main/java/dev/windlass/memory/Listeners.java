package dev.windlass.memory;

import dev.windlass.Status;
import dev.windlass.WindlassException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;

/** Who is told of a region's pauses and resumes: those of the set around it, then its own. */
final class Listeners {
  static final Listeners NONE = new Listeners();

  private static final System.Logger LOG = System.getLogger("dev.windlass.region");

  private final List<RegionListener> around;
  private final List<RegionListener> own = new CopyOnWriteArrayList<>();

  Listeners() {
    this.around = List.of();
  }

  Listeners(Listeners around) {
    this.around = around.own;
  }

  void add(RegionListener listener) {
    own.add(Objects.requireNonNull(listener, "listener"));
  }

  void remove(RegionListener listener) {
    own.remove(listener);
  }

  private List<RegionListener> all() {
    List<RegionListener> all = new ArrayList<>(around);
    all.addAll(own);
    return all;
  }

  /**
   * Tells of a pause to come, the last first. Returns who was told, for the others to come; where
   * one refuses, those told before hear that the pages stay.
   */
  List<RegionListener> beforePause(Region region) {
    List<RegionListener> told = new ArrayList<>();
    for (RegionListener listener : all().reversed()) {
      try {
        listener.beforePause(region);
      } catch (RuntimeException e) {
        afterReturn(region, told);
        WindlassException refused =
            new WindlassException(
                Status.STATE, 0, region + " stays active: a listener refuses: " + e.getMessage());
        refused.initCause(e);
        throw refused;
      }
      told.addFirst(listener);
    }
    return told;
  }

  void afterPause(Region region, PauseReport report) {
    tell(all(), listener -> listener.afterPause(region, report));
  }

  void afterReturn(Region region) {
    afterReturn(region, all());
  }

  void afterReturn(Region region, List<RegionListener> told) {
    tell(told, listener -> listener.afterReturn(region));
  }

  private static void tell(List<RegionListener> listeners, Consumer<RegionListener> what) {
    for (RegionListener listener : listeners) {
      try {
        what.accept(listener);
      } catch (RuntimeException e) {
        LOG.log(System.Logger.Level.WARNING, "a region's listener failed: " + listener, e);
      }
    }
  }
}
