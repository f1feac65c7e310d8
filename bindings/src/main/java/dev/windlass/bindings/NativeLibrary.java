package dev.windlass.bindings;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The native library of this class loader: found, verified, loaded and of the right ABI, or the
 * reason why not.
 *
 * <p>The library comes from the file that {@code dev.windlass.library.path} names, and from nowhere
 * else if that is set. Otherwise it is the one in the jar, which is kept in a {@linkplain
 * LibraryCache cache directory} of the user's. Whatever fails is an {@link Outcome.Failed}, the
 * same at every call: nothing is thrown while a class is being initialised, so that the second
 * caller reads the same reason as the first.
 *
 * <p>Whoever calls into {@link WindlassAbi} looks at {@link #outcome()} first.
 */
public final class NativeLibrary {

  /** What became of loading. */
  public sealed interface Outcome {
    /** The library is loaded, from this file, and can be called. */
    record Loaded(Path file, SymbolLookup symbols) implements Outcome {}

    /**
     * The library cannot be used. The status is one of the ABI's; the message says what was tried
     * and what to do.
     */
    record Failed(int status, String message) implements Outcome {}
  }

  private static final String PATH_PROPERTY = "dev.windlass.library.path";

  // The WL_STATUS_ constants of these names. The generated ones cannot be had where native calls
  // are not allowed, or where Java knows no linker for the platform.
  static final int UNSUPPORTED = 8;
  static final int PERMISSION = 10;
  static final int CORRUPT = 11;
  static final int LIBRARY = 15;

  private static final class Once {
    static final Outcome OUTCOME = loadWithoutThrowing();
  }

  private NativeLibrary() {}

  /** Loads the library at the first call; every call has the same answer. */
  public static Outcome outcome() {
    return Once.OUTCOME;
  }

  /** The library's symbols. Nothing is loaded before the first symbol is looked for. */
  static SymbolLookup symbols() {
    return NativeLibrary::find;
  }

  private static Optional<MemorySegment> find(String name) {
    return switch (outcome()) {
      case Outcome.Loaded loaded -> loaded.symbols().find(name);
      case Outcome.Failed failed -> throw new IllegalStateException(failed.message());
    };
  }

  private static Outcome loadWithoutThrowing() {
    Optional<Outcome.Failed> refused = refused();
    if (refused.isPresent()) {
      return refused.get();
    }
    try {
      String path = System.getProperty(PATH_PROPERTY);
      return path != null ? loadNamed(path) : loadCarried();
    } catch (Exception | Error e) {
      return failed("Windlass could not load its native library: " + e);
    }
  }

  /**
   * The first question, since the generated classes cannot even be initialised where the answer is
   * no.
   */
  @SuppressWarnings("restricted")
  private static boolean mayCallNativeCode() {
    try {
      return MemorySegment.NULL.reinterpret(0).byteSize() == 0;
    } catch (IllegalCallerException e) {
      return false;
    }
  }

  /** Why native code cannot be called at all, if it cannot. */
  static Optional<Outcome.Failed> refused() {
    return mayCallNativeCode() ? Optional.empty() : Optional.of(accessDenied());
  }

  private static Outcome.Failed accessDenied() {
    Module module = NativeLibrary.class.getModule();
    String name = module.isNamed() ? module.getName() : "ALL-UNNAMED";
    return new Outcome.Failed(
        PERMISSION,
        "This JVM does not let Windlass call native code. Start java with --enable-native-access="
            + name
            + ".");
  }

  private static Outcome loadNamed(String path) {
    String named = "-D" + PATH_PROPERTY + "=" + path;
    Path file;
    try {
      file = Path.of(path).toAbsolutePath();
    } catch (InvalidPathException e) {
      return failed(named + " is no path: " + e.getReason() + ".");
    }
    if (Files.isDirectory(file)) {
      file = file.resolve(LibraryCache.FILE_NAME);
    }
    if (!Files.isRegularFile(file)) {
      return failed(
          "There is no library at "
              + file
              + ", which "
              + named
              + " names. Name the file of a libwindlass.so, or leave the property out to use the library in the jar.");
    }
    Attempt attempt = open(file);
    if (attempt.outcome() != null) {
      return attempt.outcome();
    }
    return failed(
        file
            + ", which "
            + named
            + " names, cannot be loaded: "
            + attempt.problem()
            + ". Name another libwindlass.so, or leave the property out to use the library in the jar.");
  }

  private static Outcome loadCarried() throws IOException {
    Platform platform = Platform.current();
    try {
      Optional<CarriedLibrary> carried = CarriedLibrary.of(platform);
      return carried.isPresent() ? loadFromCache(carried.get()) : unsupported(platform);
    } catch (CarriedLibrary.DamagedException e) {
      return new Outcome.Failed(CORRUPT, String.valueOf(e.getMessage()));
    }
  }

  private static Outcome unsupported(Platform platform) {
    return new Outcome.Failed(
        UNSUPPORTED,
        "The jar carries no native library for "
            + platform.folder()
            + "; it carries: "
            + String.join(", ", CarriedLibrary.folders())
            + ". Build libwindlass.so for this machine and name it with -D"
            + PATH_PROPERTY
            + ".");
  }

  private static Outcome loadFromCache(CarriedLibrary library)
      throws CarriedLibrary.DamagedException {
    StringBuilder tried = new StringBuilder();
    for (LibraryCache cache : LibraryCache.candidates()) {
      Attempt attempt = attempt(cache, library);
      if (attempt.outcome() != null) {
        return attempt.outcome();
      }
      tried.append("\n  ").append(cache.root()).append(" (").append(cache.origin()).append("): ");
      tried.append(attempt.problem());
    }
    return failed(
        "Windlass could not load its native library from any cache directory. Tried:"
            + tried
            + "\nName a directory that is yours alone, has room and allows execution with -D"
            + LibraryCache.ROOT_PROPERTY
            + ", or a libwindlass.so with -D"
            + PATH_PROPERTY
            + ".");
  }

  private static Attempt attempt(LibraryCache cache, CarriedLibrary library)
      throws CarriedLibrary.DamagedException {
    try {
      return open(cache.place(library));
    } catch (CarriedLibrary.DamagedException e) {
      throw e;
    } catch (IOException | RuntimeException e) {
      return new Attempt(null, describe(e));
    }
  }

  /**
   * Either an outcome that stands, or a problem with this one file, after which another may be
   * tried.
   */
  private record Attempt(@Nullable Outcome outcome, String problem) {}

  @SuppressWarnings("restricted")
  private static Attempt open(Path file) {
    SymbolLookup symbols;
    try {
      symbols = SymbolLookup.libraryLookup(file, Arena.global());
    } catch (IllegalArgumentException e) {
      return new Attempt(null, whyItDoesNotOpen(file));
    }
    return new Attempt(checkAbi(file, symbols), "");
  }

  /** The lookup does not say why it fails; loading the file the other way does. */
  @SuppressWarnings("restricted")
  private static String whyItDoesNotOpen(Path file) {
    try {
      System.load(file.toString());
      return "it could not be opened the first time";
    } catch (UnsatisfiedLinkError e) {
      return String.valueOf(e.getMessage());
    }
  }

  @SuppressWarnings("restricted")
  private static Outcome checkAbi(Path file, SymbolLookup symbols) {
    Optional<MemorySegment> check = symbols.find("wl_abi_check");
    if (check.isEmpty()) {
      return failed(
          file + " is not a Windlass library: it has no wl_abi_check. Name a libwindlass.so.");
    }
    MethodHandle handle =
        Linker.nativeLinker()
            .downcallHandle(
                check.get(),
                FunctionDescriptor.of(
                    WindlassAbi.C_INT,
                    WindlassAbi.C_INT,
                    WindlassAbi.C_INT,
                    WindlassAbi.C_POINTER));
    int major = WindlassAbi.WL_ABI_MAJOR();
    int minor = WindlassAbi.WL_ABI_MINOR();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment error = arena.allocate(wl_error.layout());
      int status = (int) handle.invokeExact(major, minor, error);
      if (status == WindlassAbi.WL_STATUS_OK()) {
        return new Outcome.Loaded(file, symbols);
      }
      return new Outcome.Failed(
          status,
          file
              + " does not fit this jar, which needs a library of ABI "
              + major
              + "."
              + minor
              + ": "
              + wl_error.message(error).getString(0)
              + ". Use the jar and the library of one release.");
    } catch (Throwable e) {
      return failed(file + " could not be asked for its ABI version: " + e + ".");
    }
  }

  private static String describe(Exception e) {
    String message = e.getMessage();
    return message == null || e instanceof FileSystemException
        ? e.getClass().getSimpleName() + (message == null ? "" : " " + message)
        : message;
  }

  private static Outcome failed(String message) {
    return new Outcome.Failed(LIBRARY, message);
  }
}
