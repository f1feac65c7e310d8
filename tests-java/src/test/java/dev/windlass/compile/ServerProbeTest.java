package dev.windlass.compile;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class ServerProbeTest {
  private static final Duration LONG = Duration.ofSeconds(50);
  private static final Duration SHORT = Duration.ofMillis(100);

  private static int ask(FakeVllm server, Duration most) throws IOException {
    try (ServerProbe probe = new ServerProbe(server.url(), Optional.empty())) {
      return probe.ask(most);
    }
  }

  @Test
  void theStatusComesBackWhateverItIs() throws IOException {
    try (FakeVllm server =
        new FakeVllm(FakeVllm.Turn.LOADING, FakeVllm.Turn.READY, FakeVllm.Turn.UNAUTHORIZED)) {
      assertEquals(503, ask(server, LONG));
      assertEquals(200, ask(server, LONG));
      assertEquals(401, ask(server, LONG));
    }
  }

  @Test
  void theRequestNamesHostAndPathAndCarriesTheKey() throws IOException {
    try (FakeVllm server = new FakeVllm(FakeVllm.Turn.READY);
        ServerProbe probe =
            new ServerProbe(URI.create(server.url() + "?a=b"), Optional.of("secret"))) {
      assertEquals(200, probe.ask(LONG));
      List<String> lines = server.requests().getFirst().lines().toList();
      assertEquals("GET /v1/models?a=b HTTP/1.1", lines.getFirst());
      assertTrue(lines.contains("Host: 127.0.0.1:" + server.url().getPort()), lines.toString());
      assertTrue(lines.contains("Authorization: Bearer secret"), lines.toString());
      assertTrue(lines.contains("Connection: close"), lines.toString());
    }
  }

  @Test
  void noAnswerWithinTheTimeIsAFailure() throws IOException {
    try (FakeVllm server = new FakeVllm(FakeVllm.Turn.HANG)) {
      assertThrows(IOException.class, () -> ask(server, SHORT));
    }
  }

  @Test
  void anAnswerThatNeverEndsIsAFailure() throws IOException {
    try (FakeVllm server = new FakeVllm(FakeVllm.Turn.DRIBBLE)) {
      assertThrows(IOException.class, () -> ask(server, LONG));
    }
  }

  @Test
  void whatIsNoHttpIsAFailure() throws IOException {
    try (FakeVllm server = new FakeVllm(FakeVllm.Turn.RUBBISH, FakeVllm.Turn.CLOSE)) {
      IOException rubbish = assertThrows(IOException.class, () -> ask(server, LONG));
      assertEquals("the answer is no HTTP", rubbish.getMessage());
      assertThrows(IOException.class, () -> ask(server, LONG));
    }
  }

  @Test
  void nobodyListeningIsAFailure() throws IOException {
    FakeVllm server = new FakeVllm(FakeVllm.Turn.READY);
    server.close();
    assertThrows(IOException.class, () -> ask(server, LONG));
  }

  @Test
  void closingEndsTheRequestUnderWay() throws Exception {
    try (FakeVllm server = new FakeVllm(FakeVllm.Turn.HANG)) {
      ServerProbe probe = new ServerProbe(server.url(), Optional.empty());
      Thread asking =
          new Thread(() -> assertThrows(IOException.class, () -> probe.ask(LONG)), "asking");
      asking.start();
      while (server.requests().isEmpty()) {
        Thread.onSpinWait();
      }
      probe.close();
      asking.join();
      assertThrows(IOException.class, () -> probe.ask(LONG));
    }
  }

  @Test
  void aServerThatSpeaksNoTlsIsAFailure() throws IOException {
    try (FakeVllm server = new FakeVllm(FakeVllm.Turn.CLOSE);
        ServerProbe probe =
            new ServerProbe(
                URI.create(server.url().toString().replace("http:", "https:")), Optional.empty())) {
      assertThrows(IOException.class, () -> probe.ask(Duration.ofMillis(500)));
    }
  }
}
