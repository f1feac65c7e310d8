package dev.windlass.memory;

import dev.windlass.Status;
import dev.windlass.WindlassException;
import dev.windlass.bindings.NativeCall;
import dev.windlass.bindings.WindlassAbi;
import dev.windlass.bindings.wl_region_outcome;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/** Pausing and resuming many regions as one, with all that Java knows of them. */
final class SetTransition {
  private SetTransition() {}

  /** One of the library's functions that change the state of many regions. */
  @FunctionalInterface
  private interface Change {
    int apply(
        long set,
        MemorySegment regions,
        long count,
        int skipDone,
        MemorySegment outcomes,
        int outcomeSize,
        MemorySegment error);
  }

  /** What was done, and what kept it from being done. */
  private record Result<R>(List<RegionOutcome<R>> outcomes, long totalNs) {}

  static SetReport<PauseReport> pause(long set, List<Region> regions, IfDone ifDone) {
    return locked(regions, open -> pauseLocked(set, open, ifDone));
  }

  private static SetReport<PauseReport> pauseLocked(long set, List<Region> regions, IfDone ifDone) {
    Map<Region, List<RegionListener>> told = new LinkedHashMap<>();
    Map<Region, RegionEvents.Pause> events = new LinkedHashMap<>();
    Result<PauseReport> result;
    try {
      for (Region region : regions) {
        if (region.state() == RegionState.ACTIVE) {
          events.put(region, new RegionEvents.Pause());
          told.put(region, region.listeners().beforePause(region));
        }
      }
      // Of regions that turn out not to be paused the segments are made anew when asked for.
      told.keySet().forEach(Region::endSegments);
      events.values().forEach(RegionEvents.Pause::begin);
      result =
          change(
              WindlassAbi::wl_region_set_pause_these,
              set,
              regions,
              ifDone,
              SetTransition::pauseReport);
    } catch (RuntimeException e) {
      told.forEach(Transition::tellUnlessPaused);
      throw e;
    }
    for (RegionOutcome<PauseReport> outcome : result.outcomes()) {
      Region region = outcome.region();
      RegionEvents.Pause event = events.get(region);
      if (outcome.report().isPresent() && event != null) {
        RegionEvents.paused(event, region, outcome.report().get());
        region.listeners().afterPause(region, outcome.report().get());
      }
    }
    return report(
        result,
        result.outcomes().stream()
            .flatMap(each -> each.report().stream())
            .mapToLong(PauseReport::savedBytes)
            .sum(),
        result.outcomes().stream()
            .flatMap(each -> each.report().stream())
            .mapToLong(PauseReport::freedBytes)
            .sum());
  }

  static SetReport<ResumeReport> resume(long set, List<Region> regions, IfDone ifDone) {
    return locked(regions, open -> resumeLocked(set, open, ifDone));
  }

  private static SetReport<ResumeReport> resumeLocked(
      long set, List<Region> regions, IfDone ifDone) {
    Map<Region, RegionEvents.Resume> events = new LinkedHashMap<>();
    for (Region region : regions) {
      if (region.state() == RegionState.PAUSED) {
        region.endImageBeforeResume();
        events.put(region, new RegionEvents.Resume());
      }
    }
    events.values().forEach(RegionEvents.Resume::begin);
    Result<ResumeReport> result =
        change(
            WindlassAbi::wl_region_set_resume_these,
            set,
            regions,
            ifDone,
            SetTransition::resumeReport);
    for (RegionOutcome<ResumeReport> outcome : result.outcomes()) {
      Region region = outcome.region();
      RegionEvents.Resume event = events.get(region);
      if (outcome.report().isPresent() && event != null) {
        RegionEvents.resumed(event, region, outcome.report().get());
        region.listeners().afterReturn(region);
      }
    }
    return report(
        result,
        result.outcomes().stream()
            .flatMap(each -> each.report().stream())
            .mapToLong(ResumeReport::restoredBytes)
            .sum(),
        result.outcomes().stream()
            .flatMap(each -> each.report().stream())
            .mapToLong(ResumeReport::takenBytes)
            .sum());
  }

  private static <R> SetReport<R> report(Result<R> result, long movedBytes, long deviceBytes) {
    return new SetReport<>(result.outcomes(), movedBytes, deviceBytes, result.totalNs());
  }

