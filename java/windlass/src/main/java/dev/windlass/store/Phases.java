package dev.windlass.store;

import dev.windlass.store.StateDictReport.Phase;
import java.util.ArrayList;
import java.util.List;

/** Times one part of the work after another. Not thread-safe. */
final class Phases {
  private final List<Phase> phases = new ArrayList<>();
  private long begin = System.nanoTime();

  /** What was done since the phase before. */
  void end(String name, long bytes) {
    long now = System.nanoTime();
    phases.add(new Phase(name, now - begin, bytes));
    begin = now;
  }

  /** The same, as the library has timed it. */
  void add(String name, long nanos, long bytes) {
    phases.add(new Phase(name, nanos, bytes));
    begin = System.nanoTime();
  }

  List<Phase> all() {
    return phases;
  }
}
