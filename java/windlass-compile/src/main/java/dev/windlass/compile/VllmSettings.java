package dev.windlass.compile;

import java.net.URI;
import java.net.URISyntaxException;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * How {@link VllmSidecar} waits for the server.
 *
 * @param url what answers 200 once the server is ready
 * @param timeout how long to wait in all
 * @param interval between two requests
 * @param requestTimeout how long one request may take
 * @param apiKey what the server was given with {@code --api-key}; it is never shown
 */
public record VllmSettings(
    URI url,
    Duration timeout,
    Duration interval,
    Duration requestTimeout,
    Optional<String> apiKey) {
  public static final String URL = "B10_TRANSFER_VLLM_URL";
  public static final String TIMEOUT = "B10_TRANSFER_TIMEOUT_S";
  public static final String INTERVAL = "B10_TRANSFER_INTERVAL_S";

  /** Not of the original, which knows no other than 5 s. */
  public static final String REQUEST_TIMEOUT = "WINDLASS_VLLM_REQUEST_TIMEOUT_S";

  /** The variable that the server itself reads its key from. */
  public static final String API_KEY = "VLLM_API_KEY";

  private static final Duration LONGEST = Duration.ofDays(7);

  /**
   * Checks them.
   *
   * @throws IllegalArgumentException for a URL that is not http or https, or a time that is not
   *     positive or longer than a week
   */
  public VllmSettings {
    String scheme = String.valueOf(url.getScheme()).toLowerCase(Locale.ROOT);
    if (!scheme.matches("https?") || url.getHost() == null) {
      throw new IllegalArgumentException(
          "\"" + url + "\" is no URL of a server; write it like http://127.0.0.1:8000/v1/models");
    }
    check("timeout", timeout);
    check("interval", interval);
    check("request timeout", requestTimeout);
    if (apiKey.isPresent() && !apiKey.get().matches("[\\x21-\\x7e]+")) {
      throw new IllegalArgumentException(
          "The server's API key has characters that no header can carry.");
    }
  }

  /** The usual ones: every 2 s, 5 s a request, 1800 s in all. */
  public static VllmSettings usual() {
    return new VllmSettings(
        URI.create("http://127.0.0.1:8000/v1/models"),
        Duration.ofSeconds(1800),
        Duration.ofSeconds(2),
        Duration.ofSeconds(5),
        Optional.empty());
  }

  /**
   * The usual ones, but for what an environment's variables say.
   *
   * @throws IllegalArgumentException where these are wrong
   */
  public static VllmSettings of(Map<String, String> environment) {
    VllmSettings settings = usual();
    if (given(environment, URL).isPresent()) {
      settings = settings.withUrl(environment.get(URL));
    }
    Optional<Duration> timeout = given(environment, TIMEOUT).map(text -> seconds(TIMEOUT, text));
    Optional<Duration> interval = given(environment, INTERVAL).map(text -> seconds(INTERVAL, text));
    Optional<Duration> request =
        given(environment, REQUEST_TIMEOUT).map(text -> seconds(REQUEST_TIMEOUT, text));
    return new VllmSettings(
        settings.url,
        timeout.orElse(settings.timeout),
        interval.orElse(settings.interval),
        request.orElse(settings.requestTimeout),
        given(environment, API_KEY));
  }

  /** Another URL. */
  public VllmSettings withUrl(String text) {
    try {
      return new VllmSettings(new URI(text), timeout, interval, requestTimeout, apiKey);
    } catch (URISyntaxException e) {
      throw new IllegalArgumentException("\"" + text + "\" is no URL: " + e.getReason(), e);
    }
  }

  /** Another time in all. */
  public VllmSettings withTimeout(Duration most) {
    return new VllmSettings(url, most, interval, requestTimeout, apiKey);
  }

  /** Another time between two requests. */
  public VllmSettings withInterval(Duration between) {
    return new VllmSettings(url, timeout, between, requestTimeout, apiKey);
  }

  /** Another time for one request. */
  public VllmSettings withRequestTimeout(Duration most) {
    return new VllmSettings(url, timeout, interval, most, apiKey);
  }

  /** Another key. */
  public VllmSettings withApiKey(String key) {
    return new VllmSettings(url, timeout, interval, requestTimeout, Optional.of(key));
  }

  /**
   * A time as people write it, in seconds.
   *
   * @throws IllegalArgumentException where it is none
   */
  public static Duration seconds(String name, String text) {
    try {
      double seconds = Double.parseDouble(text.strip());
      if (seconds > 0 && seconds <= LONGEST.toSeconds()) {
        return Duration.ofNanos(Math.max(1, (long) (seconds * 1e9)));
      }
    } catch (NumberFormatException none) {
      // Said below.
    }
    throw new IllegalArgumentException(
        "%s=%s is no number of seconds above 0 and up to %d"
            .formatted(name, text, LONGEST.toSeconds()));
  }

  private static Optional<String> given(Map<String, String> environment, String name) {
    return Optional.ofNullable(environment.get(name)).filter(text -> !text.isBlank());
  }

  private static void check(String name, Duration time) {
    if (time.isNegative() || time.isZero() || time.compareTo(LONGEST) > 0) {
      throw new IllegalArgumentException(
          "The %s is more than 0 and at most %d s, not %s."
              .formatted(name, LONGEST.toSeconds(), time));
    }
  }

  @Override
  public String toString() {
    return "VllmSettings[url=%s, timeout=%s, interval=%s, requestTimeout=%s, apiKey=%s]"
        .formatted(url, timeout, interval, requestTimeout, apiKey.isPresent() ? "given" : "none");
  }
}
