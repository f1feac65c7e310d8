package dev.windlass.compile;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A shared directory on a file system without hard links: claims are copies, archives renamed. */
class WithoutLinksTest {
  private static final String OTHER = "0123456789abcdef0123456789abcdef";
  private static final ProcessIdentity OWN = ProcessIdentity.own();

  @TempDir private Path root;
  private final FakeTicker ticker = new FakeTicker();
  private CacheFolders folders;
  private SharedDirectory shared;
  private OwnerJudge judge;

  @BeforeEach
  void prepare() throws IOException {
    folders = new CacheFolders(root);
    shared = new SharedDirectory(folders.shared);
    shared.create();
    judge = new OwnerJudge(shared, ticker);
  }

  /** As a file system without links answers. */
  static Links none() {
    return (file, name) -> Links.Outcome.UNSUPPORTED;
  }

  private CompileCache cache(CompileCacheSettings settings, Step.Listener steps) {
    CacheContext context = new CacheContext(settings, new NativeArchives(), none(), ticker, steps);
    return new CompileCache(() -> context);
  }

  private CompileCache cache(Step wanted, Runnable action) {
    return cache(
        folders.settings().build(),
        step -> {
          if (step == wanted) {
            action.run();
          }
        });
  }

  private void assertLoads(String content) {
    folders.clear();
    CacheResult loaded = cache(folders.settings().build(), step -> {}).load();
    assertEquals(CacheStatus.SUCCESS, loaded.status(), loaded.reason());
    assertTrue(CacheFolders.contents(folders.local).containsValue(content + " 1"));
    folders.assertTidy();
  }

  @Test
  void ofManyOneHasTheClaim() throws IOException {
    try (OwnerRecord one = OwnerRecord.create(shared, Duration.ofHours(1));
        OwnerRecord other = OwnerRecord.create(shared, Duration.ofHours(1))) {
      Claims ones = new Claims(shared, one, none());
      Claims others = new Claims(shared, other, none());
      assertTrue(ones.tryTake("key"));
      assertFalse(ones.tryTake("key"), "not even its own twice");
      assertFalse(others.tryTake("key"));
      assertTrue(ones.isOwn("key"));
      assertFalse(others.isOwn("key"));
      assertFalse(others.freeIfDead("key", judge));
      others.release("key");
      assertTrue(ones.isOwn("key"), "what is not one's own is put back");
      ones.release("key");
      assertEquals(Optional.empty(), ones.holder("key"));
      assertTrue(others.tryTake("key"));
      others.release("key");
    }
    folders.assertTidy();
  }

  @Test
  void ofManyThreadsThatTryAtOnceOneHasTheClaim() throws Exception {
    List<Callable<Boolean>> writers = new ArrayList<>();
    List<OwnerRecord> records = new ArrayList<>();
    for (int index = 0; index < 8; index++) {
      OwnerRecord record = OwnerRecord.create(shared, Duration.ofHours(1));
      records.add(record);
      writers.add(() -> new Claims(shared, record, none()).tryTake("key"));
    }
    int taken = 0;
    try (ExecutorService threads = Executors.newFixedThreadPool(writers.size())) {
      for (Future<Boolean> each : threads.invokeAll(writers)) {
        taken += each.get() ? 1 : 0;
      }
    }
    assertEquals(1, taken);
    for (OwnerRecord record : records) {
      new Claims(shared, record, none()).release("key");
      record.close();
    }
    folders.assertTidy();
  }

  @Test
  void whatIsSavedIsThereOnceAndLoads() {
    folders.compile();
    assertEquals(
        CacheStatus.SUCCESS, cache(folders.settings().build(), step -> {}).save().status());
    assertEquals(
        CacheStatus.SKIPPED, cache(folders.settings().build(), step -> {}).save().status());
    assertLoads("made here");
  }

  @Test
  void aBrokenArchiveIsReplaced() {
    CacheFolders.write(folders.archive(), "");
    folders.compile();
    CacheResult saved = cache(folders.settings().build(), step -> {}).save();
    assertEquals(CacheStatus.SUCCESS, saved.status(), saved.reason());
    assertLoads("made here");
  }

  @Test
  void aNewerArchiveIsLeftAloneOrPutBack() {
    for (Step step : List.of(Step.SAVE_COPIED, Step.SAVE_FENCED)) {
      folders = new CacheFolders(root.resolve(step.name()));
      CacheFolders.write(folders.archive(), "");
      folders.compile();
      CacheFolders other = new CacheFolders(root.resolve("other of " + step));
      other.compile("the other's");
      assertEquals(CacheStatus.SUCCESS, other.cache().save().status());
      CacheResult result = cache(step, () -> move(other.archive(), folders.archive())).save();
      assertEquals(CacheStatus.SKIPPED, result.status(), step + ": " + result.reason());
      assertLoads("the other's");
    }
  }

  @Test
  void aClaimThatIsTornOrOfADeadWriterLosesItsTurn() throws IOException {
    ProcessIdentity dead =
        new ProcessIdentity(OWN.host(), OWN.boot(), OWN.namespace(), OWN.pid(), 1);
    Path claim = shared.claim("key-" + CacheFolders.KEY.name());
    folders.compile();
    for (boolean torn : List.of(true, false)) {
      byte[] text = OwnerText.write(OTHER, dead, 1000, 7);
      Files.write(claim, torn ? new byte[0] : text);
      if (!torn) {
        Files.write(shared.owner(OTHER), text);
      }
      CacheResult result = cache(folders.settings().build(), step -> {}).save();
      assertEquals(CacheStatus.SUCCESS, result.status(), result.reason());
      folders.assertTidy();
      Files.delete(folders.archive());
    }
  }

  @Test
  void aWriterThatLostItsTurnDoesNotPublish() throws IOException {
    Files.write(shared.owner(OTHER), OwnerText.write(OTHER, OWN, 1000, 1));
    Path claim = shared.claim("key-" + CacheFolders.KEY.name());
    folders.compile();
    CacheResult result =
        cache(
                Step.SAVE_COPIED,
                () -> {
                  move(claim, root.resolve("taken"));
                  copy(shared.owner(OTHER), claim);
                })
            .save();
    assertEquals(CacheStatus.ERROR, result.status(), result.reason());
    assertTrue(result.reason().contains("took it for dead"), result.reason());
    assertFalse(Files.exists(folders.archive()));
    assertEquals(Optional.of(OTHER), OwnerText.read(claim).map(OwnerText::nonce));
  }

  private static void copy(Path from, Path to) {
    try {
      Files.copy(from, to);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private static void move(Path from, Path to) {
    try {
      Files.move(from, to, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }
}
