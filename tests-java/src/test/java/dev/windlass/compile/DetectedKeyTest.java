package dev.windlass.compile;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import org.junit.jupiter.api.Test;

class DetectedKeyTest {
  private static final FactorProbe CPU =
      () -> Map.of("cpu_architecture", "x86_64", "platform_system", "Linux");
  private static final FactorProbe GPU =
      () -> Map.of("device_name", "NVIDIA H100", "cuda_version", "12.8");
  private static final FactorProbe NONE =
      () -> {
        throw new AssertionError("nothing need be probed for");
      };

  @Test
  void withoutGivenFactorsItIsWhatWasFound() {
    assertEquals(CacheKey.cpu("x86_64", "Linux"), DetectedKey.of(KeyForm.NARROW, CPU, Map.of()));
    assertEquals(
        CacheKey.gpu("NVIDIA H100", "12.8"), DetectedKey.of(KeyForm.NARROW, GPU, Map.of()));
    assertEquals(
        CacheKey.gpu("NVIDIA H100", "12.8").asOriginal(),
        DetectedKey.of(KeyForm.ORIGINAL, GPU, Map.of()));
  }

  @Test
  void whatIsGivenGoesBeforeWhatIsFound() {
    assertEquals(
        CacheKey.gpu("NVIDIA H100", "12.4"),
        DetectedKey.of(KeyForm.NARROW, GPU, Map.of("cuda_version", "12.4")));
    assertEquals(
        CacheKey.gpu("A", "1"),
        DetectedKey.of(KeyForm.NARROW, NONE, Map.of("cuda_version", "1", "device_name", "A")));
    assertEquals(
        CacheKey.cpu("arm64", "Darwin"),
        DetectedKey.of(
            KeyForm.NARROW,
            NONE,
            Map.of("cpu_architecture", "arm64", "platform_system", "Darwin")));
  }

  @Test
  void theWideFormTakesAllAndLeavesOutWhatIsGivenAsNothing() {
    assertEquals(
        CacheKey.wide(Map.of("cuda_version", "12.8", "model", "llama")),
        DetectedKey.of(KeyForm.WIDE, GPU, Map.of("model", "llama", "device_name", "")));
  }

  @Test
  void theNarrowFormsRefuseFactorsThatTheyDoNotHave() {
    CacheValidationException refused =
        assertThrows(
            CacheValidationException.class,
            () -> DetectedKey.of(KeyForm.NARROW, CPU, Map.of("model", "llama")));
    assertTrue(refused.getMessage().contains("WINDLASS_COMPILE_KEY_FORM=wide"));
  }

  @Test
  void aGpuKeyIsCompleteOrNone() {
    CacheKey key = DetectedKey.of(KeyForm.NARROW, CPU, Map.of("cuda_version", "12.8"));
    assertEquals(CacheKey.cpu("x86_64", "Linux"), key, "there is no GPU for that CUDA");
  }

  @Test
  void theEnvironmentGivesFactors() {
    Map<String, String> environment =
        Map.of("WINDLASS_COMPILE_FACTORS", "cpu_architecture=a, platform_system = b");
    assertEquals(CacheKey.cpu("a", "b"), DetectedKey.of(KeyForm.NARROW, environment));
  }
}
