package dev.windlass.compile;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.windlass.memory.DeviceModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MachineProbeTest {
  private static final CudaProbe.Found NONE =
      new CudaProbe.Found(Optional.empty(), Optional.empty(), Optional.empty());
  private static final CudaProbe.Found GPU =
      new CudaProbe.Found(
          Optional.of(new DeviceModel("NVIDIA H100", 9, 0)),
          Optional.of("550.54"),
          Optional.empty());
  private static final Map<String, String> CPU =
      Map.of("cpu_architecture", PlatformProbe.architecture(), "platform_system", "Linux");

  @TempDir Path site;

  private Map<String, String> factors(boolean wide, CudaProbe.Found found) {
    return new MachineProbe(wide, () -> found, () -> PythonPackages.in(List.of(site))).factors();
  }

  private void install(String name, String version) throws IOException {
    Path info = Files.createDirectories(site.resolve(name + "-" + version + ".dist-info"));
    Files.writeString(info.resolve("METADATA"), "Name: " + name + "\nVersion: " + version + "\n");
  }

  private void installTorch(String cuda) throws IOException {
    install("torch", "2.7.1");
    Path torch = Files.createDirectories(site.resolve("torch"));
    Files.writeString(torch.resolve("version.py"), "cuda: Optional[str] = " + cuda + "\n");
  }

  @Test
  void theNarrowKeyOfAGpuHasItsNameAndTorchsCuda() throws IOException {
    installTorch("'12.8'");
    assertEquals(Map.of("device_name", "NVIDIA H100", "cuda_version", "12.8"), factors(false, GPU));
  }

  @Test
  void withoutGpuOrWithATorchWithoutCudaItIsThatOfTheProcessor() throws IOException {
    assertEquals(CPU, factors(false, NONE));
    installTorch("None");
    assertEquals(CPU, factors(false, GPU));
  }

  @Test
  void aGpuWithoutTorchIsNoKeyOfAProcessor() {
    CacheException refused = assertThrows(CacheException.class, () -> factors(false, GPU));
    assertTrue(refused.reason().contains("VIRTUAL_ENV"), refused.reason());
    assertTrue(refused.reason().contains(site.toString()), refused.reason());
  }

  @Test
  void aGpuThatFailsIsNoMachineWithoutOne() {
    CudaProbe.Found failing =
        new CudaProbe.Found(Optional.empty(), Optional.empty(), Optional.of("lost"));
    for (boolean wide : List.of(true, false)) {
      CacheException refused = assertThrows(CacheException.class, () -> factors(wide, failing));
      assertTrue(refused.reason().contains("lost"), refused.reason());
    }
  }

  @Test
  void theWideKeyHasAllThatIsThereAndNothingElse() throws IOException {
    assertEquals(CPU, factors(true, NONE));
    installTorch("'12.8'");
    install("triton", "3.3.1");
    install("vllm", "0.10.0");
    assertEquals(
        Map.of(
            "cpu_architecture", PlatformProbe.architecture(),
            "platform_system", "Linux",
            "device_name", "NVIDIA H100",
            "compute_capability", "9.0",
            "driver_version", "550.54",
            "cuda_version", "12.8",
            "torch_version", "2.7.1",
            "triton_version", "3.3.1",
            "vllm_version", "0.10.0"),
        factors(true, GPU));
  }
}
