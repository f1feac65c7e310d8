package dev.windlass.bindings;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.windlass.Windlass;
import dev.windlass.support.ChildJvm;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Which library is loaded, and what is said when none can be. What happens in the cache directory
 * is LibraryCacheTest's.
 */
class NativeLibraryTest {
  private static final String PROBE = LoadProbe.class.getName();
  private static final String PATH = "dev.windlass.library.path";

  @TempDir Path folder;

  private ChildJvm child() {
    return new ChildJvm().property("dev.windlass.cache.dir", folder.resolve("cache"));
  }

  @Test
  void theNamedLibraryIsUsedAndNothingElse() throws Exception {
    Path named = folder.resolve("named.so");
    Files.write(named, libraryInTheJar());
    ChildJvm.Result result = child().nativeAccess().property(PATH, named).run(PROBE);
    assertTrue(result.output().endsWith("from " + named), result::output);
    assertFalse(Files.exists(folder.resolve("cache")));
  }

  @Test
  void aFolderStandsForTheLibraryInIt() throws Exception {
    Files.write(folder.resolve("libwindlass.so"), libraryInTheJar());
    ChildJvm.Result result = child().nativeAccess().property(PATH, folder).run(PROBE);
    assertTrue(
        result.output().endsWith("from " + folder.resolve("libwindlass.so")), result::output);
  }

  @Test
  void aWrongPathIsAnErrorThatSaysTheSameTheSecondTime() throws Exception {
    ChildJvm.Result result = child().nativeAccess().property(PATH, "/no/such.so").run(PROBE);
    List<String> lines = result.output().lines().toList();
    assertEquals(2, lines.size(), result::output);
    assertEquals(lines.getFirst(), lines.getLast());
    assertSays(result, "LIBRARY: ", "/no/such.so", "-D" + PATH, "leave the property out");
    assertFalse(Files.exists(folder.resolve("cache")), "there is no fallback");
  }

  @Test
  void aFileThatIsNoLibraryIsAnErrorWithTheLinkersReason() throws Exception {
    Path text = Files.writeString(folder.resolve("text.so"), "no library\n".repeat(100));
    ChildJvm.Result result = child().nativeAccess().property(PATH, text).run(PROBE);
    assertSays(result, "LIBRARY: ", text.toString(), "invalid ELF header");
  }

  @Test
  void aLibraryThatIsNotOursIsRefused() throws Exception {
    Path other = compile("int something_else(void) { return 1; }");
    ChildJvm.Result result = child().nativeAccess().property(PATH, other).run(PROBE);
    assertSays(result, "LIBRARY: ", other.toString(), "is not a Windlass library");
  }

  @Test
  void aLibraryOfAnotherAbiIsRefused() throws Exception {
    Path other =
        compile(
            """
            #include <stdio.h>
            #include "windlass/library.h"
            uint32_t wl_abi_version(void) { return 9 * 65536 + 9; }
            wl_status wl_abi_check(int32_t major, int32_t minor, wl_error* error) {
              (void)major;
              (void)minor;
              error->status = WL_STATUS_VERSION;
              error->system_code = 0;
              snprintf(error->message, sizeof error->message, "this library is of ABI 9.9");
              return WL_STATUS_VERSION;
            }
            """);
    ChildJvm.Result result = child().nativeAccess().property(PATH, other).run(PROBE);
    String ours = WindlassAbi.WL_ABI_MAJOR() + "." + WindlassAbi.WL_ABI_MINOR();
    assertSays(result, "VERSION: ", other.toString(), "needs a library of ABI " + ours, "9.9");
  }

  @Test
  void anUnsupportedPlatformIsNamedWithThoseThatAreThere() throws Exception {
    ChildJvm.Result result = child().nativeAccess().property("os.arch", "sparc").run(PROBE);
    String here = Platform.current().folder();
    assertSays(result, "UNSUPPORTED: ", "linux-sparc", "it carries: ", here, "-D" + PATH);
  }

  @Test
  void withoutNativeAccessTheFlagForTheClassPathIsNamed() throws Exception {
    ChildJvm.Result result = child().option("--illegal-native-access=deny").run(PROBE);
    assertSays(result, "PERMISSION: ", "--enable-native-access=ALL-UNNAMED");
  }

  @Test
  void withoutNativeAccessTheFlagForTheModulePathIsNamed() throws Exception {
    ChildJvm.Result result = onModulePath(child().option("--illegal-native-access=deny"));
    assertSays(result, "PERMISSION: ", "--enable-native-access=dev.windlass");
  }

