package dev.windlass.bindings;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.windlass.support.ChildJvm;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What the loader makes of its cache directories, each in JVMs of its own.
 *
 * <p>Each JVM has three roots: the named one, XDG_CACHE_HOME's and java.io.tmpdir's; the home is a
 * file, under which there can be nothing.
 */
class LibraryCacheTest {
  private static final Set<PosixFilePermission> PRIVATE =
      PosixFilePermissions.fromString("rwx------");
  private static final String PROBE = LoadProbe.class.getName();

  @TempDir Path folder;

  private Path named;
  private Path xdg;
  private Path temporary;
  private CarriedLibrary library;

  @BeforeEach
  void setUp() throws IOException {
    named = folder.resolve("named");
    xdg = Files.createDirectory(folder.resolve("xdg"));
    temporary = Files.createDirectory(folder.resolve("tmp"));
    library = CarriedLibrary.of(Platform.current()).orElseThrow();
    Files.createFile(folder.resolve("home"));
  }

  private ChildJvm child() {
    return new ChildJvm()
        .nativeAccess()
        .property("dev.windlass.cache.dir", named)
        .property("user.home", folder.resolve("home"))
        .property("java.io.tmpdir", temporary)
        .environment("XDG_CACHE_HOME", xdg);
  }

  private Path fileUnder(Path root) {
    return root.resolve(library.sha256()).resolve("libwindlass.so");
  }

  private Path nextFile() {
    return fileUnder(xdg.resolve("windlass"));
  }

  @Test
  void theLibraryIsExtractedOnceAndForThisUserAlone() throws Exception {
    assertLoadsFrom(fileUnder(named), child().run(PROBE));
    assertEquals("rwx------", permissions(named));
    assertEquals("rwx------", permissions(named.resolve(library.sha256())));
    assertEquals("rw-------", permissions(fileUnder(named)));
    Object first = Files.getAttribute(fileUnder(named), "unix:ino");
    assertLoadsFrom(fileUnder(named), child().run(PROBE));
    assertEquals(first, Files.getAttribute(fileUnder(named), "unix:ino"), "not written again");
    assertFalse(Files.exists(nextFile()));
  }

  @Test
  void aCorruptFileIsReplaced() throws Exception {
    prepare();
    byte[] corrupt = library.bytes();
    corrupt[corrupt.length / 2] ^= 1;
    Files.write(fileUnder(named), corrupt);
    assertLoadsFrom(fileUnder(named), child().run(PROBE));
    assertArrayEquals(library.bytes(), Files.readAllBytes(fileUnder(named)));
  }

  @Test
  void aTruncatedFileIsReplaced() throws Exception {
    prepare();
    for (int size : new int[] {0, 1000}) {
      Files.write(fileUnder(named), Arrays.copyOf(library.bytes(), size));
      assertLoadsFrom(fileUnder(named), child().run(PROBE));
    }
  }

  @Test
  void aLinkInThePlaceOfTheFileIsReplacedAndItsTargetLeftAlone() throws Exception {
    prepare();
    Path target = Files.write(folder.resolve("target"), library.bytes());
    Files.delete(fileUnder(named));
    Files.createSymbolicLink(fileUnder(named), target);
    assertLoadsFrom(fileUnder(named), child().run(PROBE));
    assertFalse(Files.isSymbolicLink(fileUnder(named)));
    assertTrue(Files.exists(target));
  }

  @Test
  void librariesThatNobodyUsedForLongAreRemovedByWhoeverWritesANewOne() throws Exception {
    Path root = Files.createDirectory(named, PosixFilePermissions.asFileAttribute(PRIVATE));
    Path unused = cached(root, "a".repeat(64), Duration.ofDays(40));
    Path recent = cached(root, "b".repeat(64), Duration.ofDays(20));
    Path foreign = cached(root, "somebody-else", Duration.ofDays(400));
    assertLoadsFrom(fileUnder(named), child().run(PROBE));
    assertFalse(Files.exists(unused));
    assertTrue(Files.exists(recent.resolve("libwindlass.so")));
    assertTrue(Files.exists(foreign.resolve("libwindlass.so")));
  }

  @Test
  void aLibraryThatIsUsedDoesNotGrowOld() throws Exception {
    prepare();
    Path used = fileUnder(named).getParent();
    Files.setLastModifiedTime(used, FileTime.from(Instant.now().minus(Duration.ofDays(40))));
    assertLoadsFrom(fileUnder(named), child().run(PROBE));
    Instant noted = Files.getLastModifiedTime(used).toInstant();
    assertTrue(noted.isAfter(Instant.now().minus(Duration.ofDays(1))), noted.toString());
  }

  private static Path cached(Path root, String name, Duration age) throws IOException {
    Path cached = Files.createDirectory(root.resolve(name));
    Files.writeString(cached.resolve("libwindlass.so"), "a library of another build");
    Files.setLastModifiedTime(cached, FileTime.from(Instant.now().minus(age)));
    return cached;
  }

