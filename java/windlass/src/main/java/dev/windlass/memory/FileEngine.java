package dev.windlass.memory;

import dev.windlass.bindings.WindlassAbi;

/** What reads and writes files. */
public enum FileEngine {
  /** io_uring where the system allows it, otherwise threads. */
  AUTO,
  IO_URING,
  THREADS;

  int code() {
    return switch (this) {
      case AUTO -> WindlassAbi.WL_FILE_ENGINE_AUTO();
      case IO_URING -> WindlassAbi.WL_FILE_ENGINE_IO_URING();
      case THREADS -> WindlassAbi.WL_FILE_ENGINE_THREADS();
    };
  }

  static FileEngine of(int code) {
    return code == WindlassAbi.WL_FILE_ENGINE_IO_URING() ? IO_URING : THREADS;
  }
}