  @Test
  void theJarWorksOnTheModulePath() throws Exception {
    ChildJvm.Result result =
        onModulePath(
            child()
                .option("--illegal-native-access=deny")
                .option("--enable-native-access=dev.windlass"));
    assertSays(result, "version " + Windlass.version());
  }

  @Test
  void theJarWorksInTwoClassLoadersOfOneJvm() throws Exception {
    URL[] jar = {ChildJvm.windlassJar().toUri().toURL()};
    ClassLoader platform = ClassLoader.getPlatformClassLoader();
    try (URLClassLoader first = new URLClassLoader(jar, platform);
        URLClassLoader second = new URLClassLoader(jar, platform)) {
      Class<?> one = first.loadClass(Windlass.class.getName());
      Class<?> other = second.loadClass(Windlass.class.getName());
      assertNotSame(one, other);
      assertEquals(Windlass.version(), one.getMethod("version").invoke(null));
      assertEquals(Windlass.version(), other.getMethod("version").invoke(null));
      assertEquals(Windlass.liveObjects(), other.getMethod("liveObjects").invoke(null));
    }
  }

  @Test
  void aDamagedJarIsSaidToBeDamaged() throws Exception {
    String entry = "/META-INF/native/" + Platform.current().folder() + "/libwindlass.so";
    Path damaged = Files.copy(ChildJvm.windlassJar(), folder.resolve("damaged.jar"));
    try (FileSystem jar = FileSystems.newFileSystem(damaged)) {
      Files.write(jar.getPath(entry), new byte[1000]);
    }
    assertSays(child().nativeAccess().jar(damaged).run(PROBE), "CORRUPT: ", "damaged", entry);
    try (FileSystem jar = FileSystems.newFileSystem(damaged)) {
      Files.delete(jar.getPath(entry + ".sha256"));
    }
    assertSays(child().nativeAccess().jar(damaged).run(PROBE), "CORRUPT: ", "damaged", entry);
    try (FileSystem jar = FileSystems.newFileSystem(damaged)) {
      Files.delete(jar.getPath(entry));
    }
    assertSays(child().nativeAccess().jar(damaged).run(PROBE), "it carries: none");
  }

  @Test
  void theStatusesThatTheLoaderWritesOutAreThoseOfTheCInterface() {
    assertEquals(WindlassAbi.WL_STATUS_UNSUPPORTED(), NativeLibrary.UNSUPPORTED);
    assertEquals(WindlassAbi.WL_STATUS_PERMISSION(), NativeLibrary.PERMISSION);
    assertEquals(WindlassAbi.WL_STATUS_CORRUPT(), NativeLibrary.CORRUPT);
    assertEquals(WindlassAbi.WL_STATUS_LIBRARY(), NativeLibrary.LIBRARY);
  }

  /**
   * The probe cannot be on the module path beside the package that it lies in, so a module of its
   * own asks.
   */
  private ChildJvm.Result onModulePath(ChildJvm child) throws Exception {
    Path sources = Files.createDirectories(folder.resolve("source/asks"));
    Path module = Files.writeString(sources.resolveSibling("module-info.java"), MODULE);
    Path main = Files.writeString(sources.resolve("Main.java"), MAIN);
    Path classes = folder.resolve("classes");
    String jar = ChildJvm.windlassJar().toString();
    run(javac(), "-p", jar, "-d", classes.toString(), module.toString(), main.toString());
    return child.option("-p").option(jar + ":" + classes).run("-m", "asks/asks.Main");
  }

  private static final String MODULE = "module asks { requires dev.windlass; }";
  private static final String MAIN =
      """
      package asks;

      public class Main {
        public static void main(String[] arguments) {
          try {
            System.out.println("version " + dev.windlass.Windlass.version());
          } catch (dev.windlass.WindlassException e) {
            System.out.println(e.getMessage());
          }
        }
      }
      """;

  private static String javac() {
    return Path.of(System.getProperty("java.home"), "bin", "javac").toString();
  }

  private Path compile(String source) throws IOException, InterruptedException {
    Path file = Files.writeString(folder.resolve("other.c"), source);
    Path library = folder.resolve("other.so");
    String include = "-I" + Path.of(System.getProperty("windlass.root"), "native", "include");
    run("cc", include, "-shared", "-fPIC", "-o", library.toString(), file.toString());
    return library;
  }

  private static void run(String... command) throws IOException, InterruptedException {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, process.waitFor(), output);
  }

  private static byte[] libraryInTheJar() throws IOException {
    return CarriedLibrary.of(Platform.current()).orElseThrow().bytes();
  }

  private static void assertSays(ChildJvm.Result result, String... words) {
    for (String word : words) {
      assertTrue(result.output().contains(word), () -> word + " in: " + result.output());
    }
  }
}
