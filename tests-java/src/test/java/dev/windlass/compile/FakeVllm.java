package dev.windlass.compile;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * A server that does, request by request, what it was told: answers, hangs, closes, talks rubbish.
 * The last of these goes on for ever.
 */
public final class FakeVllm implements AutoCloseable {
  /** What it does with one request. */
  public enum Turn {
    READY("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"),
    LOADING("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"),
    UNAUTHORIZED("HTTP/1.1 401 Unauthorized\r\n\r\n"),
    RUBBISH("220 mail.example ESMTP\r\n"),
    /** An endless line, one byte after the other. */
    DRIBBLE(""),
    CLOSE(""),
    HANG("");

    private final String answer;

    Turn(String answer) {
      this.answer = answer;
    }
  }

  private final ServerSocket socket;
  private final List<Turn> turns;
  private final List<Socket> open = new CopyOnWriteArrayList<>();
  private final List<String> requests = new CopyOnWriteArrayList<>();
  private final List<Thread> threads = new CopyOnWriteArrayList<>();

  /** Begins to listen, at a port that is free. */
  public FakeVllm(Turn... turns) throws IOException {
    this.turns = List.of(turns);
    socket = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    run(this::serve);
  }

  /** What to ask for. */
  public URI url() {
    return URI.create("http://127.0.0.1:" + socket.getLocalPort() + "/v1/models");
  }

  /** The heads of the requests so far. */
  public List<String> requests() {
    return List.copyOf(requests);
  }

  private void run(Runnable work) {
    Thread thread = new Thread(work, "fake-vllm");
    threads.add(thread);
    thread.start();
  }

  private void serve() {
    for (int index = 0; ; index++) {
      Turn turn = turns.get(Math.min(index, turns.size() - 1));
      try {
        Socket client = socket.accept();
        open.add(client);
        run(() -> answer(client, turn));
      } catch (IOException closed) {
        return;
      }
    }
  }

  private void answer(Socket client, Turn turn) {
    try (client) {
      requests.add(head(client));
      if (turn == Turn.HANG) {
        // Until the other side, or the end of the test, closes it.
        int end = client.getInputStream().read();
        assert end < 0;
      } else if (turn == Turn.DRIBBLE) {
        dribble(client.getOutputStream());
      } else {
        client.getOutputStream().write(turn.answer.getBytes(StandardCharsets.US_ASCII));
      }
    } catch (IOException over) {
      // The other side has gone.
    }
  }

  private static void dribble(OutputStream out) throws IOException {
    for (int written = 0; written < 1 << 20; written++) {
      out.write('H');
      out.flush();
    }
  }

  private static String head(Socket client) throws IOException {
    BufferedReader reader =
        new BufferedReader(
            new InputStreamReader(client.getInputStream(), StandardCharsets.US_ASCII));
    List<String> lines = new ArrayList<>();
    for (String line = reader.readLine();
        line != null && !line.isEmpty();
        line = reader.readLine()) {
      lines.add(line);
    }
    return String.join("\n", lines);
  }

  @Override
  public void close() throws IOException {
    socket.close();
    for (Socket client : open) {
      client.close();
    }
    try {
      for (Thread thread : threads) {
        thread.join();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
