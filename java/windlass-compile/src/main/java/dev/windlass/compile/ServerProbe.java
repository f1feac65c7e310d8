package dev.windlass.compile;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.SSLSocketFactory;

/**
 * One HTTP request after another to a server that may not be there yet, may hang, or may answer
 * rubbish. Only the status is of interest.
 *
 * <p>It is a bare socket, since an HTTP client takes longer to start than all else here, and bounds
 * the silence between two bytes where this bounds the whole request. One thread asks; any thread
 * may close.
 */
final class ServerProbe implements AutoCloseable {
  private static final Pattern STATUS_LINE = Pattern.compile("HTTP/1\\.[01] ([1-5][0-9]{2})\\b.*");
  private static final int LONGEST_STATUS_LINE = 1000;

  /** What is read of the rest, so that the server does not see its answer refused. */
  private static final int MOST_BODY_BYTES = 64 << 10;

  private final URI url;
  private final Optional<String> apiKey;
  private Socket current = new Socket();
  private boolean closed;

  ServerProbe(URI url, Optional<String> apiKey) {
    this.url = url;
    this.apiKey = apiKey;
  }

  /**
   * Asks once.
   *
   * @return the status of the answer
   * @throws IOException where there was none within the time
   */
  int ask(Duration most) throws IOException {
    long deadline = System.nanoTime() + most.toNanos();
    try (Socket plain = connected(deadline);
        Socket socket = secured(plain, deadline)) {
      socket.getOutputStream().write(request());
      socket.getOutputStream().flush();
      InputStream in = new BufferedInputStream(socket.getInputStream());
      int status = status(socket, in, deadline);
      drain(socket, in, deadline);
      return status;
    }
  }

  /** Ends the request under way, and all to come, with an exception. */
  @Override
  public void close() throws IOException {
    Socket open;
    synchronized (this) {
      closed = true;
      open = current;
    }
    open.close();
  }

  private Socket connected(long deadline) throws IOException {
    IOException failure = new IOException("no address of " + url.getHost() + " answers");
    for (InetAddress address : InetAddress.getAllByName(host())) {
      Socket socket = next();
      try {
        socket.connect(new InetSocketAddress(address, port()), left(deadline));
        return socket;
      } catch (IOException e) {
        failure = e;
        socket.close();
      }
    }
    throw failure;
  }

  private synchronized Socket next() throws IOException {
    if (closed) {
      throw new IOException("the wait was given up");
    }
    current = new Socket();
    return current;
  }

  private Socket secured(Socket plain, long deadline) throws IOException {
    if (!isSecure()) {
      return plain;
    }
    plain.setSoTimeout(left(deadline));
    SSLSocketFactory factory = (SSLSocketFactory) SSLSocketFactory.getDefault();
    SSLSocket socket = (SSLSocket) factory.createSocket(plain, host(), port(), true);
    SSLParameters parameters = socket.getSSLParameters();
    parameters.setEndpointIdentificationAlgorithm("HTTPS");
    socket.setSSLParameters(parameters);
    return socket;
  }

  private byte[] request() {
    String path = url.getRawPath() == null || url.getRawPath().isEmpty() ? "/" : url.getRawPath();
    String query = url.getRawQuery() == null ? "" : "?" + url.getRawQuery();
    StringBuilder text = new StringBuilder();
    text.append("GET ").append(path).append(query).append(" HTTP/1.1\r\n");
    text.append("Host: ").append(url.getHost()).append(':').append(port()).append("\r\n");
    text.append("User-Agent: windlass\r\nAccept: application/json\r\nConnection: close\r\n");
    apiKey.ifPresent(key -> text.append("Authorization: Bearer ").append(key).append("\r\n"));
    return text.append("\r\n").toString().getBytes(StandardCharsets.US_ASCII);
  }

  private static int status(Socket socket, InputStream in, long deadline) throws IOException {
    StringBuilder line = new StringBuilder();
    while (true) {
      socket.setSoTimeout(left(deadline));
      int letter = in.read();
      if (letter < 0) {
        throw new IOException("the server closed the connection without an answer");
      }
      if (letter == '\n') {
        break;
      }
      line.append((char) letter);
      if (line.length() > LONGEST_STATUS_LINE) {
        throw new IOException("the answer is no HTTP");
      }
    }
    Matcher status = STATUS_LINE.matcher(line.toString().stripTrailing());
    if (!status.matches()) {
      throw new IOException("the answer is no HTTP");
    }
    return Integer.parseInt(status.group(1));
  }

  private static void drain(Socket socket, InputStream in, long deadline) {
    try {
      byte[] buffer = new byte[8 << 10];
      int left = MOST_BODY_BYTES;
      while (left > 0) {
        socket.setSoTimeout(left(deadline));
        int got = in.read(buffer);
        if (got < 0) {
          return;
        }
        left -= got;
      }
    } catch (IOException over) {
      // The status is known, and the rest is nobody's concern.
    }
  }

  /** Milliseconds until then, of which there is at least one: 0 would mean for ever. */
  private static int left(long deadline) throws SocketTimeoutException {
    long milliseconds = (deadline - System.nanoTime()) / 1_000_000;
    if (milliseconds <= 0) {
      throw new SocketTimeoutException("no answer within the time of a request");
    }
    return (int) Math.min(milliseconds, Integer.MAX_VALUE);
  }

  private boolean isSecure() {
    return url.getScheme().toLowerCase(Locale.ROOT).equals("https");
  }

  private String host() {
    String host = url.getHost();
    return host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
  }

  private int port() {
    if (url.getPort() >= 0) {
      return url.getPort();
    }
    return isSecure() ? 443 : 80;
  }
}
