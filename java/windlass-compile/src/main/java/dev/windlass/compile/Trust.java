package dev.windlass.compile;

import java.nio.file.Path;
import java.security.PrivateKey;
import java.security.PublicKey;

/**
 * Whom to believe. What is loaded is run as code by the server, so an archive from a directory that
 * others can write to needs a seal that only trusted writers can make.
 */
public sealed interface Trust permits Trust.Seals, Trust.Directory, Trust.Unchecked {
  /**
   * Archives have seals: those that are saved get one, and those without a right one are refused.
   */
  sealed interface Seals extends Trust permits HmacTrust, SignatureTrust {
    /**
     * The seal of an archive.
     *
     * @throws CacheValidationException if this can only check seals
     */
    byte[] seal(String key, byte[] root);

    /** Whether a seal is one that a trusted writer made for this key and root. */
    boolean accepts(String key, byte[] root, byte[] seal);

    /** Whether it can make seals. */
    boolean canSeal();
  }

  /** The file system vouches: refused where the shared directory can be written to by others. */
  record Directory() implements Trust {}

  /** Anybody who can write to the shared directory is trusted. */
  record Unchecked() implements Trust {}

  /** Trusts the file system, unless others can write to the shared directory. */
  static Trust directory() {
    return new Directory();
  }

  /** Trusts everybody who can write to the shared directory. */
  static Trust unchecked() {
    return new Unchecked();
  }

  /**
   * Trusts those who have the key.
   *
   * @throws CacheValidationException if it has fewer than 16 bytes
   */
  static Trust hmac(byte[] key) {
    return new HmacTrust(key);
  }

  /**
   * Trusts those who have the key that is in a file: its bytes, white space at its end excepted.
   *
   * @throws CacheValidationException if it cannot be read, is too short, or others can read it
   */
  static Trust hmacFile(Path file) {
    return HmacTrust.ofFile(file);
  }

  /** Signs with an Ed25519 key, and trusts those who have it. */
  static Trust signatures(PrivateKey signing, PublicKey verifying) {
    return SignatureTrust.of(signing, verifying);
  }

  /** Trusts those who sign with the Ed25519 key that belongs to this one; saves are refused. */
  static Trust signatures(PublicKey verifying) {
    return SignatureTrust.of(verifying);
  }
}
