package dev.windlass.compile;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.windlass.compile.FakeVllm.Turn;
import dev.windlass.compile.VllmSidecar.Ending;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class VllmSidecarTest {
  private final AtomicInteger saves = new AtomicInteger();
  private final List<String> told = new CopyOnWriteArrayList<>();

  private static CacheResult result(CacheStatus status) {
    return new CacheResult(status, "because " + status, 0, 0, "key");
  }

  private VllmSidecar sidecar(CacheStatus load, Supplier<CacheResult> save, VllmSettings settings) {
    return new VllmSidecar(
        () -> result(load),
        () -> {
          saves.incrementAndGet();
          return save.get();
        },
        settings,
        told::add);
  }

  private static VllmSettings quick(FakeVllm server) {
    return VllmSettings.usual()
        .withUrl(server.url().toString())
        .withInterval(Duration.ofMillis(1))
        .withTimeout(Duration.ofSeconds(50));
  }

  private VllmSidecar.Report run(CacheStatus load, CacheStatus save, Turn... turns)
      throws IOException {
    try (FakeVllm server = new FakeVllm(turns);
        VllmSidecar sidecar = sidecar(load, () -> result(save), quick(server))) {
      return sidecar.run();
    }
  }

  @Test
  void aLoadThatSucceedsIsAllThatIsDone() throws IOException {
    VllmSidecar.Report report = run(CacheStatus.SUCCESS, CacheStatus.ERROR, Turn.READY);
    assertEquals(Ending.FINE, report.ending());
    assertEquals(0, report.ending().exitCode());
    assertEquals(0, report.requests());
    assertEquals(Optional.empty(), report.save());
    assertEquals(0, saves.get());
  }

  @Test
  void anyOtherLoadWaitsForTheServerAndSaves() throws IOException {
    for (CacheStatus load :
        List.of(CacheStatus.DOES_NOT_EXIST, CacheStatus.SKIPPED, CacheStatus.ERROR)) {
      saves.set(0);
      VllmSidecar.Report report =
          run(load, CacheStatus.SUCCESS, Turn.CLOSE, Turn.LOADING, Turn.LOADING, Turn.READY);
      assertEquals(Ending.FINE, report.ending(), load.toString());
      assertEquals(4, report.requests());
      assertEquals(1, saves.get());
      assertEquals(CacheStatus.SUCCESS, report.save().orElseThrow().status());
    }
    assertEquals(
        1,
        told.subList(0, told.indexOf("save: SUCCESS: because SUCCESS")).stream()
            .filter("not ready: the server answers 503"::equals)
            .count(),
        "what stays the same is told once");
  }

  @Test
  void aSaveThatIsNotNeededIsFine() throws IOException {
    assertEquals(
        Ending.FINE, run(CacheStatus.DOES_NOT_EXIST, CacheStatus.SKIPPED, Turn.READY).ending());
  }

  @Test
  void aSaveThatFailsIsTheThirdCode() throws IOException {
    VllmSidecar.Report report = run(CacheStatus.DOES_NOT_EXIST, CacheStatus.ERROR, Turn.READY);
    assertEquals(Ending.SAVE_FAILED, report.ending());
    assertEquals(3, report.ending().exitCode());
    assertEquals("because ERROR", report.detail());
  }

  @Test
  void aServerThatIsNotReadyInTimeIsTheSecondCode() throws IOException {
    for (Turn turn : List.of(Turn.HANG, Turn.LOADING, Turn.CLOSE, Turn.UNAUTHORIZED)) {
      try (FakeVllm server = new FakeVllm(turn);
          VllmSidecar sidecar =
              sidecar(
                  CacheStatus.DOES_NOT_EXIST,
                  () -> result(CacheStatus.SUCCESS),
                  quick(server)
                      .withTimeout(Duration.ofMillis(300))
                      .withRequestTimeout(Duration.ofMillis(100)))) {
        VllmSidecar.Report report = sidecar.run();
        assertEquals(Ending.TIMED_OUT, report.ending(), turn.toString());
        assertEquals(2, report.ending().exitCode());
        assertTrue(report.requests() >= 1);
        assertEquals(0, saves.get());
      }
    }
    assertTrue(
        told.contains("not ready: the server answers 401: give its key in VLLM_API_KEY"),
        told.toString());
  }

  @Test
  void aServerThatHangsOnceIsAskedAgain() throws IOException {
    try (FakeVllm server = new FakeVllm(Turn.HANG, Turn.RUBBISH, Turn.READY);
        VllmSidecar sidecar =
            sidecar(
                CacheStatus.DOES_NOT_EXIST,
                () -> result(CacheStatus.SUCCESS),
                quick(server).withRequestTimeout(Duration.ofMillis(100)))) {
      VllmSidecar.Report report = sidecar.run();
      assertEquals(Ending.FINE, report.ending());
      assertTrue(report.requests() >= 3);
    }
  }

  @Test
  @SuppressWarnings("try") // It is closed in the middle of its work.
  void aWaitThatIsGivenUpIsTheFirstCode() throws Exception {
    try (FakeVllm server = new FakeVllm(Turn.HANG);
        VllmSidecar sidecar =
            sidecar(CacheStatus.DOES_NOT_EXIST, () -> result(CacheStatus.SUCCESS), quick(server))) {
      AtomicReference<VllmSidecar.Report> report = new AtomicReference<>();
      Thread running = new Thread(() -> report.set(sidecar.run()), "running");
      running.start();
      while (server.requests().isEmpty()) {
        Thread.onSpinWait();
      }
      sidecar.close();
      running.join();
      assertEquals(Ending.WAIT_FAILED, report.get().ending());
      assertEquals(1, report.get().ending().exitCode());
      assertEquals(0, saves.get());
    }
  }

  @Test
  void anInterruptEndsTheWait() throws Exception {
    try (FakeVllm server = new FakeVllm(Turn.LOADING);
        VllmSidecar sidecar =
            sidecar(
                CacheStatus.DOES_NOT_EXIST,
                () -> result(CacheStatus.SUCCESS),
                quick(server).withInterval(Duration.ofSeconds(40)))) {
      AtomicReference<VllmSidecar.Report> report = new AtomicReference<>();
      Thread running = new Thread(() -> report.set(sidecar.run()), "running");
      running.start();
      while (server.requests().isEmpty()) {
        Thread.onSpinWait();
      }
      running.interrupt();
      running.join();
      assertEquals(Ending.WAIT_FAILED, report.get().ending());
      assertEquals("the wait was interrupted", report.get().detail());
    }
  }
}
