package dev.windlass.compile;

import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.Optional;

/** Seals as the archives have them: a line that says what it is, and the bytes in hexadecimal. */
final class SealText {
  static final String HMAC = "hmac-sha256";
  static final String ED25519 = "ed25519";

  private static final String BEGINNING = "windlass-seal 1 ";

  private SealText() {}

  static byte[] of(String kind, byte[] value) {
    return (BEGINNING + kind + " " + HexFormat.of().formatHex(value) + "\n")
        .getBytes(StandardCharsets.US_ASCII);
  }

  /** The bytes of a seal, if it is one of this kind. */
  static Optional<byte[]> value(String kind, byte[] seal) {
    String text = new String(seal, StandardCharsets.US_ASCII);
    String beginning = BEGINNING + kind + " ";
    if (!text.startsWith(beginning) || !text.endsWith("\n")) {
      return Optional.empty();
    }
    try {
      return Optional.of(
          HexFormat.of().parseHex(text.substring(beginning.length(), text.length() - 1)));
    } catch (IllegalArgumentException notHexadecimal) {
      return Optional.empty();
    }
  }

  /** What a seal is over: the key too, so that an archive cannot be passed off as another's. */
  static byte[] sealed(String keyName, byte[] root) {
    return ("windlass compile cache 1\n" + keyName + "\n" + HexFormat.of().formatHex(root) + "\n")
        .getBytes(StandardCharsets.UTF_8);
  }
}
