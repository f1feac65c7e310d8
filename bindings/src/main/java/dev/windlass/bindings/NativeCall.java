package dev.windlass.bindings;

import java.lang.foreign.Arena;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * A call into the library: the memory for its arguments, which lives as long as this does, its
 * error, and the look at the status that it returns.
 *
 * <p>Everything that calls the library goes through here, so that a library that could not be
 * loaded is one clear failure.
 */
public final class NativeCall implements AutoCloseable {

  /** Makes the exception for a status that is not OK. */
  @FunctionalInterface
  public interface Failures {
    RuntimeException of(int status, int systemCode, String message);
  }

  /** One of the library's functions that fill a struct with its defaults. */
  @FunctionalInterface
  public interface Defaults {
    void fill(MemorySegment struct, int structSize);
  }

  private final Arena arena = Arena.ofConfined();
  private final Failures failures;
  private final MemorySegment error;

  private NativeCall(Failures failures) {
    this.failures = failures;
    this.error = wl_error.allocate(arena);
  }

  /** Begins a call; throws one of the failures if there is no library to call. */
  public static NativeCall open(Failures failures) {
    if (NativeLibrary.outcome() instanceof NativeLibrary.Outcome.Failed failed) {
      throw failures.of(failed.status(), 0, failed.message());
    }
    return new NativeCall(failures);
  }

  /** The same, of the preloaded library. */
  public static NativeCall openPreloaded(Failures failures) {
    return switch (PreloadLibrary.outcome()) {
      case PreloadLibrary.Outcome.Present _ -> new NativeCall(failures);
      case PreloadLibrary.Outcome.Absent _ ->
          throw failures.of(NativeLibrary.LIBRARY, 0, PreloadLibrary.absent());
      case PreloadLibrary.Outcome.Failed failed ->
          throw failures.of(failed.status(), 0, failed.message());
    };
  }

  /** Zeroed memory for an argument. */
  public MemorySegment allocate(MemoryLayout layout) {
    return arena.allocate(layout);
  }

  /** Memory for a struct that begins with its size, filled with its defaults. */
  public MemorySegment allocate(MemoryLayout layout, Defaults defaults) {
    MemorySegment struct = arena.allocate(layout);
    defaults.fill(struct, Math.toIntExact(layout.byteSize()));
    return struct;
  }

  /** A string, as UTF-8 with a zero at its end. */
  public MemorySegment allocate(String text) {
    return arena.allocateFrom(text);
  }

  /** Handles, one after the other. */
  public MemorySegment allocate(long[] handles) {
    return arena.allocateFrom(ValueLayout.JAVA_LONG, handles);
  }

  /** Zeroed memory for so many of a struct, one after the other. */
  public MemorySegment allocate(MemoryLayout layout, long count) {
    return arena.allocate(layout, count);
  }

  /** Zeroed memory for bytes on their way. */
  public MemorySegment allocate(long sizeBytes) {
    return arena.allocate(sizeBytes, Long.BYTES);
  }

  /** The wl_error to pass. */
  public MemorySegment error() {
    return error;
  }

  /**
   * Throws the failure that this status means, with what the library says about it, unless it is
   * OK.
   */
  public void check(int status) {
    if (status != WindlassAbi.WL_STATUS_OK()) {
      throw failures.of(status, wl_error.system_code(error), wl_error.message(error).getString(0));
    }
  }

  @Override
  public void close() {
    arena.close();
  }
}
