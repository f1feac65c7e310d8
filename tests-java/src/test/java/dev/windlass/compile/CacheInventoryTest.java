package dev.windlass.compile;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.windlass.Status;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What info, list, explain and verify tell. */
class CacheInventoryTest {
  @TempDir private Path root;
  private CacheFolders folders;

  @BeforeEach
  void prepare() {
    folders = new CacheFolders(root);
  }

  private CompileCache with(CacheKey key) {
    return CompileCache.of(folders.settings().key(key).build());
  }

  private void save(CacheKey key) {
    folders.compile();
    CacheResult result = with(key).save();
    assertEquals(CacheStatus.SUCCESS, result.status(), result.reason());
    folders.clear();
  }

  private static String fileOf(CacheKey key) {
    return "cache_" + key.name() + ".latest.tar.zst";
  }

  @Test
  void infoTellsWhatIsThere() throws IOException {
    CacheInfo nothing = folders.cache().info();
    assertEquals(
        new CacheInfo(
            CacheFolders.KEY.name(),
            false,
            true,
            false,
            OptionalLong.empty(),
            OptionalLong.empty(),
            Optional.empty()),
        nothing);
    save(CacheFolders.KEY);
    folders.compile();
    CacheInfo both = folders.cache().info();
    assertTrue(both.localCacheExists() && both.sharedCacheExists());
    assertEquals(OptionalLong.of(22), both.localCacheBytes());
    assertEquals(OptionalLong.of(Files.size(folders.archive())), both.sharedCacheBytes());
    CacheInfo off = CompileCache.of(folders.settings().enabled(false).build()).info();
    assertTrue(off.localCacheExists());
    assertFalse(off.enabled() || off.sharedCacheExists());
  }

  @Test
  void infoAndListTellThatTheKeyCannotBeTold() {
    save(CacheFolders.KEY);
    CompileCache cache =
        CompileCache.of(
            folders
                .settings()
                .key(
                    () -> {
                      throw new CacheException(Status.DEVICE, "The GPU says no.");
                    })
                .build());
    assertEquals(Optional.of("The GPU says no."), cache.info().problem());
    assertEquals("", cache.info().environmentKey());
    CacheListing listing = cache.list();
    assertEquals(Optional.of("The GPU says no."), listing.problem());
    assertEquals(1, listing.totalCaches());
    assertFalse(listing.currentCacheExists());
  }

  @Test
  void listTellsTheNewestFirst() throws IOException {
    CacheKey other = CacheKey.cpu("x86_64", "Linux");
    save(CacheFolders.KEY);
    save(other);
    Path original = folders.shared.resolve("cache_139794d44399228e.latest.tar.gz");
    CacheFolders.write(original, "of B10 Transfer");
    CacheFolders.write(folders.shared.resolve("cache_.latest.tar.zst"), "no key");
    CacheFolders.write(folders.shared.resolve("notes.txt"), "of somebody");
    Files.setLastModifiedTime(original, FileTime.from(Instant.ofEpochSecond(3000)));
    Files.setLastModifiedTime(folders.archive(), FileTime.from(Instant.ofEpochSecond(2000)));
    Files.setLastModifiedTime(
        folders.shared.resolve(fileOf(other)), FileTime.from(Instant.ofEpochSecond(1000)));
    CacheListing listing = folders.cache().list();
    assertEquals(
        List.of("cache_139794d44399228e.latest.tar.gz", fileOf(CacheFolders.KEY), fileOf(other)),
        listing.caches().stream().map(CacheEntry::filename).toList());
    assertEquals(
        List.of(true, true, false),
        listing.caches().stream().map(CacheEntry::isCurrentEnvironment).toList());
    assertEquals("139794d44399228e", listing.caches().getFirst().environmentKey());
    assertEquals(Instant.ofEpochSecond(3000), listing.caches().getFirst().createdTime());
    assertEquals(3, listing.totalCaches());
    assertTrue(listing.currentCacheExists());
    assertEquals(CacheFolders.KEY.name(), listing.currentEnvironment());
  }

  @Test
  void listOfNothingAndOfASwitchedOffCacheIsEmpty() throws IOException {
    save(CacheFolders.KEY);
    CacheListing off = CompileCache.of(folders.settings().enabled(false).build()).list();
    assertEquals(0, off.totalCaches());
    assertFalse(off.enabled());
    assertTrue(off.problem().orElseThrow().contains("BASETEN_FS_ENABLED"));
    Trees.delete(folders.shared);
    CacheListing nothing = folders.cache().list();
    assertEquals(0, nothing.totalCaches());
    assertEquals(Optional.empty(), nothing.problem());
  }

  @Test
  void explainTellsTheNearestKeysAndWhatDiffers() {
    CacheKey near =
        CacheKey.wide(Map.of("model", "m", "torch_version", "2.4", "device_name", "A100"));
    CacheKey far = CacheKey.wide(Map.of("model", "other", "torch_version", "2.3"));
    save(far);
    save(near);
    CacheFolders.write(folders.shared.resolve("cache_0123456789abcdef.latest.tar.gz"), "original");
    CacheKey wanted =
        CacheKey.wide(Map.of("model", "m", "torch_version", "2.5", "device_name", "A100"));
    Explanation explanation = with(wanted).explain();
    assertFalse(explanation.found());
    assertEquals(
        List.of(fileOf(near), fileOf(far), "cache_0123456789abcdef.latest.tar.gz"),
        explanation.nearest().stream().map(each -> each.entry().filename()).toList());
    assertEquals(
        List.of(new FactorDifference("torch_version", Optional.of("2.5"), Optional.of("2.4"))),
        explanation.nearest().getFirst().differences());
    assertEquals(near.factors(), explanation.nearest().getFirst().factors());
    assertFalse(explanation.nearest().getLast().tellsFactors());
    assertTrue(
        explanation.reason().contains("torch_version is 2.5 here and 2.4 there"),
        explanation.reason());
    assertTrue(with(near).explain().found());
  }

  @Test
  void explainTellsThatAnArchiveIsThereAndNotTaken() {
    CacheFolders.write(folders.archive(), "");
    Explanation empty = folders.cache().explain();
    assertFalse(empty.found());
    assertTrue(empty.reason().contains("is empty"), empty.reason());
    CacheKey none = CacheKey.cpu("riscv64", "Linux");
    assertTrue(with(none).explain().reason().contains("does not tell its factors"));
  }

  @Test
  void verifyTellsWhetherALoadWouldTakeIt() throws IOException {
    assertEquals(CacheStatus.DOES_NOT_EXIST, folders.cache().verify().status());
    save(CacheFolders.KEY);
    assertEquals(CacheStatus.SUCCESS, folders.cache().verify().status());
    String filename = fileOf(CacheFolders.KEY);
    assertEquals(CacheStatus.SUCCESS, folders.cache().verify(filename).status());
    assertEquals(CacheStatus.ERROR, folders.cache().verify("notes.txt").status());
    assertEquals(CacheStatus.ERROR, folders.cache().verify("cache_/../x.latest.tar.gz").status());
    byte[] bytes = Files.readAllBytes(folders.archive());
    bytes[bytes.length / 2] ^= 1;
    Files.write(folders.archive(), bytes);
    CacheResult changed = folders.cache().verify();
    assertEquals(CacheStatus.ERROR, changed.status(), changed.reason());
    assertFalse(Files.exists(folders.local));
    folders.assertTidy();
  }
}
