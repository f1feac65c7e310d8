package dev.windlass.compile;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ConfigHashTest {
  @Test
  void itIsTheSha256OfTheBytes(@TempDir Path folder) throws IOException {
    Path config = Files.writeString(folder.resolve("config.json"), "abc");
    assertEquals(
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", ConfigHash.of(config));
    assertThrows(CacheException.class, () -> ConfigHash.of(folder.resolve("none.json")));
  }
}
