package dev.windlass.memory;

import dev.windlass.WindlassException;
import dev.windlass.bindings.NativeCall;
import dev.windlass.bindings.WindlassAbi;
import dev.windlass.bindings.wl_device_info;
import dev.windlass.bindings.wl_device_options;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
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

  /** Host memory whose pages are really given back on pause; as much as the machine has. */
  public static Device emulated() {
    return open(0);
  }

  /** The same, with this much memory at most. */
  public static Device emulated(long memoryBytes) {
    if (memoryBytes <= 0) {
      throw new IllegalArgumentException(
          "A device's memory is more than 0 bytes, not " + memoryBytes + ".");
    }
    return open(memoryBytes);
  }

  private static Device open(long memoryBytes) {
    try (NativeCall call = NativeCall.open(WindlassException::of)) {
      MemorySegment options =
          call.allocate(wl_device_options.layout(), WindlassAbi::wl_device_options_init);
      wl_device_options.kind(options, WindlassAbi.WL_DEVICE_EMULATED());
      wl_device_options.memory_bytes(options, memoryBytes);
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