  /**
   * Runs work on those regions that are open, with their locks, which everybody takes in the same
   * order.
   */
  private static <T> T locked(List<Region> regions, Function<List<Region>, T> work) {
    List<Region> ordered = new ArrayList<>(regions);
    ordered.sort(Comparator.comparing(Region::handle, Long::compareUnsigned));
    int held = 0;
    try {
      for (Region region : ordered) {
        region.lock().lock();
        ++held;
      }
      return work.apply(regions.stream().filter(region -> !region.isClosed()).toList());
    } finally {
      for (Region region : ordered.subList(0, held).reversed()) {
        region.lock().unlock();
      }
    }
  }

  private static <R> Result<R> change(
      Change change,
      long set,
      List<Region> regions,
      IfDone ifDone,
      Function<MemorySegment, R> reportOf) {
    long size = wl_region_outcome.layout().byteSize();
    try (NativeCall call = NativeCall.open(WindlassException::of)) {
      MemorySegment handles = call.allocate(regions.stream().mapToLong(Region::handle).toArray());
      MemorySegment outcomes = call.allocate(wl_region_outcome.layout(), regions.size());
      long start = System.nanoTime();
      int status =
          change.apply(
              set,
              handles,
              regions.size(),
              ifDone == IfDone.SKIP ? 1 : 0,
              outcomes,
              Math.toIntExact(size),
              call.error());
      long totalNs = System.nanoTime() - start;
      List<RegionOutcome<R>> list = new ArrayList<>();
      for (int index = 0; index < regions.size(); ++index) {
        list.add(outcome(regions.get(index), outcomes.asSlice(index * size, size), reportOf));
      }
      try {
        call.check(status);
      } catch (WindlassException e) {
        throw new RegionSetException(e.status(), e.systemCode(), messageOf(e), list);
      }
      return new Result<>(list, totalNs);
    }
  }

  /** What the library said, without the status that the exception puts before it. */
  private static String messageOf(WindlassException e) {
    String whole = String.valueOf(e.getMessage());
    String prefix = e.status() + ": ";
    return whole.startsWith(prefix) ? whole.substring(prefix.length()) : whole;
  }

  private static <R> RegionOutcome<R> outcome(
      Region region, MemorySegment outcome, Function<MemorySegment, R> reportOf) {
    RegionOutcome.Kind kind = kindOf(wl_region_outcome.kind(outcome));
    return new RegionOutcome<>(
        region,
        kind,
        kind == RegionOutcome.Kind.DONE ? Optional.of(reportOf.apply(outcome)) : Optional.empty(),
        Status.of(wl_region_outcome.status(outcome)),
        wl_region_outcome.message(outcome).getString(0));
  }

  private static RegionOutcome.Kind kindOf(int code) {
    if (code == WindlassAbi.WL_OUTCOME_DONE()) {
      return RegionOutcome.Kind.DONE;
    }
    if (code == WindlassAbi.WL_OUTCOME_SKIPPED()) {
      return RegionOutcome.Kind.SKIPPED;
    }
    if (code == WindlassAbi.WL_OUTCOME_UNDONE()) {
      return RegionOutcome.Kind.UNDONE;
    }
    return code == WindlassAbi.WL_OUTCOME_STRANDED()
        ? RegionOutcome.Kind.STRANDED
        : RegionOutcome.Kind.UNTOUCHED;
  }

  private static PauseReport pauseReport(MemorySegment outcome) {
    return new PauseReport(
        wl_region_outcome.moved_bytes(outcome),
        wl_region_outcome.device_bytes(outcome),
        wl_region_outcome.drain_ns(outcome),
        wl_region_outcome.prepare_ns(outcome),
        wl_region_outcome.copy_ns(outcome),
        wl_region_outcome.settle_ns(outcome),
        wl_region_outcome.release_ns(outcome),
        wl_region_outcome.total_ns(outcome),
        wl_region_outcome.generation(outcome));
  }

  private static ResumeReport resumeReport(MemorySegment outcome) {
    return new ResumeReport(
        wl_region_outcome.moved_bytes(outcome),
        wl_region_outcome.device_bytes(outcome),
        wl_region_outcome.prepare_ns(outcome),
        wl_region_outcome.copy_ns(outcome),
        wl_region_outcome.release_ns(outcome),
        wl_region_outcome.total_ns(outcome),
        wl_region_outcome.generation(outcome));
  }
}
