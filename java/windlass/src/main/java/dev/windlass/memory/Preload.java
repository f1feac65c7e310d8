package dev.windlass.memory;

import dev.windlass.WindlassException;
import dev.windlass.bindings.NativeCall;
import dev.windlass.bindings.PreloadAbi;
import dev.windlass.bindings.PreloadLibrary;
import dev.windlass.bindings.wl_preload_info;
import dev.windlass.bindings.wl_preload_report;
import dev.windlass.bindings.wl_preload_scope_options;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What native code in this process allocates on GPUs, through CUDA's runtime: paused and resumed by
 * tag, if the process was started with {@code LD_PRELOAD=libwindlass_preload.so}.
 *
 * <p>Within a {@link #scope}, or where the library's environment variables say so, {@code
 * cudaMalloc} gives regions. They are not {@link Region}s: the preloaded library has a core of its
 * own, and what is opened through {@link Device} and {@link Regions} is not reached from here.
 *
 * <p>Any thread may call. {@link #pause}, {@link #resume} and {@link #preparePool} block inside the
 * library: call them from platform threads. Every call throws a {@link WindlassException} with the
 * reason where the environment variables cannot be followed.
 */
public final class Preload {
  private Preload() {}

  /**
   * The preloaded library; empty where the process was started without it.
   *
   * @throws WindlassException VERSION where it is of another release; PERMISSION where this JVM may
   *     not call native code
   */
  public static Optional<Preload> ofThisProcess() {
    return switch (PreloadLibrary.outcome()) {
      case PreloadLibrary.Outcome.Present _ -> Optional.of(new Preload());
      case PreloadLibrary.Outcome.Absent _ -> Optional.empty();
      case PreloadLibrary.Outcome.Failed failed ->
          throw WindlassException.of(failed.status(), 0, failed.message());
    };
  }

  /**
   * Until the scope is closed, what this thread allocates is as the settings say. A scope belongs
   * to a thread of the operating system, so that a virtual thread can have none.
   *
   * @throws IllegalStateException in a virtual thread
   * @throws WindlassException STATE where the pool has another limit; NOT_FOUND, PERMISSION, IO of
   *     the directory
   */
  public PreloadScope scope(PreloadSettings settings) {
    Objects.requireNonNull(settings, "settings");
    if (Thread.currentThread().isVirtual()) {
      throw new IllegalStateException(
          "A scope belongs to a platform thread: a virtual one would leave it behind in its"
              + " carrier.");
    }
    try (NativeCall call = NativeCall.openPreloaded(WindlassException::of)) {
      MemorySegment scope = call.allocate(ValueLayout.JAVA_LONG);
      call.check(PreloadAbi.wl_preload_scope_enter(options(call, settings), scope, call.error()));
      return new PreloadScope(scope.get(ValueLayout.JAVA_LONG, 0), Thread.currentThread());
    }
  }

  private static MemorySegment options(NativeCall call, PreloadSettings settings) {
    MemorySegment options =
        call.allocate(wl_preload_scope_options.layout(), PreloadAbi::wl_preload_scope_options_init);
    settings.tag().ifPresent(tag -> wl_preload_scope_options.tag(options, call.allocate(tag)));
    settings
        .enabled()
        .ifPresent(enabled -> wl_preload_scope_options.enabled(options, enabled ? 1 : 0));
    settings.retain().ifPresent(retain -> wl_preload_scope_options.retain(options, retain ? 1 : 0));
    settings.verify().ifPresent(verify -> wl_preload_scope_options.verify(options, verify ? 1 : 0));
    settings.backup().ifPresent(backup -> put(call, options, backup));
    return options;
  }

  private static void put(NativeCall call, MemorySegment options, PreloadBackup backup) {
    int kind =
        switch (backup) {
          case PreloadBackup.None _ -> PreloadAbi.WL_PRELOAD_BACKUP_NONE();
          case PreloadBackup.Pageable _ -> PreloadAbi.WL_PRELOAD_BACKUP_PAGEABLE();
          case PreloadBackup.Pooled pooled -> {
            wl_preload_scope_options.pool_limit_bytes(options, pooled.limitBytes().orElse(0));
            yield PreloadAbi.WL_PRELOAD_BACKUP_POOLED();
          }
          case PreloadBackup.InFile inFile -> {
            wl_preload_scope_options.directory(
                options, call.allocate(inFile.directory().toString()));
            yield PreloadAbi.WL_PRELOAD_BACKUP_FILE();
          }
        };
    wl_preload_scope_options.backup(options, kind);
  }

  /** Pauses what has the tag, as one; it is an error where some of it is paused already. */
  public PreloadReport pause(String tag) {
    return pause(tag, IfDone.FAIL);
  }

  /**
   * Pauses what has the tag, as one: on an error all of it is as before. Nobody may use the memory
   * until it is resumed, on the GPU neither.
   *
   * @throws WindlassException STATE where some of it is paused already, unless that is to be
   *     skipped; NO_SPACE, NO_MEMORY, IO of the backup; DEVICE
   */
  public PreloadReport pause(String tag, IfDone ifDone) {
    return transit(PreloadAbi::wl_preload_pause, Objects.requireNonNull(tag, "tag"), ifDone);
  }

  /** Pauses all there is, whatever its tag, as one. */
  public PreloadReport pauseAll(IfDone ifDone) {
    return transit(PreloadAbi::wl_preload_pause, null, ifDone);
  }

  /** Resumes what has the tag, as one; it is an error where some of it is not paused. */
  public PreloadReport resume(String tag) {
    return resume(tag, IfDone.FAIL);
  }

  /**
   * Resumes what has the tag, as one, at the same addresses, with the same bytes.
   *
   * @throws WindlassException STATE where some of it is not paused, unless that is to be skipped;
   *     NO_MEMORY; CORRUPT; IO; DEVICE. All of it stays paused, and can be tried again.
   */
  public PreloadReport resume(String tag, IfDone ifDone) {
    return transit(PreloadAbi::wl_preload_resume, Objects.requireNonNull(tag, "tag"), ifDone);
  }

  /** Resumes all there is, whatever its tag, as one. */
  public PreloadReport resumeAll(IfDone ifDone) {
    return transit(PreloadAbi::wl_preload_resume, null, ifDone);
  }

  /** The library's pause or resume. */
  @FunctionalInterface
  private interface Transit {
    int apply(MemorySegment tag, int skipDone, MemorySegment report, MemorySegment error);
  }

  private static PreloadReport transit(Transit transit, @Nullable String tag, IfDone ifDone) {
    Objects.requireNonNull(ifDone, "ifDone");
    try (NativeCall call = NativeCall.openPreloaded(WindlassException::of)) {
      MemorySegment report =
          call.allocate(wl_preload_report.layout(), PreloadAbi::wl_preload_report_init);
      int skipDone = ifDone == IfDone.SKIP ? 1 : 0;
      call.check(transit.apply(toNative(call, tag), skipDone, report, call.error()));
      return new PreloadReport(
          wl_preload_report.regions(report),
          wl_preload_report.done(report),
          wl_preload_report.skipped(report),
          wl_preload_report.moved_bytes(report),
          wl_preload_report.memory_bytes(report),
          wl_preload_report.total_ns(report));
    }
  }

  /** NULL is every tag. */
  private static MemorySegment toNative(NativeCall call, @Nullable String tag) {
    return tag == null ? MemorySegment.NULL : call.allocate(tag);
  }

  /** What has the tag, at this moment. */
  public PreloadInfo info(String tag) {
    return infoOf(Objects.requireNonNull(tag, "tag"));
  }

  /** All there is, at this moment. */
  public PreloadInfo info() {
    return infoOf(null);
  }

  private static PreloadInfo infoOf(@Nullable String tag) {
    try (NativeCall call = NativeCall.openPreloaded(WindlassException::of)) {
      MemorySegment info =
          call.allocate(wl_preload_info.layout(), PreloadAbi::wl_preload_info_init);
      call.check(PreloadAbi.wl_preload_get_info(toNative(call, tag), info, call.error()));
      String failure = wl_preload_info.last_failure(info).getString(0);
      return new PreloadInfo(
          wl_preload_info.interposing(info) != 0,
          wl_preload_info.regions(info),
          wl_preload_info.paused(info),
          wl_preload_info.size_bytes(info),
          wl_preload_info.mapped_bytes(info),
          wl_preload_info.backup_bytes(info),
          wl_preload_info.stored_bytes(info),
          wl_preload_info.margin_bytes(info),
          wl_preload_info.failures(info),
          failure.isEmpty() ? Optional.empty() : Optional.of(failure));
    }
  }

  /** From now on, {@code cudaMalloc} is refused a region that would leave less of its GPU free. */
  public void setMargin(long marginBytes) {
    if (marginBytes < 0) {
      throw new IllegalArgumentException("A margin cannot be " + marginBytes + " bytes.");
    }
    try (NativeCall call = NativeCall.openPreloaded(WindlassException::of)) {
      call.check(PreloadAbi.wl_preload_set_margin(marginBytes, call.error()));
    }
  }

  /**
   * Makes sure that the pool of {@link PreloadBackup#pooled} holds at least this much that is not
   * lent, so that no pause waits for pages.
   *
   * @throws WindlassException STATE where nobody has chosen the pool yet; NO_SPACE beyond its
   *     limit; NO_MEMORY
   */
  public void preparePool(long bytes) {
    if (bytes < 0) {
      throw new IllegalArgumentException("A pool cannot prepare " + bytes + " bytes.");
    }
    try (NativeCall call = NativeCall.openPreloaded(WindlassException::of)) {
      call.check(PreloadAbi.wl_preload_pool_prepare(bytes, call.error()));
    }
  }
}
