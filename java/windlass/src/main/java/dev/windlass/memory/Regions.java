package dev.windlass.memory;

import dev.windlass.WindlassException;
import dev.windlass.bindings.NativeCall;
import dev.windlass.bindings.WindlassAbi;
import dev.windlass.bindings.wl_region_set_options;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentNavigableMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * A set of regions, which are opened with common settings, and paused and resumed by tag.
 *
 * <p>A call over many regions is one transaction: either all of them are in the new state, or all
 * are in the old one. Several move at once.
 *
 * <p>{@link #scope} says what the regions that the calling thread opens here are like:
 *
 * <pre>{@code
 * try (RegionScope weights = regions.scope(RegionSettings.none().withTag("weights"))) {
 *   layer = regions.openRegion(bytes);
 * }
 * regions.pause("weights");
 * }</pre>
 *
 * <p>Any thread may call. Whoever opened a region closes it, in either state; closing the set
 * leaves its regions as they are, each for itself. A closed set throws {@link
 * dev.windlass.Status#STALE_HANDLE}.
 */
public final class Regions implements AutoCloseable {
  private final long handle;
  private final RegionSettings defaults;
  private final Listeners listeners = new Listeners();
  private final ConcurrentNavigableMap<Long, Region> members = new ConcurrentSkipListMap<>();
  private final AtomicLong lastMember = new AtomicLong();

  /** Of each set its own: two sets in one thread know nothing of each other. */
  @SuppressWarnings("ThreadLocalUsage")
  private final ThreadLocal<@Nullable RegionScope> innermost = new ThreadLocal<>();

  private final AtomicBoolean closed = new AtomicBoolean();

  private Regions(long handle, RegionSettings defaults) {
    this.handle = handle;
    this.defaults = defaults;
  }

  /** An empty set of regions on the device, with pageable backups where nothing else is said. */
  public static Regions open(Device device) {
    return open(RegionSettings.none().withDevice(device), 0);
  }

  /**
   * An empty set.
   *
   * @param defaults what its regions are like where no scope says otherwise
   * @param marginBytes a region that would leave less than this of its device's memory free is
   *     refused
   */
  public static Regions open(RegionSettings defaults, long marginBytes) {
    Objects.requireNonNull(defaults, "defaults");
    requireMargin(marginBytes);
    try (NativeCall call = NativeCall.open(WindlassException::of)) {
      MemorySegment options =
          call.allocate(wl_region_set_options.layout(), WindlassAbi::wl_region_set_options_init);
      wl_region_set_options.margin_bytes(options, marginBytes);
      MemorySegment set = call.allocate(ValueLayout.JAVA_LONG);
      call.check(WindlassAbi.wl_region_set_open(options, set, call.error()));
      return new Regions(set.get(ValueLayout.JAVA_LONG, 0), defaults);
    }
  }

  private static void requireMargin(long marginBytes) {
    if (marginBytes < 0) {
      throw new IllegalArgumentException("A margin cannot be " + marginBytes + " bytes.");
    }
  }

  /** Changes the margin for regions to come. */
  public void setMargin(long marginBytes) {
    requireMargin(marginBytes);
    try (NativeCall call = NativeCall.open(WindlassException::of)) {
      call.check(WindlassAbi.wl_region_set_set_margin(handle, marginBytes, call.error()));
    }
  }

  /** Begins a scope of the calling thread. Close it in that thread. */
  public RegionScope scope(RegionSettings settings) {
    RegionScope scope = new RegionScope(this, innermost.get(), settings);
    innermost.set(scope);
    return scope;
  }

  void leave(RegionScope scope) {
    if (innermost.get() != scope) {
      throw new IllegalStateException(
          "A scope is closed once, in the thread that entered it, innermost first.");
    }
    if (scope.around() == null) {
      innermost.remove();
    } else {
      innermost.set(scope.around());
    }
  }

  /** Opens a region as the calling thread's scope says. */
  public Region openRegion(long sizeBytes) {
    return openRegion(sizeBytes, RegionSettings.none());
  }

  /**
   * Opens a region as the settings say, and where they are silent, the calling thread's scope.
   *
   * @throws IllegalArgumentException where neither names a device
   * @throws WindlassException NO_MEMORY, also where less than the margin would be left
   */
  public Region openRegion(long sizeBytes, RegionSettings given) {
    RegionScope scope = innermost.get();
    RegionSettings around = scope == null ? defaults : scope.settings().over(defaults);
    RegionSettings settings = given.over(around);
    Device device =
        settings
            .device()
            .orElseThrow(
                () ->
                    new IllegalArgumentException(
                        "Neither these settings nor a scope name a device."));
    Backup backup = settings.backup().orElseGet(Backup::pageable);
    long chunkBytes = settings.chunkBytes().orElse(0L);
    String tag = settings.tag().orElse("");
    boolean member = settings.enabled().orElse(true);
    RegionCalls.requireSizes(sizeBytes, chunkBytes);
    boolean hostAccessible = device.info().hostAccessible();
    long number = lastMember.incrementAndGet();
    long region = openNative(device, sizeBytes, tag, backup, chunkBytes);
    try {
      Region opened =
          new Region(
              region,
              backup,
              tag,
              hostAccessible,
              sizeBytes,
              member ? listeners : Listeners.NONE,
              () -> members.remove(number));
      if (member) {
        members.put(number, opened);
      }
      return opened;
    } catch (RuntimeException | Error e) {
      RegionCalls.close(region);
      throw e;
    }
  }

  private long openNative(
      Device device, long sizeBytes, String tag, Backup backup, long chunkBytes) {
    try (NativeCall call = NativeCall.open(WindlassException::of)) {
      MemorySegment options = RegionPlan.options(call, backup, chunkBytes);
      MemorySegment region = call.allocate(ValueLayout.JAVA_LONG);
      call.check(
          WindlassAbi.wl_region_set_open_region(
              handle,
              device.handle(),
              sizeBytes,
              call.allocate(tag),
              options,
              region,
              call.error()));
      return region.get(ValueLayout.JAVA_LONG, 0);
    }
  }

  /** The members, in the order in which they were opened. */
  public List<Region> members() {
    return List.copyOf(members.values());
  }

  /** The members with the tag, in the order in which they were opened. */
  public List<Region> members(String tag) {
    return members.values().stream().filter(tagged(tag)).toList();
  }

  private static Predicate<Region> tagged(String tag) {
    Objects.requireNonNull(tag, "tag");
    return region -> region.tag().equals(tag);
  }

  /** Tells somebody of the members' pauses and resumes from now on. */
  public void addListener(RegionListener listener) {
    listeners.add(listener);
  }

  /** Tells him no more. */
  public void removeListener(RegionListener listener) {
    listeners.remove(listener);
  }

  /**
   * Pauses the members with the tag as one; that there are none is no error.
   *
   * @throws RegionSetException as {@link Region#pause} does, with each region's outcome: all are as
   *     before, but for those that are {@link RegionOutcome.Kind#STRANDED}
   */
  public SetReport<PauseReport> pause(String tag, IfDone ifDone) {
    return SetTransition.pause(handle, members(tag), ifDone);
  }

  /** The same; one that is paused already is an error. */
  public SetReport<PauseReport> pause(String tag) {
    return pause(tag, IfDone.FAIL);
  }

  /** Pauses all members as one. See {@link #pause(String, IfDone)}. */
  public SetReport<PauseReport> pauseAll(IfDone ifDone) {
    return SetTransition.pause(handle, members(), ifDone);
  }

  /**
   * Resumes the members with the tag as one; that there are none is no error.
   *
   * @throws RegionSetException as {@link Region#resume} does, with each region's outcome: all stay
   *     paused, with their backups intact
   */
  public SetReport<ResumeReport> resume(String tag, IfDone ifDone) {
    return SetTransition.resume(handle, members(tag), ifDone);
  }

  /** The same; one that is active already is an error. */
  public SetReport<ResumeReport> resume(String tag) {
    return resume(tag, IfDone.FAIL);
  }

  /** Resumes all members as one. See {@link #resume(String, IfDone)}. */
  public SetReport<ResumeReport> resumeAll(IfDone ifDone) {
    return SetTransition.resume(handle, members(), ifDone);
  }

  /** Pauses in a platform thread of its own. */
  public CompletableFuture<SetReport<PauseReport>> pauseAsync(String tag, IfDone ifDone) {
    return Transition.async("windlass-pause", () -> pause(tag, ifDone));
  }

  /** Resumes in a platform thread of its own. */
  public CompletableFuture<SetReport<ResumeReport>> resumeAsync(String tag, IfDone ifDone) {
    return Transition.async("windlass-resume", () -> resume(tag, ifDone));
  }

  @Override
  public void close() {
    if (closed.getAndSet(true)) {
      return;
    }
    try (NativeCall call = NativeCall.open(WindlassException::of)) {
      call.check(WindlassAbi.wl_region_set_close(handle, call.error()));
    }
  }
}
