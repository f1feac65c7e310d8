package dev.windlass.compile;

import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.util.Optional;

/** Seals that are an Ed25519 signature over what the archive is for and its root. */
final class SignatureTrust implements Trust.Seals {
  private static final String ALGORITHM = "Ed25519";

  private final Optional<PrivateKey> signing;
  private final PublicKey verifying;

  private SignatureTrust(Optional<PrivateKey> signing, PublicKey verifying) {
    this.signing = signing;
    this.verifying = verifying;
  }

  static SignatureTrust of(PrivateKey signing, PublicKey verifying) {
    SignatureTrust trust = new SignatureTrust(Optional.of(signing), verifying);
    byte[] root = new byte[32];
    if (!trust.accepts("", root, trust.seal("", root))) {
      throw new CacheValidationException(
          "The key that signs archives and the one that checks them are not of one pair.");
    }
    return trust;
  }

  static SignatureTrust of(PublicKey verifying) {
    return new SignatureTrust(Optional.empty(), verifying);
  }

  @Override
  public boolean canSeal() {
    return signing.isPresent();
  }

  @Override
  public byte[] seal(String keyName, byte[] root) {
    PrivateKey key =
        signing.orElseThrow(
            () ->
                new CacheValidationException(
                    "Archives can be checked here and not sealed: give the signing key to save."));
    try {
      Signature signature = Signature.getInstance(ALGORITHM);
      signature.initSign(key);
      signature.update(SealText.sealed(keyName, root));
      return SealText.of(SealText.ED25519, signature.sign());
    } catch (GeneralSecurityException e) {
      throw new CacheValidationException("The key cannot sign with Ed25519: " + e);
    }
  }

  @Override
  public boolean accepts(String keyName, byte[] root, byte[] seal) {
    Optional<byte[]> value = SealText.value(SealText.ED25519, seal);
    if (value.isEmpty()) {
      return false;
    }
    try {
      Signature signature = Signature.getInstance(ALGORITHM);
      signature.initVerify(verifying);
      signature.update(SealText.sealed(keyName, root));
      return signature.verify(value.get());
    } catch (GeneralSecurityException malformed) {
      return false;
    }
  }

  @Override
  public String toString() {
    return SealText.ED25519;
  }
}
