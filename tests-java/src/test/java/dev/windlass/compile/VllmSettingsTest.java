package dev.windlass.compile;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class VllmSettingsTest {
  @Test
  void theUsualOnesAreThoseOfTheOriginal() {
    VllmSettings settings = VllmSettings.of(Map.of());
    assertEquals("http://127.0.0.1:8000/v1/models", settings.url().toString());
    assertEquals(Duration.ofMinutes(30), settings.timeout());
    assertEquals(Duration.ofSeconds(2), settings.interval());
    assertEquals(Duration.ofSeconds(5), settings.requestTimeout());
    assertEquals(Optional.empty(), settings.apiKey());
  }

  @Test
  void theEnvironmentSetsThem() {
    VllmSettings settings =
        VllmSettings.of(
            Map.of(
                "B10_TRANSFER_VLLM_URL", "https://[::1]:9/health",
                "B10_TRANSFER_TIMEOUT_S", "60",
                "B10_TRANSFER_INTERVAL_S", "0.25",
                "WINDLASS_VLLM_REQUEST_TIMEOUT_S", " 1 ",
                "VLLM_API_KEY", "secret"));
    assertEquals("https://[::1]:9/health", settings.url().toString());
    assertEquals(Duration.ofSeconds(60), settings.timeout());
    assertEquals(Duration.ofMillis(250), settings.interval());
    assertEquals(Duration.ofSeconds(1), settings.requestTimeout());
    assertEquals(Optional.of("secret"), settings.apiKey());
    assertFalse(settings.toString().contains("secret"), settings.toString());
    assertEquals(VllmSettings.usual(), VllmSettings.of(Map.of("B10_TRANSFER_TIMEOUT_S", "")));
  }

  @Test
  void whatIsWrongIsRefused() {
    for (String url : List.of("ftp://host/", "127.0.0.1:8000", "http:///models", "http://a b/")) {
      assertThrows(
          IllegalArgumentException.class,
          () -> VllmSettings.of(Map.of("B10_TRANSFER_VLLM_URL", url)),
          url);
    }
    for (String time : List.of("0", "-1", "soon", "NaN", "1e9", "Infinity")) {
      assertThrows(
          IllegalArgumentException.class,
          () -> VllmSettings.of(Map.of("B10_TRANSFER_INTERVAL_S", time)),
          time);
    }
    assertThrows(
        IllegalArgumentException.class, () -> VllmSettings.usual().withApiKey("a\r\nHost: other"));
  }
}