  @Test
  void whatCrashedJvmsLeftIsSweptAndWhatOthersWriteIsNot() throws Exception {
    prepare();
    Path left = fileUnder(named).resolveSibling("libwindlass.so.left.tmp");
    Path written = fileUnder(named).resolveSibling("libwindlass.so.written.tmp");
    Files.createFile(written);
    Files.createFile(left);
    FileTime old = FileTime.from(Instant.now().minus(Duration.ofHours(2)));
    Files.setLastModifiedTime(left, old);
    assertLoadsFrom(fileUnder(named), child().run(PROBE));
    assertFalse(Files.exists(left));
    assertTrue(Files.exists(written));
  }

  @Test
  void jvmsThatStartAtOnceAllLoadOneWholeFile() throws Exception {
    List<ChildJvm.Running> running = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      running.add(child().start(PROBE));
    }
    for (ChildJvm.Running each : running) {
      assertLoadsFrom(fileUnder(named), each.await());
    }
    try (Stream<Path> files = Files.list(named.resolve(library.sha256()))) {
      Path mark = LibraryMark.place(fileUnder(named));
      assertEquals(List.of(fileUnder(named)), files.filter(file -> !file.equals(mark)).toList());
    }
  }

  @Test
  void aFileInThePlaceOfTheRootLeadsToTheNextRoot() throws Exception {
    Files.createFile(named);
    assertLoadsFrom(nextFile(), child().run(PROBE));
  }

  @Test
  void aFolderInThePlaceOfTheFileLeadsToTheNextRoot() throws Exception {
    prepare();
    Files.delete(fileUnder(named));
    Files.createDirectories(fileUnder(named).resolve("child"));
    assertLoadsFrom(nextFile(), child().run(PROBE));
  }

  @Test
  void aRootThatOthersCanWriteToLeadsToTheNextRoot() throws Exception {
    for (String permissions : List.of("rwxrwx---", "rwx---rwx")) {
      Files.deleteIfExists(named);
      Files.createDirectory(named);
      Files.setPosixFilePermissions(named, PosixFilePermissions.fromString(permissions));
      assertLoadsFrom(nextFile(), child().run(PROBE));
    }
  }

  @Test
  void aRootOfAnotherUserLeadsToTheNextRoot() throws Exception {
    assumeTrue(Files.isWritable(Path.of("/etc")), "only root can give a folder to another user");
    Files.createDirectory(named);
    Files.setAttribute(named, "unix:uid", 65534);
    assertLoadsFrom(nextFile(), child().run(PROBE));
  }

  @Test
  void aFullFileSystemLeadsToTheNextRoot() throws Exception {
    assertLoadsFrom(nextFile(), onTmpfs("size=64k").run(PROBE));
  }

  @Test
  void aReadOnlyFileSystemLeadsToTheNextRoot() throws Exception {
    assertLoadsFrom(nextFile(), onTmpfs("ro").run(PROBE));
  }

  @Test
  void aFileSystemWithoutExecutionLeadsToTheNextRoot() throws Exception {
    assertLoadsFrom(nextFile(), onTmpfs("noexec").run(PROBE));
  }

  @Test
  void theLastRootIsInTheTemporaryFolder() throws Exception {
    Files.createFile(named);
    Files.createFile(xdg.resolve("windlass"));
    Path last = temporary.resolve("windlass-" + System.getProperty("user.name"));
    assertLoadsFrom(fileUnder(last), child().run(PROBE));
  }

  @Test
  void whenNoRootServesEachIsNamedWithItsReason() throws Exception {
    Files.createFile(named);
    Files.createFile(xdg.resolve("windlass"));
    Path last = temporary.resolve("windlass-" + System.getProperty("user.name"));
    Files.createFile(last);
    ChildJvm.Result result = child().run(PROBE);
    assertTrue(result.output().startsWith("LIBRARY: "), result::output);
    for (Path root : List.of(named, xdg.resolve("windlass"), folder.resolve("home"), last)) {
      assertTrue(result.output().contains(root.toString()), () -> root + ": " + result.output());
    }
    assertTrue(result.output().contains("-Ddev.windlass.cache.dir"), result::output);
    assertTrue(result.output().contains("-Ddev.windlass.library.path"), result::output);
  }

  private void prepare() throws IOException, InterruptedException {
    assertLoadsFrom(fileUnder(named), child().run(PROBE));
  }

  /** The named root on a file system of its own, which goes with the JVM. */
  private ChildJvm onTmpfs(String options) throws IOException, InterruptedException {
    Files.createDirectory(named);
    String[] mount = {
      "unshare",
      "--map-root-user",
      "--mount",
      "sh",
      "-c",
      "mount -t tmpfs -o mode=700," + options + " none '" + named + "' && exec \"$@\"",
      "sh"
    };
    List<String> trial = new ArrayList<>(List.of(mount));
    trial.add("true");
    int refused;
    try {
      refused = new ProcessBuilder(trial).start().waitFor();
    } catch (IOException e) {
      refused = 127;
    }
    assumeTrue(refused == 0, "this machine does not let a test mount a file system");
    return child().under(mount);
  }

  private static void assertLoadsFrom(Path file, ChildJvm.Result result) {
    assertTrue(result.output().endsWith("from " + file), () -> file + ": " + result.output());
  }

  private static String permissions(Path path) throws IOException {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
  }
}
