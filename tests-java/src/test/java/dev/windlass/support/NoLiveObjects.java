package dev.windlass.support;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.windlass.Windlass;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Fails each test that leaves a native object behind. Registered for all tests, by
 * META-INF/services.
 */
public final class NoLiveObjects implements AfterEachCallback {
  @Override
  public void afterEach(ExtensionContext context) {
    Map<String, Long> live = new TreeMap<>(Windlass.liveObjects());
    live.values().removeIf(count -> count == 0);
    assertEquals(Map.of(), live, "native objects that the test left behind");
  }
}
