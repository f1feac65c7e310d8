package dev.windlass.compile;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.NoSuchAlgorithmException;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whose archives are loaded. */
class ArchiveTrustTest {
  private static final Trust HMAC = Trust.hmac(key('a'));

  @TempDir private Path root;
  private CacheFolders folders;

  private static byte[] key(char letter) {
    return String.valueOf(letter).repeat(32).getBytes(StandardCharsets.US_ASCII);
  }

  private static KeyPair pair() throws NoSuchAlgorithmException {
    return KeyPairGenerator.getInstance("Ed25519").generateKeyPair();
  }

  @BeforeEach
  void prepare() {
    folders = new CacheFolders(root);
  }

  private CompileCache with(Trust trust) {
    return CompileCache.of(folders.settings().trust(trust).build());
  }

  private void save(Trust trust) {
    folders.compile();
    CacheResult result = with(trust).save();
    assertEquals(CacheStatus.SUCCESS, result.status(), result.reason());
    folders.clear();
  }

  private void assertRefused(Trust trust, String says) {
    CacheResult result = with(trust).load();
    assertEquals(CacheStatus.ERROR, result.status());
    assertTrue(result.reason().contains(says), result.reason());
    assertFalse(Files.exists(folders.local));
    folders.assertTidy();
  }

  private void openToOthers() throws IOException {
    Files.setPosixFilePermissions(folders.shared, PosixFilePermissions.fromString("rwxrwxrwx"));
  }

  @Test
  void whatWasSealedWithTheKeyIsLoaded() throws Exception {
    KeyPair pair = pair();
    for (Trust trust : List.of(HMAC, Trust.signatures(pair.getPrivate(), pair.getPublic()))) {
      openToOthers();
      save(trust);
      assertEquals(CacheStatus.SUCCESS, with(trust).verify().status());
      CacheResult result = with(trust).load();
      assertEquals(CacheStatus.SUCCESS, result.status(), result.reason());
      folders.clear();
      Files.delete(folders.archive());
    }
  }

  @Test
  void anotherKeysSealIsRefusedAndReplaced() throws Exception {
    save(HMAC);
    Trust other = Trust.hmac(key('b'));
    assertRefused(other, "has a seal that is not of the key");
    KeyPair pair = pair();
    assertRefused(Trust.signatures(pair.getPrivate(), pair.getPublic()), "has a seal that is not");
    save(other);
    assertRefused(HMAC, "has a seal that is not");
  }

  @Test
  void whatHasNoSealIsRefusedWhereSealsAreWanted() {
    save(Trust.directory());
    assertRefused(HMAC, "has no seal");
  }

  @Test
  void whoCanOnlyCheckSealsDoesNotSave() throws Exception {
    KeyPair pair = pair();
    Trust checking = Trust.signatures(pair.getPublic());
    folders.compile();
    CacheResult refused = with(checking).save();
    assertEquals(CacheStatus.ERROR, refused.status());
    assertTrue(refused.reason().contains("signing key"), refused.reason());
    save(Trust.signatures(pair.getPrivate(), pair.getPublic()));
    assertEquals(CacheStatus.SUCCESS, with(checking).load().status());
  }

  @Test
  void keysThatAreNoPairAreRefused() throws Exception {
    KeyPair one = pair();
    KeyPair other = pair();
    assertThrows(
        CacheValidationException.class,
        () -> Trust.signatures(one.getPrivate(), other.getPublic()));
  }

  @Test
  void anArchiveUnderAnotherKeysNameIsRefused() throws Exception {
    save(HMAC);
    CacheKey other = CacheKey.gpu("NVIDIA A100", "12.1");
    Files.move(
        folders.archive(), folders.shared.resolve("cache_" + other.name() + ".latest.tar.zst"));
    CompileCache cache = CompileCache.of(folders.settings().trust(HMAC).key(other).build());
    CacheResult result = cache.load();
    assertEquals(CacheStatus.ERROR, result.status());
    assertTrue(result.reason().contains("is the archive of another key"), result.reason());
  }

  @Test
  void aDirectoryThatOthersCanWriteToNeedsSeals() throws Exception {
    save(Trust.directory());
    openToOthers();
    assertRefused(Trust.directory(), "WINDLASS_COMPILE_TRUST=unchecked");
    folders.compile();
    Files.delete(folders.archive());
    CacheResult unsealed = with(Trust.directory()).save();
    assertEquals(CacheStatus.ERROR, unsealed.status());
    assertTrue(unsealed.reason().contains("can be written to by others"), unsealed.reason());
    folders.clear();
    save(Trust.unchecked());
    assertEquals(CacheStatus.SUCCESS, with(Trust.unchecked()).load().status());
  }

  @Test
  void aDirectoryAboveThatOthersCanWriteToNeedsSealsToo() throws Exception {
    Files.setPosixFilePermissions(root, PosixFilePermissions.fromString("rwxrwx---"));
    assertTrue(DirectoryTrust.objection(folders.shared).isPresent());
    Files.setAttribute(root, "unix:mode", 01770);
    assertTrue(DirectoryTrust.objection(folders.shared).isEmpty(), "sticky");
  }

  @Test
  void aKeyFileIsReadWithoutTheLinesEndAndMustBePrivate() throws Exception {
    Path file = root.resolve("key");
    Files.write(file, key('a'));
    Files.writeString(file, "\n", StandardOpenOption.APPEND);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r-----"));
    save(HMAC);
    assertEquals(CacheStatus.SUCCESS, with(Trust.hmacFile(file)).load().status());
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
    assertThrows(CacheValidationException.class, () -> Trust.hmacFile(file));
    assertThrows(CacheValidationException.class, () -> Trust.hmacFile(root.resolve("absent")));
    assertThrows(CacheValidationException.class, () -> Trust.hmac(new byte[15]));
  }
}
