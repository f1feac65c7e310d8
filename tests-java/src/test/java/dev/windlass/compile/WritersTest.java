package dev.windlass.compile;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How writers tell who lives, and take turns. */
class WritersTest {
  private static final String OTHER = "0123456789abcdef0123456789abcdef";
  private static final ProcessIdentity OWN = ProcessIdentity.own();

  /** One that this process cannot see. */
  private static final ProcessIdentity ELSEWHERE =
      new ProcessIdentity("0123456789ab", "0123456789ab", "1", 1, 1);

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

  private void record(String nonce, ProcessIdentity process, long count) throws IOException {
    Files.write(shared.owner(nonce), OwnerText.write(nonce, process, 1000, count));
  }

  private boolean isDeadAfterLooks(Duration between) throws IOException {
    boolean dead = false;
    for (int look = 0; look < 6; look++) {
      dead = judge.isDead(OTHER);
      ticker.pass(between);
    }
    return dead;
  }

  private CompileCache cache(CompileCacheSettings settings, Step.Listener steps) {
    CacheContext context =
        new CacheContext(settings, new NativeArchives(), Links.system(), ticker, steps);
    return new CompileCache(() -> context);
  }

  @Test
  void onTheSameHostItIsCertainAtOnce() throws IOException {
    record(OTHER, OWN, 1);
    assertFalse(judge.isDead(OTHER), "this process");
    record(OTHER, new ProcessIdentity(OWN.host(), OWN.boot(), OWN.namespace(), OWN.pid(), 1), 1);
    assertTrue(judge.isDead(OTHER), "the number is another process's by now");
    record(
        OTHER,
        new ProcessIdentity(OWN.host(), "0123456789ab", OWN.namespace(), OWN.pid(), OWN.start()),
        1);
    assertTrue(judge.isDead(OTHER), "the host was started anew");
    record(OTHER, new ProcessIdentity(OWN.host(), OWN.boot(), "1", OWN.pid(), 1), 1);
    assertFalse(judge.isDead(OTHER), "a container whose processes are not seen");
  }

  @Test
  void elsewhereARecordThatDoesNotChangeForTenIntervalsIsNobodys() throws IOException {
    record(OTHER, ELSEWHERE, 1);
    assertFalse(isDeadAfterLooks(Duration.ofMillis(900)));
    record(OTHER, ELSEWHERE, 2);
    assertFalse(isDeadAfterLooks(Duration.ofMillis(900)), "it was alive in between");
    assertTrue(isDeadAfterLooks(Duration.ofSeconds(3)));
  }

  @Test
  void oneLongPauseOfTheWatcherProvesNothing() throws IOException {
    record(OTHER, ELSEWHERE, 1);
    assertFalse(judge.isDead(OTHER));
    ticker.pass(Duration.ofHours(1));
    assertFalse(judge.isDead(OTHER), "the whole machine may have slept");
  }

  /** No time that a file system or another host tells is looked at. */
  @Test
  void recordsFromTheFutureAndThePastAreJudgedAlike() throws IOException {
    for (Instant time : List.of(Instant.EPOCH, Instant.now().plusSeconds(1L << 30))) {
      record(OTHER, ELSEWHERE, 1);
      Files.setLastModifiedTime(shared.owner(OTHER), FileTime.from(time));
      assertFalse(new OwnerJudge(shared, ticker).isDead(OTHER));
      judge = new OwnerJudge(shared, ticker);
      assertTrue(isDeadAfterLooks(Duration.ofSeconds(3)));
    }
  }

  @Test
  void aClockThatJumpsBackMakesNobodyDead() throws IOException {
    record(OTHER, ELSEWHERE, 1);
    for (int look = 0; look < 10; look++) {
      assertFalse(judge.isDead(OTHER));
      ticker.pass(Duration.ofSeconds(-5));
    }
  }

