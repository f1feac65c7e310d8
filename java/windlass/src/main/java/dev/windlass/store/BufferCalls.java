package dev.windlass.store;

import dev.windlass.WindlassException;
import dev.windlass.bindings.NativeCall;
import dev.windlass.bindings.WindlassAbi;
import dev.windlass.bindings.wl_buffer_info;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** The library's calls on buffers. */
final class BufferCalls {
  private BufferCalls() {}

  static long open(long store, long bytes) {
    try (NativeCall call = NativeCall.open(WindlassException::of)) {
      MemorySegment buffer = call.allocate(ValueLayout.JAVA_LONG);
      call.check(WindlassAbi.wl_buffer_open(store, bytes, buffer, call.error()));
      return buffer.get(ValueLayout.JAVA_LONG, 0);
    }
  }

  /** Grows whenever the buffer's room is another. */
  static long generation(long buffer) {
    try (NativeCall call = NativeCall.open(WindlassException::of)) {
      MemorySegment info = call.allocate(wl_buffer_info.layout(), WindlassAbi::wl_buffer_info_init);
      call.check(WindlassAbi.wl_buffer_get_info(buffer, info, call.error()));
      return wl_buffer_info.generation(info);
    }
  }

  static void close(long buffer) {
    try (NativeCall call = NativeCall.open(WindlassException::of)) {
      call.check(WindlassAbi.wl_buffer_close(buffer, call.error()));
    }
  }
}
