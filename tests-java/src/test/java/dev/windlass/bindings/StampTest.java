package dev.windlass.bindings;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class StampTest {
  private static final Path ROOT = Path.of(System.getProperty("windlass.root"));
  private static final Path INCLUDE = ROOT.resolve("native/include");

  @Test
  void theBindingsWereGeneratedFromTheseHeaders() throws Exception {
    StringBuilder sums = new StringBuilder();
    for (String header : headers()) {
      sums.append(sha256(Files.readAllBytes(INCLUDE.resolve(header))))
          .append("  ")
          .append(header)
          .append('\n');
    }
    assertEquals(
        Files.readString(ROOT.resolve("bindings/headers.sha256")).strip(),
        sha256(sums.toString().getBytes(StandardCharsets.UTF_8)),
        "the ABI headers have changed: run bindings/generate.sh");
  }

  private static List<String> headers() throws IOException {
    try (Stream<Path> files = Files.walk(INCLUDE.resolve("windlass"))) {
      return files
          .map(file -> INCLUDE.relativize(file).toString())
          .filter(name -> name.endsWith(".h"))
          .sorted()
          .toList();
    }
  }

  private static String sha256(byte[] bytes) throws NoSuchAlgorithmException {
    return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
  }
}
