package dev.windlass.compile;

import dev.windlass.Status;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** The factor that stands for a file, such as a model's config.json: the SHA-256 of its bytes. */
public final class ConfigHash {
  private ConfigHash() {}

  /**
   * The hash, in hexadecimal.
   *
   * @throws CacheException where the file cannot be read
   */
  public static String of(Path file) {
    try (InputStream in = Files.newInputStream(file)) {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      byte[] buffer = new byte[64 << 10];
      for (int got = in.read(buffer); got >= 0; got = in.read(buffer)) {
        digest.update(buffer, 0, got);
      }
      return HexFormat.of().formatHex(digest.digest());
    } catch (IOException e) {
      throw new CacheException(
          Status.IO, "The configuration " + file + " cannot be read for the key: " + e, e);
    } catch (NoSuchAlgorithmException impossible) {
      throw new IllegalStateException(impossible);
    }
  }
}
