package dev.windlass.store;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.windlass.store.TransportBuffers.Name;
import java.util.List;
import org.junit.jupiter.api.Test;

class TransportBuffersTest {
  @Test
  void aCacheCallsBuffersByTheirKeys() {
    TransportBuffers cache = new TransportBufferCache();
    assertEquals(List.of(new Name("a", "a"), new Name("b", "b")), cache.names(List.of("a", "b")));
    assertEquals(List.of(new Name("dict/x/y", "dict/x/y")), cache.names("dict", List.of("x/y")));
  }
}
