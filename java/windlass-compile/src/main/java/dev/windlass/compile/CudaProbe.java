package dev.windlass.compile;

import dev.windlass.Status;
import dev.windlass.WindlassException;
import dev.windlass.memory.Device;
import dev.windlass.memory.DeviceModel;
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
 * The GPU that a compilation is for: its name and compute capability as the CUDA driver says them,
 * and the version of that driver as the kernel does.
 */
final class CudaProbe {
  private static final Pattern VERSION = Pattern.compile("\\b([0-9]+(?:\\.[0-9]+){1,3})\\b");
  private static final List<String> VERSION_FILES =
      List.of("sys/module/nvidia/version", "proc/driver/nvidia/version");

  /**
   * What was found.
   *
   * @param gpu the first GPU that this process is shown
   * @param driver such as 550.54.15
   * @param problem why there is none, where a GPU or its driver is there and fails
   */
  record Found(Optional<DeviceModel> gpu, Optional<String> driver, Optional<String> problem) {}

  private final Path root;
  private final IntSupplier count;
  private final IntFunction<DeviceModel> model;

  /** Looks at this machine. */
  static Found look() {
    return new CudaProbe(Path.of("/"), Device::cudaCount, Device::cudaModel).found();
  }

  CudaProbe(Path root, IntSupplier count, IntFunction<DeviceModel> model) {
    this.root = root;
    this.count = count;
    this.model = model;
  }

  Found found() {
    Optional<String> driver = driver();
    try {
      return count.getAsInt() == 0
          ? new Found(Optional.empty(), driver, Optional.empty())
          : new Found(Optional.of(model.apply(0)), driver, Optional.empty());
    } catch (WindlassException failure) {
      boolean none =
          failure.status() == Status.NOT_FOUND
              || (failure.status() == Status.LIBRARY && driver.isEmpty());
      Optional<String> problem =
          none ? Optional.empty() : Optional.of(String.valueOf(failure.getMessage()));
      return new Found(Optional.empty(), driver, problem);
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