  @Test
  void ofManyOneHasTheClaim() throws IOException {
    try (OwnerRecord one = OwnerRecord.create(shared, Duration.ofHours(1));
        OwnerRecord other = OwnerRecord.create(shared, Duration.ofHours(1))) {
      Claims ones = new Claims(shared, one, Links.system());
      Claims others = new Claims(shared, other, Links.system());
      assertTrue(ones.tryTake("key"));
      assertFalse(others.tryTake("key"));
      assertTrue(ones.isOwn("key"));
      assertFalse(others.freeIfDead("key", judge));
      others.release("key");
      assertTrue(ones.isOwn("key"), "what is not one's own is put back");
      ones.release("key");
      assertTrue(others.tryTake("key"));
      others.release("key");
    }
    folders.assertTidy();
  }

  @Test
  void theCountMovesWhileAWriterLives() throws Exception {
    try (OwnerRecord own = OwnerRecord.create(shared, Duration.ofMillis(1))) {
      String first = OwnerText.read(own.file()).orElseThrow().whole();
      long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
      while (OwnerText.read(own.file()).orElseThrow().whole().equals(first)) {
        assertTrue(System.nanoTime() < deadline, "the count does not move");
        Thread.onSpinWait();
      }
    }
    folders.assertTidy();
  }

  @Test
  void whatAWriterOfThisHostLeftWhenItDiedIsSwept() throws IOException {
    ProcessIdentity dead =
        new ProcessIdentity(OWN.host(), OWN.boot(), OWN.namespace(), OWN.pid(), 1);
    record(OTHER, dead, 7);
    Files.copy(shared.owner(OTHER), shared.claim("key-other"));
    Files.copy(shared.owner(OTHER), shared.claim("slot-0"));
    CacheFolders.write(shared.part(OTHER), "half an archive");
    CacheFolders.write(shared.moved(OTHER, 1), "what it took away");
    folders.compile();
    assertEquals(
        CacheStatus.SUCCESS,
        CompileCache.of(folders.settings().maxConcurrentSaves(1).build()).save().status());
    folders.assertTidy();
  }

  @Test
  void whatMayBelongToALivingWriterStays() throws IOException {
    record(OTHER, ELSEWHERE, 7);
    CacheFolders.write(shared.part(OTHER), "half an archive");
    folders.compile();
    assertEquals(CacheStatus.SUCCESS, folders.cache().save().status());
    assertEquals(
        List.of("owner-" + OTHER, "part-" + OTHER),
        CacheFolders.names(shared.owner("").getParent()));
  }

  @Test
  void aWriterElsewhereThatDiedLosesItsTurn() throws IOException {
    record(OTHER, ELSEWHERE, 7);
    Files.copy(shared.owner(OTHER), shared.claim("key-" + CacheFolders.KEY.name()));
    CacheFolders.write(shared.part(OTHER), "half an archive");
    folders.compile();
    CacheResult result = cache(folders.settings().build(), step -> {}).save();
    assertEquals(CacheStatus.SUCCESS, result.status(), result.reason());
    folders.assertTidy();
  }

  @Test
  void aTornClaimLosesItsTurnToo() throws IOException {
    CacheFolders.write(shared.claim("key-" + CacheFolders.KEY.name()), "");
    folders.compile();
    CacheResult result = cache(folders.settings().build(), step -> {}).save();
    assertEquals(CacheStatus.SUCCESS, result.status(), result.reason());
    folders.assertTidy();
  }

  @Test
  void aWriterElsewhereThatLivesIsWaitedFor() throws IOException {
    record(OTHER, ELSEWHERE, 1);
    Path claim = shared.claim("key-" + CacheFolders.KEY.name());
    Files.createLink(claim, shared.owner(OTHER));
    folders.compile();
    long[] count = {1};
    ticker.whileWaiting(
        () -> {
          try {
            record(OTHER, ELSEWHERE, ++count[0]);
          } catch (IOException e) {
            throw new IllegalStateException(e);
          }
        });
    CacheResult result =
        cache(folders.settings().saveWait(Duration.ofMinutes(1)).build(), step -> {}).save();
    assertEquals(CacheStatus.ERROR, result.status(), result.reason());
    assertTrue(result.reason().contains("Others have been saving"), result.reason());
    assertTrue(Files.exists(claim));
  }

