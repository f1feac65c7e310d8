package dev.windlass.bindings;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Optional;

/**
 * The preloaded library, libwindlass_preload.so, if this process was started with it.
 *
 * <p>It was there before the JVM, and no class loader knows it; nor does the linker's default
 * lookup, which looks into the C library alone. Its symbols are found as the process's own
 * references are resolved: by {@code dlsym(RTLD_DEFAULT, …)}.
 *
 * <p>Whoever calls into {@link PreloadAbi} looks at {@link #outcome()} first.
 */
public final class PreloadLibrary {

  /** What became of looking for it; the same at every call. */
  public sealed interface Outcome {
    /** It is there, and of this ABI. */
    record Present(SymbolLookup symbols) implements Outcome {}

    /** The process was started without it. */
    record Absent() implements Outcome {}

    /** It cannot be used, or not even looked for. The status is one of the ABI's. */
    record Failed(int status, String message) implements Outcome {}
  }

  // The WL_STATUS_ constant of this name; see NativeLibrary.
  private static final int VERSION = 9;

  private static final class Once {
    static final Outcome OUTCOME = lookWithoutThrowing();
  }

  private PreloadLibrary() {}

  /** Looks for the library at the first call; every call has the same answer. */
  public static Outcome outcome() {
    return Once.OUTCOME;
  }

  /** The library's symbols. Nothing is looked for before the first symbol is. */
  static SymbolLookup symbols() {
    return PreloadLibrary::find;
  }

  private static Optional<MemorySegment> find(String name) {
    return switch (outcome()) {
      case Outcome.Present present -> present.symbols().find(name);
      case Outcome.Absent _ -> throw new IllegalStateException(absent());
      case Outcome.Failed failed -> throw new IllegalStateException(failed.message());
    };
  }

  /** What to say to who cannot do without it. */
  static String absent() {
    return "This process was started without the preloaded library. Start java with LD_PRELOAD="
        + "/path/to/libwindlass_preload.so.";
  }

  private static Outcome lookWithoutThrowing() {
    Optional<NativeLibrary.Outcome.Failed> refused = NativeLibrary.refused();
    if (refused.isPresent()) {
      return new Outcome.Failed(refused.get().status(), refused.get().message());
    }
    try {
      return look();
    } catch (Exception | Error e) {
      return failed("The process could not be searched for the preloaded library: " + e + ".");
    }
  }

  @SuppressWarnings("restricted")
  private static Outcome look() {
    Optional<MemorySegment> dlsym = Linker.nativeLinker().defaultLookup().find("dlsym");
    if (dlsym.isEmpty()) {
      return new Outcome.Absent();
    }
    MethodHandle handle =
        Linker.nativeLinker()
            .downcallHandle(
                dlsym.get(),
                FunctionDescriptor.of(
                    ValueLayout.ADDRESS, ValueLayout.ADDRESS, ValueLayout.ADDRESS));
    SymbolLookup process = name -> inProcess(handle, name);
    Optional<MemorySegment> version = process.find("wl_preload_abi_version");
    return version.isEmpty() ? new Outcome.Absent() : checkAbi(version.get(), process);
  }

  private static Optional<MemorySegment> inProcess(MethodHandle dlsym, String name) {
    try (Arena arena = Arena.ofConfined()) {
      // RTLD_DEFAULT is NULL.
      MemorySegment found =
          (MemorySegment) dlsym.invokeExact(MemorySegment.NULL, arena.allocateFrom(name));
      return found.address() == 0 ? Optional.empty() : Optional.of(found);
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException(name + " could not be looked for", e);
    }
  }

  @SuppressWarnings("restricted")
  private static Outcome checkAbi(MemorySegment function, SymbolLookup symbols) {
    MethodHandle handle =
        Linker.nativeLinker().downcallHandle(function, FunctionDescriptor.of(ValueLayout.JAVA_INT));
    int version;
    try {
      version = (int) handle.invokeExact();
    } catch (Throwable e) {
      return failed("The preloaded library could not be asked for its ABI version: " + e + ".");
    }
    int major = version >>> 16;
    int minor = version & 0xffff;
    int wantedMajor = WindlassAbi.WL_ABI_MAJOR();
    int wantedMinor = WindlassAbi.WL_ABI_MINOR();
    // While the major number is 0 the minor numbers must be equal.
    boolean fits =
        major == wantedMajor && (major == 0 ? minor == wantedMinor : minor >= wantedMinor);
    return fits
        ? new Outcome.Present(symbols)
        : new Outcome.Failed(
            VERSION,
            "The preloaded library has ABI %d.%d, and this jar needs %d.%d. Use those of one release."
                .formatted(major, minor, wantedMajor, wantedMinor));
  }

  private static Outcome failed(String message) {
    return new Outcome.Failed(NativeLibrary.LIBRARY, message);
  }
}
