package dev.windlass.compile;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.windlass.Status;
import dev.windlass.WindlassException;
import dev.windlass.memory.DeviceModel;
import dev.windlass.support.ChildJvm;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CudaProbeTest {
  @TempDir Path root;

  private static DeviceModel fails(Status status) {
    throw new WindlassException(status, 0, "says so");
  }

  private void driver(String file, String text) throws IOException {
    Path place = root.resolve(file);
    Files.createDirectories(place.getParent());
    Files.writeString(place, text);
  }

  @Test
  void aMachineWithoutAGpuHasNothingAndNoProblem() {
    CudaProbe.Found found = new CudaProbe(root, () -> 0, _ -> fails(Status.INTERNAL)).found();
    assertEquals(new CudaProbe.Found(Optional.empty(), Optional.empty(), Optional.empty()), found);
  }

  @Test
  void theFirstGpuGivesTheNameAndTheKernelTheDriversVersion() throws IOException {
    driver(
        "proc/driver/nvidia/version",
        "NVRM version: NVIDIA UNIX x86_64 Kernel Module  550.54.15  Tue Mar  5 22:23:56 UTC\n");
    CudaProbe.Found found =
        new CudaProbe(root, () -> 2, gpu -> new DeviceModel("GPU number " + gpu, 9, 0)).found();
    assertEquals(Optional.of(new DeviceModel("GPU number 0", 9, 0)), found.gpu());
    assertEquals(Optional.of("550.54.15"), found.driver());
    driver("sys/module/nvidia/version", "570.1.2\n");
    assertEquals(
        Optional.of("570.1.2"),
        new CudaProbe(root, () -> 0, _ -> fails(Status.INTERNAL)).found().driver());
  }

  @Test
  void aGpuThatFailsIsAProblemAndNotTheSameAsNone() throws IOException {
    driver("sys/module/nvidia/version", "570.1.2\n");
    CudaProbe.Found found = new CudaProbe(root, () -> 1, _ -> fails(Status.DEVICE)).found();
    assertEquals(Optional.empty(), found.gpu());
    assertTrue(found.problem().orElseThrow().contains("says so"));
    found =
        new CudaProbe(root, () -> fails(Status.LIBRARY).computeMajor(), _ -> fails(Status.DEVICE))
            .found();
    assertTrue(found.problem().isPresent(), "the kernel has a driver, whose library is not there");
  }

  /** Method: a child process that finds the fake driver of the native tests. */
  @Test
  void theDriverTellsNameAndComputeCapability() throws Exception {
    Path fake =
        Path.of(System.getProperty("windlass.root", ".."), "build", "native", "fake-libcuda")
            .toAbsolutePath();
    assumeTrue(
        Files.exists(fake.resolve("libcuda.so.1")),
        "the native tests, and with them the fake driver, are not built");
    ChildJvm.Result result =
        new ChildJvm()
            .nativeAccess()
            .with(CompileCache.class)
            .environment("LD_LIBRARY_PATH", fake)
            .run(CacheChild.class.getName(), "probe");
    assertEquals(0, result.exitCode(), result.output());
    assertEquals(
        List.of(Optional.of(new DeviceModel("Fake GPU", 9, 0)).toString(), "Fake GPU", "9.0"),
        result.output().lines().toList());
  }

  @Test
  void thisMachineCanBeLookedAt() {
    CudaProbe.Found found = CudaProbe.look();
    found.gpu().ifPresent(model -> assertTrue(!model.name().isBlank() && model.computeMajor() > 0));
  }
}
