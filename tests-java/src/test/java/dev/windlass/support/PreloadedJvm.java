package dev.windlass.support;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;

/** A child JVM with the preloaded library before everything else, and an emulated device. */
public final class PreloadedJvm {
  private PreloadedJvm() {}

  /** Skips the test where the library was not built. */
  public static ChildJvm child() {
    String given = System.getProperty("windlass.native.dir");
    Path build =
        given != null
            ? Path.of(given)
            : Path.of(System.getProperty("windlass.root"), "build/native");
    Path library = build.resolve("native/preload/libwindlass_preload.so").toAbsolutePath();
    assumeTrue(
        Files.exists(library),
        () -> library + " is not built: run ./windlass, or set windlass.native.dir");
    return new ChildJvm()
        .nativeAccess()
        .environment("LD_PRELOAD", library)
        .environment("WINDLASS_PRELOAD_DEVICE", "emulated:64M");
  }
}
