package dev.windlass.compile;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CompileCacheSettingsTest {
  private static final long MIB = 1 << 20;

  private static CompileCacheSettings of(String... variables) {
    Map<String, String> environment = new HashMap<>(Map.of("USER", "me", "HOME", "/home/me"));
    for (int index = 0; index < variables.length; index += 2) {
      environment.put(variables[index], variables[index + 1]);
    }
    return CompileCacheSettings.builder(environment).build();
  }

  private static String refusal(String... variables) {
    return assertThrows(CacheValidationException.class, () -> of(variables)).reason();
  }

  @Test
  void theDefaultsAreTheOriginals() {
    CompileCacheSettings settings = of();
    assertEquals(Path.of("/tmp/torchinductor_me"), settings.localDirectory());
    assertEquals(Path.of("/cache/model/compile_cache"), settings.sharedDirectory());
    assertEquals(1024 * MIB, settings.maxArchiveBytes());
    assertEquals(50, settings.maxConcurrentSaves());
    assertFalse(settings.isEnabled());
    assertFalse(settings.allowCaseCollisions());
    assertEquals(List.of(), settings.warnings());
  }

  @Test
  void theEnvironmentSetsWhatTheBuilderDoesNot(@TempDir Path work) {
    Map<String, String> environment =
        Map.of(
            "TORCHINDUCTOR_CACHE_DIR", "/tmp/mine",
            "B10FS_CACHE_DIR", "/cache/model/mine",
            "MAX_CACHE_SIZE_MB", "17",
            "MAX_CONCURRENT_SAVES", "3",
            "BASETEN_FS_ENABLED", "True",
            "WINDLASS_COMPILE_ALLOW_CASE_COLLISIONS", "1");
    CompileCacheSettings settings =
        CompileCacheSettings.builder(environment).workDirectory(work).maxConcurrentSaves(4).build();
    assertEquals(Path.of("/tmp/mine"), settings.localDirectory());
    assertEquals(Path.of("/cache/model/mine"), settings.sharedDirectory());
    assertEquals(17 * MIB, settings.maxArchiveBytes());
    assertEquals(4, settings.maxConcurrentSaves());
    assertTrue(settings.isEnabled());
    assertTrue(settings.allowCaseCollisions());
  }

  @Test
  void whatIsOverTheCapIsClampedWithAWarning() {
    CompileCacheSettings settings = of("MAX_CACHE_SIZE_MB", "4096", "MAX_CONCURRENT_SAVES", "101");
    assertEquals(1024 * MIB, settings.maxArchiveBytes());
    assertEquals(100, settings.maxConcurrentSaves());
    assertEquals(2, settings.warnings().size(), settings.warnings().toString());
    assertEquals(
        8192 * MIB,
        CompileCacheSettings.builder(Map.of("MAX_CACHE_SIZE_MB", "8192"))
            .archiveBytesCap(16384 * MIB)
            .build()
            .maxArchiveBytes());
  }

  @ParameterizedTest
  @ValueSource(strings = {"0", "-1", "ten", "", "1.5", "99999999999999999999"})
  void whatIsNoNumberIsRefused(String text) {
    assertTrue(refusal("MAX_CACHE_SIZE_MB", text).contains("MAX_CACHE_SIZE_MB"));
    assertTrue(refusal("MAX_CONCURRENT_SAVES", text).contains("MAX_CONCURRENT_SAVES"));
  }

  @ParameterizedTest
  @CsvSource({
    "B10FS_CACHE_DIR, /cache/modelX",
    "B10FS_CACHE_DIR, /cache/model/../other",
    "B10FS_CACHE_DIR, /tmp/shared",
    "TORCHINDUCTOR_CACHE_DIR, /tmpx/cache",
    "TORCHINDUCTOR_CACHE_DIR, /var/cache",
    "TORCHINDUCTOR_CACHE_DIR, /home/me/.cachex",
    "TORCHINDUCTOR_CACHE_DIR, /tmp/..",
    "LOCAL_WORK_DIR, /application",
    "LOCAL_WORK_DIR, /",
    "LOCAL_WORK_DIR, ' /tmp'",
    "LOCAL_WORK_DIR, ''",
    "BASETEN_FS_ENABLED, yes",
    "WINDLASS_COMPILE_TRUST, all",
    "WINDLASS_COMPILE_ALLOW_CASE_COLLISIONS, no",
    "WINDLASS_COMPILE_KEY_FORM, WIDE"
  })
  void whatCannotBeSetIsRefusedByItsName(String name, String value) {
    assertTrue(refusal(name, value).contains(name));
  }

  @ParameterizedTest
  @CsvSource({
    "B10FS_CACHE_DIR, /cache/model",
    "B10FS_CACHE_DIR, /cache/model/a..b",
    "TORCHINDUCTOR_CACHE_DIR, /home/me/.cache/inductor",
    "TORCHINDUCTOR_CACHE_DIR, /cache/inductor",
    "LOCAL_WORK_DIR, /app",
    "LOCAL_WORK_DIR, /tmp/work"
  })
  void whatLiesWithinTheUsualDirectoriesIsTaken(String name, String value) {
    of(name, value);
  }

  @Test
  void furtherDirectoriesCanBeAllowed() {
    assertEquals(
        Path.of("/data/shared"),
        of("B10FS_CACHE_DIR", "/data/shared", "WINDLASS_COMPILE_ALLOWED_DIRS", "/mnt:/data")
            .sharedDirectory());
  }

  @Test
  void aLinkDoesNotLeadOut(@TempDir Path root) throws IOException {
    Path real = root.toRealPath();
    Files.createSymbolicLink(real.resolve("link"), Path.of("/etc"));
    String path = real.resolve("link/cache").toString();
    String refused =
        refusal("B10FS_CACHE_DIR", path, "WINDLASS_COMPILE_ALLOWED_DIRS", real.toString());
    assertTrue(refused.contains("/etc/cache"), refused);
  }

  @Test
  void theDirectoriesMustNotLieInOneAnother() {
    CompileCacheSettings.Builder builder =
        CompileCacheSettings.builder(Map.of()).localDirectory(Path.of("/tmp/a"));
    builder.sharedDirectory(Path.of("/tmp/a/b"));
    assertThrows(CacheValidationException.class, builder::build);
    builder.sharedDirectory(Path.of("/tmp"));
    assertThrows(CacheValidationException.class, builder::build);
    builder.sharedDirectory(Path.of("/tmp/ab"));
    builder.build();
  }

  @Test
  void wrongSettingsOfTheEnvironmentAreErrorsOfTheOperations() {
    CompileCache cache =
        new CompileCache(() -> CacheContext.of(of("BASETEN_FS_ENABLED", "perhaps")));
    for (CacheResult result :
        List.of(cache.load(), cache.save(), cache.clearLocal(), cache.verify())) {
      assertEquals(CacheStatus.ERROR, result.status());
      assertTrue(result.reason().contains("BASETEN_FS_ENABLED"), result.reason());
    }
    assertTrue(cache.info().problem().orElseThrow().contains("BASETEN_FS_ENABLED"));
    assertTrue(cache.list().problem().orElseThrow().contains("BASETEN_FS_ENABLED"));
    assertThrows(CacheValidationException.class, cache::settings);
    assertThrows(CacheValidationException.class, cache::loadOrThrow);
  }
}
