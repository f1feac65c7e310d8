package dev.windlass.compile;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.Set;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** Seals that are an HMAC-SHA-256 over what the archive is for and its root. */
final class HmacTrust implements Trust.Seals {
  private static final String ALGORITHM = "HmacSHA256";
  private static final int LEAST_BYTES = 16;
  private static final int MOST_BYTES = 64 << 10;

  private final SecretKeySpec key;

  HmacTrust(byte[] key) {
    if (key.length < LEAST_BYTES) {
      throw new CacheValidationException(
          "The key that seals archives has %d bytes; it needs at least %d, from a random source."
              .formatted(key.length, LEAST_BYTES));
    }
    this.key = new SecretKeySpec(key, ALGORITHM);
  }

  static HmacTrust ofFile(Path file) {
    try {
      Set<PosixFilePermission> rights = Files.getPosixFilePermissions(file);
      if (rights.stream().anyMatch(HmacTrust::isOfOthers)) {
        throw new CacheValidationException(
            "%s holds the key that seals archives, and others can reach it: chmod 600 it."
                .formatted(file));
      }
      if (Files.size(file) > MOST_BYTES) {
        throw new CacheValidationException(
            "%s is too large for a key: %d bytes.".formatted(file, Files.size(file)));
      }
      return new HmacTrust(withoutEnd(Files.readAllBytes(file)));
    } catch (IOException | UnsupportedOperationException e) {
      throw new CacheValidationException(
          "The key that seals archives cannot be read from %s: %s".formatted(file, e));
    }
  }

  private static boolean isOfOthers(PosixFilePermission right) {
    return switch (right) {
      case OTHERS_READ, OTHERS_WRITE, GROUP_WRITE -> true;
      default -> false;
    };
  }

  /** An editor or echo may have put a line's end behind the key. */
  private static byte[] withoutEnd(byte[] bytes) {
    int end = bytes.length;
    while (end > 0 && Character.isWhitespace(bytes[end - 1])) {
      end--;
    }
    return Arrays.copyOf(bytes, end);
  }

  @Override
  public boolean canSeal() {
    return true;
  }

  @Override
  public byte[] seal(String keyName, byte[] root) {
    try {
      Mac mac = Mac.getInstance(ALGORITHM);
      mac.init(key);
      return SealText.of(SealText.HMAC, mac.doFinal(SealText.sealed(keyName, root)));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every Java has " + ALGORITHM, e);
    }
  }

  @Override
  public boolean accepts(String keyName, byte[] root, byte[] seal) {
    return MessageDigest.isEqual(seal(keyName, root), seal);
  }

  /** Without the key, since this gets into logs. */
  @Override
  public String toString() {
    return SealText.HMAC;
  }
}
