package dev.windlass.compile;

import dev.windlass.Status;
import dev.windlass.WindlassException;
import dev.windlass.memory.Device;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.IntFunction;
import java.util.function.IntSupplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The GPU that a compilation is for: its name as the CUDA driver says it, and the version of that
 * driver as the kernel does.
 *
 * <p>The compute capability is not told: the C interface does not have it, and GPUs of one name are
 * of one capability.
 */
final class CudaProbe {
  private static final Pattern VERSION = Pattern.compile("\\b([0-9]+(?:\\.[0-9]+){1,3})\\b");
  private static final List<String> VERSION_FILES =
      List.of("sys/module/nvidia/version", "proc/driver/nvidia/version");

  /**
   * What was found.
   *
   * @param gpu the name of the first GPU that this process is shown
   * @param driver such as 550.54.15
   * @param problem why there is no name, where a GPU or its driver is there and fails
   */
  record Found(Optional<String> gpu, Optional<String> driver, Optional<String> problem) {}

  private final Path root;
  private final IntSupplier count;
  private final IntFunction<String> name;

  /** Looks at this machine. */
  static Found look() {
    return new CudaProbe(Path.of("/"), Device::cudaCount, CudaProbe::nameOf).found();
  }

  CudaProbe(Path root, IntSupplier count, IntFunction<String> name) {
    this.root = root;
    this.count = count;
    this.name = name;
  }

  Found found() {
    Optional<String> driver = driver();
    try {
      return count.getAsInt() == 0
          ? new Found(Optional.empty(), driver, Optional.empty())
          : new Found(Optional.of(name.apply(0)), driver, Optional.empty());
    } catch (WindlassException failure) {
      boolean none =
          failure.status() == Status.NOT_FOUND
              || (failure.status() == Status.LIBRARY && driver.isEmpty());
      Optional<String> problem =
          none ? Optional.empty() : Optional.of(String.valueOf(failure.getMessage()));
      return new Found(Optional.empty(), driver, problem);
    }
  }

  private static String nameOf(int ordinal) {
    try (Device device = Device.cuda(ordinal)) {
      return device.info().name();
    }
  }

  private Optional<String> driver() {
    for (String file : VERSION_FILES) {
      try {
        Matcher version = VERSION.matcher(Files.readString(root.resolve(file)));
        if (version.find()) {
          return Optional.of(version.group(1));
        }
      } catch (IOException absent) {
        // The next one may be there: not every container shows both.
      }
    }
    return Optional.empty();
  }
}