  @Test
  void whoWaitsFindsWhatTheOtherHasSaved() throws IOException {
    record(OTHER, OWN, 1);
    Path claim = shared.claim("key-" + CacheFolders.KEY.name());
    Files.createLink(claim, shared.owner(OTHER));
    folders.compile();
    CacheFolders other = new CacheFolders(root.resolve("other"));
    other.compile();
    ticker.whileWaiting(
        () -> {
          assertEquals(CacheStatus.SUCCESS, other.cache().save().status());
          try {
            Files.move(other.archive(), folders.archive());
          } catch (IOException e) {
            throw new IllegalStateException(e);
          }
          ticker.whileWaiting(() -> {});
        });
    CacheResult result = cache(folders.settings().build(), step -> {}).save();
    assertEquals(CacheStatus.SKIPPED, result.status(), result.reason());
  }

  @Test
  void atMostSoManySaveAtATime() throws IOException {
    record(OTHER, OWN, 1);
    Files.createLink(shared.claim("slot-0"), shared.owner(OTHER));
    folders.compile();
    CompileCacheSettings.Builder settings = folders.settings().saveWait(Duration.ofSeconds(1));
    CacheResult waited = cache(settings.maxConcurrentSaves(1).build(), step -> {}).save();
    assertEquals(CacheStatus.ERROR, waited.status(), waited.reason());
    CacheResult second = cache(settings.maxConcurrentSaves(2).build(), step -> {}).save();
    assertEquals(CacheStatus.SUCCESS, second.status(), second.reason());
  }

  @Test
  void aWriterThatLostItsTurnDoesNotPublish() {
    folders.compile();
    CompileCache slow =
        cache(
            folders.settings().build(),
            step -> {
              if (step == Step.SAVE_COPIED) {
                loseTurn();
              }
            });
    CacheResult result = slow.save();
    assertEquals(CacheStatus.ERROR, result.status(), result.reason());
    assertTrue(result.reason().contains("took it for dead"), result.reason());
    assertFalse(Files.exists(folders.archive()));
    assertEquals(Optional.of(OTHER), holder());
  }

  /** Another writer takes the turn away, as if this one had died. */
  private void loseTurn() {
    try {
      record(OTHER, ELSEWHERE, 1);
      Path claim = shared.claim("key-" + CacheFolders.KEY.name());
      Files.delete(claim);
      Files.createLink(claim, shared.owner(OTHER));
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private Optional<String> holder() {
    try {
      return OwnerText.read(shared.claim("key-" + CacheFolders.KEY.name())).map(OwnerText::nonce);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void ofTwoThatReplaceABrokenArchiveTheSecondLeavesTheFirstsAlone() {
    CacheFolders.write(folders.archive(), "");
    folders.compile();
    CacheFolders other = new CacheFolders(root.resolve("other"));
    other.compile("the other's");
    CompileCache slow =
        cache(
            folders.settings().build(),
            step -> {
              if (step == Step.SAVE_FENCED && other.cache().save().succeeded()) {
                replaceBy(other.archive());
              }
            });
    CacheResult result = slow.save();
    assertEquals(CacheStatus.SKIPPED, result.status(), result.reason());
    folders.clear();
    assertEquals(CacheStatus.SUCCESS, folders.cache().load().status());
    assertTrue(CacheFolders.contents(folders.local).containsValue("the other's 1"));
    folders.assertTidy();
  }

  private void replaceBy(Path archive) {
    try {
      Files.move(archive, folders.archive(), StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }
}
