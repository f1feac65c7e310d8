package dev.windlass.compile;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.windlass.Status;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a load brings back, and what a server sees of it. */
class CacheLoadTest {
  private static final Map<String, String> COMPILED =
      Map.of("fxgraph/ab/cd.bin", "made here 1", "triton/kernel.cubin", "made here 2", "empty", "");

  @TempDir private Path root;
  private CacheFolders folders;

  @BeforeEach
  void prepare() {
    folders = new CacheFolders(root);
  }

  private void save() {
    folders.compile();
    assertEquals(CacheStatus.SUCCESS, folders.cache().save().status());
    folders.clear();
  }

  private CompileCache at(Step wanted, Runnable action) {
    return CacheFolders.cache(
        folders.settings().build(),
        step -> {
          if (step == wanted) {
            action.run();
          }
        });
  }

  @Test
  void whatWasSavedComesBack() {
    save();
    CacheResult result = folders.cache().load();
    assertEquals(CacheStatus.SUCCESS, result.status(), result.reason());
    assertEquals(COMPILED, CacheFolders.contents(folders.local));
    assertEquals(22, result.bytes());
    assertEquals(CacheFolders.KEY.name(), result.key());
    assertTrue(result.seconds() > 0);
    folders.assertTidy();
  }

  @Test
  void anEmptyDirectoryKeepsItsRights() throws IOException {
    save();
    Files.createDirectory(
        folders.local,
        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwxr-x--x")));
    assertEquals(CacheStatus.SUCCESS, folders.cache().load().status());
    assertEquals(
        "rwxr-x--x", PosixFilePermissions.toString(Files.getPosixFilePermissions(folders.local)));
  }

  @Test
  void aServerSeesAllOrNothing() {
    save();
    List<Set<String>> seen = new ArrayList<>();
    CompileCache cache =
        CacheFolders.cache(
            folders.settings().build(),
            step -> seen.add(CacheFolders.contents(folders.local).keySet()));
    assertEquals(CacheStatus.SUCCESS, cache.load().status());
    assertEquals(Set.of(Set.of(), COMPILED.keySet()), Set.copyOf(seen));
  }

  @Test
  void aServerThatCompilesMeanwhileKeepsItsFiles() throws IOException {
    save();
    Files.createDirectory(folders.local);
    for (Step step : List.of(Step.LOAD_CHECKED, Step.LOAD_EXTRACTED, Step.LOAD_RECORDED)) {
      CacheResult result =
          at(step, () -> CacheFolders.write(folders.local.resolve("own"), "x")).load();
      assertEquals(CacheStatus.SKIPPED, result.status(), step + ": " + result.reason());
      assertEquals(Map.of("own", "x"), CacheFolders.contents(folders.local), step.toString());
      Files.delete(folders.local.resolve("own"));
    }
    FakeArchives archives = new FakeArchives();
    boolean[] once = new boolean[1];
    archives.beforeExchange(
        () -> {
          if (!once[0]) {
            once[0] = true;
            CacheFolders.write(folders.local.resolve("own"), "x");
          }
        });
    CacheResult result = CacheFolders.cache(folders.settings().build(), archives).load();
    assertEquals(CacheStatus.SKIPPED, result.status(), result.reason());
    assertEquals(Map.of("own", "x"), CacheFolders.contents(folders.local));
    assertEquals(List.of("torchinductor"), CacheFolders.names(folders.local.getParent()));
    folders.assertTidy();
  }

  @Test
  void anArchiveThatIsDamagedInsideIsAnErrorOnceAndThenReplaced() {
    save();
    FakeArchives archives = new FakeArchives();
    archives.failLoad(FakeArchives.failure(Status.CORRUPT, 0));
    CacheResult damaged = CacheFolders.cache(folders.settings().build(), archives).load();
    assertEquals(CacheStatus.ERROR, damaged.status(), damaged.reason());
    CacheResult next = folders.cache().load();
    assertEquals(CacheStatus.DOES_NOT_EXIST, next.status(), next.reason());
    save();
    assertEquals(CacheStatus.SUCCESS, folders.cache().load().status());
    folders.assertTidy();
  }

  @Test
  void theOriginalsArchiveIsFoundAndLoaded() throws IOException {
    Originals.write(folders, Originals.archive(COMPILED));
    CacheResult result = folders.cache().load();
    assertEquals(CacheStatus.SUCCESS, result.status(), result.reason());
    assertEquals(COMPILED, CacheFolders.contents(folders.local));
    assertEquals(CacheStatus.SKIPPED, folders.cache().save().status());
    assertEquals(CacheStatus.SUCCESS, folders.cache().verify().status());
    folders.assertTidy();
    folders.clear();
    CompileCache original =
        CompileCache.of(folders.settings().key(CacheFolders.KEY.asOriginal()).build());
    assertEquals(CacheStatus.SUCCESS, original.load().status());
  }

  @Test
  void theOriginalsArchiveThatIsCutIsPassedOverAndSavedAnew() throws IOException {
    byte[] whole = Originals.archive(COMPILED);
    Originals.write(folders, Arrays.copyOf(whole, whole.length / 2));
    CacheResult cut = folders.cache().load();
    assertEquals(CacheStatus.ERROR, cut.status(), cut.reason());
    assertFalse(Files.exists(folders.local));
    assertEquals(CacheStatus.DOES_NOT_EXIST, folders.cache().load().status());
    save();
    assertEquals(CacheStatus.SUCCESS, folders.cache().load().status());
    folders.assertTidy();
  }

  @Test
  void anOriginalThatIsABombIsRefusedAndLeavesNothing() throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (GZIPOutputStream out = new GZIPOutputStream(bytes, 1 << 16)) {
      byte[] zeros = new byte[1 << 20];
      for (int piece = 0; piece < 100; piece++) {
        out.write(zeros);
      }
    }
    Originals.write(folders, bytes.toByteArray());
    CacheResult result = folders.cache().load();
    assertEquals(CacheStatus.ERROR, result.status());
    assertTrue(result.reason().contains("too many for its size"), result.reason());
    folders.assertTidy();
  }

