package dev.windlass.bindings;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;

/** A library that the jar carries, with the SHA-256 that the build wrote beside it. */
record CarriedLibrary(String resource, String sha256) {

  /** The jar itself is broken; no directory can help. */
  static final class DamagedException extends IOException {
    private static final long serialVersionUID = 1;

    DamagedException(String message) {
      super(message);
    }
  }

  private static final List<String> KNOWN_FOLDERS =
      List.of(
          "linux-x86_64",
          "linux-aarch64",
          "linux-riscv64",
          "linux-ppc64le",
          "linux-s390x",
          "macos-x86_64",
          "macos-aarch64",
          "windows-x86_64",
          "windows-aarch64");

  static Optional<CarriedLibrary> of(Platform platform) throws IOException {
    String resource = resourceIn(platform.folder());
    if (CarriedLibrary.class.getResource(resource) == null) {
      return Optional.empty();
    }
    String sha256 = new String(read(resource + ".sha256"), StandardCharsets.US_ASCII).strip();
    if (!sha256.matches("[0-9a-f]{64}")) {
      throw new DamagedException(
          "The jar's " + resource + ".sha256 holds no SHA-256: the jar is damaged. Get it again.");
    }
    return Optional.of(new CarriedLibrary(resource, sha256));
  }

  /** The platforms that this jar carries a library for. */
  static List<String> folders() {
    List<String> found =
        KNOWN_FOLDERS.stream()
            .filter(folder -> CarriedLibrary.class.getResource(resourceIn(folder)) != null)
            .toList();
    return found.isEmpty() ? List.of("none") : found;
  }

  byte[] bytes() throws IOException {
    byte[] bytes = read(resource);
    if (!hex(newDigest().digest(bytes)).equals(sha256)) {
      throw new DamagedException(
          "The jar's " + resource + " is not what was built: the jar is damaged. Get it again.");
    }
    return bytes;
  }

  /** Whether these bytes are the library's, to the end of the stream. */
  boolean isIn(InputStream stream) throws IOException {
    MessageDigest digest = newDigest();
    byte[] buffer = new byte[1 << 16];
    for (int count = stream.read(buffer); count >= 0; count = stream.read(buffer)) {
      digest.update(buffer, 0, count);
    }
    return hex(digest.digest()).equals(sha256);
  }

  private static String resourceIn(String folder) {
    return "/META-INF/native/" + folder + "/" + LibraryCache.FILE_NAME;
  }

  private static byte[] read(String resource) throws IOException {
    try (InputStream stream = CarriedLibrary.class.getResourceAsStream(resource)) {
      if (stream == null) {
        throw new DamagedException("The jar has no " + resource + ": it is damaged. Get it again.");
      }
      return stream.readAllBytes();
    }
  }

  private static MessageDigest newDigest() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  private static String hex(byte[] bytes) {
    return HexFormat.of().formatHex(bytes);
  }
}
