package dev.windlass.compile;

import dev.windlass.Status;
import dev.windlass.memory.DeviceModel;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * Finds out the factors of this machine and of the Python that its servers run on.
 *
 * <p>GPU and driver are asked of CUDA's driver and the kernel, and versions are read from the
 * metadata of the installed packages; no Python is started.
 */
public final class MachineProbe implements FactorProbe {
  private static final System.Logger LOG = System.getLogger("dev.windlass.compile");

  private final boolean wide;
  private final Supplier<CudaProbe.Found> cuda;
  private final Supplier<PythonPackages> packages;

  private MachineProbe(boolean wide, Map<String, String> environment) {
    this(wide, CudaProbe::look, () -> PythonPackages.of(environment));
  }

  MachineProbe(boolean wide, Supplier<CudaProbe.Found> cuda, Supplier<PythonPackages> packages) {
    this.wide = wide;
    this.cuda = cuda;
    this.packages = packages;
  }

  /**
   * What B10 Transfer's keys have: the GPU's name and the CUDA version that torch was built with;
   * where there is no GPU, or torch has no CUDA, processor architecture and platform.
   *
   * @param environment leads to the Python
   */
  public static MachineProbe narrow(Map<String, String> environment) {
    return new MachineProbe(false, environment);
  }

  /**
   * All that can be found out; what is not installed is left out.
   *
   * @param environment leads to the Python
   */
  public static MachineProbe wide(Map<String, String> environment) {
    return new MachineProbe(true, environment);
  }

  @Override
  public Map<String, String> factors() {
    CudaProbe.Found found = cuda.get();
    if (found.problem().isPresent()) {
      throw new CacheException(
          Status.DEVICE,
          "There is a GPU, and which one cannot be told, so that no key is made without it: %s."
                  .formatted(found.problem().get())
              + " Give the factors yourself, or repair the driver");
    }
    PythonPackages python = packages.get();
    Map<String, String> factors = wide ? wideFactors(found, python) : narrowFactors(found, python);
    python.warnings().forEach(warning -> LOG.log(System.Logger.Level.WARNING, warning));
    return factors;
  }

  private static Map<String, String> narrowFactors(CudaProbe.Found found, PythonPackages python) {
    if (found.gpu().isEmpty()) {
      return platform();
    }
    if (python.find("torch").isEmpty()) {
      throw new CacheException(
          Status.NOT_FOUND,
          "There is a GPU, and the CUDA version of the key is that of torch, which is in none of %s."
                  .formatted(python.folders())
              + " Set VIRTUAL_ENV or PYTHONPATH, or give the factor "
              + FactorNames.CUDA_VERSION);
    }
    Optional<String> version = python.torchCuda();
    if (version.isEmpty()) {
      return platform();
    }
    return Map.of(
        FactorNames.DEVICE_NAME, found.gpu().get().name(), FactorNames.CUDA_VERSION, version.get());
  }

  private static Map<String, String> wideFactors(CudaProbe.Found found, PythonPackages python) {
    Map<String, String> factors = new LinkedHashMap<>(platform());
    put(factors, FactorNames.DEVICE_NAME, found.gpu().map(DeviceModel::name));
    put(factors, FactorNames.COMPUTE_CAPABILITY, found.gpu().map(DeviceModel::computeCapability));
    put(factors, FactorNames.DRIVER_VERSION, found.driver());
    put(factors, FactorNames.CUDA_VERSION, python.torchCuda());
    put(factors, FactorNames.TORCH_VERSION, python.version("torch"));
    put(factors, FactorNames.TRITON_VERSION, python.version("triton"));
    put(factors, FactorNames.VLLM_VERSION, python.version("vllm"));
    return factors;
  }

  private static Map<String, String> platform() {
    return Map.of(
        FactorNames.CPU_ARCHITECTURE,
        PlatformProbe.architecture(),
        FactorNames.PLATFORM_SYSTEM,
        PlatformProbe.platform());
  }

  private static void put(Map<String, String> factors, String name, Optional<String> value) {
    value.ifPresent(text -> factors.put(name, text));
  }
}