  @Test
  void namesThatDifferInCaseOnlyAreSavedAndLoadedWhereThatIsAllowed() {
    folders.compile();
    CacheFolders.write(folders.local.resolve("EMPTY"), "not");
    CacheResult refused = folders.cache().save();
    assertEquals(CacheStatus.ERROR, refused.status());
    assertTrue(refused.reason().contains("case only"), refused.reason());
    CompileCache allowing = CompileCache.of(folders.settings().allowCaseCollisions(true).build());
    assertEquals(CacheStatus.SUCCESS, allowing.save().status());
    assertEquals(CacheStatus.SUCCESS, allowing.verify().status());
    folders.clear();
    assertEquals(CacheStatus.ERROR, folders.cache().verify().status());
    assertEquals(CacheStatus.ERROR, folders.cache().load().status());
    CacheResult loaded = allowing.load();
    assertEquals(CacheStatus.SUCCESS, loaded.status(), loaded.reason());
    assertEquals("not", CacheFolders.contents(folders.local).get("EMPTY"));
    folders.assertTidy();
  }

  @Test
  void theFormThatThrowsThrowsWhatTheOtherReturns() {
    CompileCache off = CompileCache.of(folders.settings().enabled(false).build());
    assertThrows(CacheValidationException.class, off::loadOrThrow);
    assertThrows(CacheValidationException.class, off::saveOrThrow);
    assertEquals(CacheStatus.DOES_NOT_EXIST, folders.cache().loadOrThrow().status());
    folders.compile();
    CompileCache full =
        CompileCache.of(folders.settings().minSharedBytes(Long.MAX_VALUE / 2).build());
    CacheOperationInterruptedException low =
        assertThrows(CacheOperationInterruptedException.class, full::saveOrThrow);
    assertEquals(Status.NO_SPACE, low.status());
    assertEquals(CacheStatus.SUCCESS, folders.cache().clearLocalOrThrow().status());
    assertThrows(
        CacheException.class, () -> folders.cache().transferOrThrow(root.resolve("a"), root));
  }

  @Test
  void anInterruptStopsAndCleansUp() {
    folders.compile();
    CompileCache cache = at(Step.SAVE_CLAIMED, () -> Thread.currentThread().interrupt());
    CacheResult result = cache.save();
    assertTrue(Thread.interrupted(), "the interrupt is kept");
    assertEquals(CacheStatus.ERROR, result.status(), result.reason());
    assertTrue(result.reason().contains("interrupted"), result.reason());
    assertFalse(Files.exists(folders.archive()));
    folders.assertTidy();
  }
}
