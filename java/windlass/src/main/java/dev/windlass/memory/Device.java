package dev.windlass.memory;

import dev.windlass.WindlassException;
import dev.windlass.bindings.NativeCall;
import dev.windlass.bindings.WindlassAbi;
import dev.windlass.bindings.wl_device_info;
import dev.windlass.bindings.wl_device_model;
import dev.windlass.bindings.wl_device_options;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * What regions get their pages from. Regions keep their device alive, so it may be closed before
 * them.
 *
 * <p>Any thread may call; a closed device throws {@link dev.windlass.Status#STALE_HANDLE}.
 */
public final class Device implements AutoCloseable {
  private final long handle;
  private final AtomicBoolean closed = new AtomicBoolean();

  private Device(long handle) {
    this.handle = handle;
  }

  /**
   * All devices of this machine: the GPUs, if there are any, and the emulated device last. Each is
   * the caller's to close.
   */
  public static List<Device> all() {
    List<Device> devices = new ArrayList<>();
    try {
      int gpus = count(WindlassAbi.WL_DEVICE_CUDA());
      for (int ordinal = 0; ordinal < gpus; ordinal++) {
        devices.add(cuda(ordinal));
      }
      devices.add(emulated());
      return List.copyOf(devices);
    } catch (RuntimeException | Error e) {
      devices.forEach(Device::close);
      throw e;
    }
  }

  /** How many GPUs the CUDA driver shows; 0 where there is no driver. */
  public static int cudaCount() {
    return count(WindlassAbi.WL_DEVICE_CUDA());
  }

  /**
   * Which GPU it is, as the CUDA driver tells it, by its number among those that the driver shows.
   * It is not opened, and no context made on it.
   *
   * @throws WindlassException LIBRARY where there is no driver; NOT_FOUND where there is no such
   *     GPU; UNSUPPORTED where the driver is too old; DEVICE
   */
  public static DeviceModel cudaModel(int ordinal) {
    requireOrdinal(ordinal);
    try (NativeCall call = NativeCall.open(WindlassException::of)) {
      MemorySegment model =
          call.allocate(wl_device_model.layout(), WindlassAbi::wl_device_model_init);
      call.check(
          WindlassAbi.wl_device_get_model(
              WindlassAbi.WL_DEVICE_CUDA(), ordinal, model, call.error()));
      return new DeviceModel(
          wl_device_model.name(model).getString(0),
          wl_device_model.compute_major(model),
          wl_device_model.compute_minor(model));
    }
  }

  private static void requireOrdinal(int ordinal) {
    if (ordinal < 0) {
      throw new IllegalArgumentException("GPUs are counted from 0, not from " + ordinal + ".");
    }
  }

  private static int count(int kind) {
    try (NativeCall call = NativeCall.open(WindlassException::of)) {
      MemorySegment count = call.allocate(ValueLayout.JAVA_INT);
      call.check(WindlassAbi.wl_device_count(kind, count, call.error()));
      return count.get(ValueLayout.JAVA_INT, 0);
    }
  }

  /**
   * A GPU, by its number among those that the CUDA driver shows.
   *
   * @throws WindlassException LIBRARY where there is no driver; NOT_FOUND where there is no such
   *     GPU; UNSUPPORTED where driver or GPU are too old
   */
  public static Device cuda(int ordinal) {
    requireOrdinal(ordinal);
    return open(WindlassAbi.WL_DEVICE_CUDA(), ordinal, 0);
  }

  /** Host memory whose pages are really given back on pause; as much as the machine has. */
  public static Device emulated() {
    return open(WindlassAbi.WL_DEVICE_EMULATED(), 0, 0);
  }

  /** The same, with this much memory at most. */
  public static Device emulated(long memoryBytes) {
    requireMemory(memoryBytes);
    return open(WindlassAbi.WL_DEVICE_EMULATED(), 0, memoryBytes);
  }

  /**
   * The same, with memory that can be {@linkplain Region#export exported}; it is slower to
   * populate.
   */
  public static Device emulatedShareable(long memoryBytes) {
    requireMemory(memoryBytes);
    return open(WindlassAbi.WL_DEVICE_EMULATED(), 0, memoryBytes, true);
  }

  private static void requireMemory(long memoryBytes) {
    if (memoryBytes <= 0) {
      throw new IllegalArgumentException(
          "A device's memory is more than 0 bytes, not " + memoryBytes + ".");
    }
  }

  private static Device open(int kind, int ordinal, long memoryBytes) {
    return open(kind, ordinal, memoryBytes, false);
  }

  private static Device open(int kind, int ordinal, long memoryBytes, boolean shareable) {
    try (NativeCall call = NativeCall.open(WindlassException::of)) {
      MemorySegment options =
          call.allocate(wl_device_options.layout(), WindlassAbi::wl_device_options_init);
      wl_device_options.kind(options, kind);
      wl_device_options.ordinal(options, ordinal);
      wl_device_options.memory_bytes(options, memoryBytes);
      wl_device_options.shareable(options, shareable ? 1 : 0);
      MemorySegment handle = call.allocate(ValueLayout.JAVA_LONG);
      call.check(WindlassAbi.wl_device_open(options, handle, call.error()));
      return new Device(handle.get(ValueLayout.JAVA_LONG, 0));
    }
  }

  public DeviceInfo info() {
    try (NativeCall call = NativeCall.open(WindlassException::of)) {
      MemorySegment info = call.allocate(wl_device_info.layout(), WindlassAbi::wl_device_info_init);
      call.check(WindlassAbi.wl_device_get_info(handle, info, call.error()));
      return new DeviceInfo(
          wl_device_info.name(info).getString(0),
          wl_device_info.granularity_bytes(info),
          wl_device_info.total_bytes(info),
          wl_device_info.free_bytes(info),
          wl_device_info.used_bytes(info),
          wl_device_info.host_accessible(info) != 0);
    }
  }

  long handle() {
    return handle;
  }

  @Override
  public void close() {
    if (closed.getAndSet(true)) {
      return;
    }
    try (NativeCall call = NativeCall.open(WindlassException::of)) {
      call.check(WindlassAbi.wl_device_close(handle, call.error()));
    }
  }
}
