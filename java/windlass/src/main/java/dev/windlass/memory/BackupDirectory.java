package dev.windlass.memory;

import dev.windlass.WindlassException;
import dev.windlass.bindings.NativeCall;
import dev.windlass.bindings.WindlassAbi;
import dev.windlass.bindings.wl_backup_directory_info;
import dev.windlass.bindings.wl_backup_directory_options;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * A directory in which regions keep their bytes in files while they are paused, past the page cache
 * where the file system can. Regions keep it open, so it may be closed before them.
 *
 * <p>Opening it removes what processes that died have left there, and nothing else.
 *
 * <p>Any thread may call; a closed directory throws {@link dev.windlass.Status#STALE_HANDLE}.
 */
public final class BackupDirectory implements AutoCloseable {
  private final long handle;
  private final Path path;
  private final AtomicBoolean closed = new AtomicBoolean();

  private BackupDirectory(long handle, Path path) {
    this.handle = handle;
    this.path = path;
  }

  /**
   * Opens a directory that exists.
   *
   * @throws WindlassException NOT_FOUND, PERMISSION, IO
   */
  public static BackupDirectory open(Path path) {
    return open(path, FileEngine.AUTO, true);
  }

  /**
   * Opens a directory that exists.
   *
   * @param engine what reads and writes
   * @param direct past the page cache, where the file system can; otherwise through it
   * @throws WindlassException NOT_FOUND, PERMISSION, IO; UNSUPPORTED where the system has no such
   *     engine
   */
  public static BackupDirectory open(Path path, FileEngine engine, boolean direct) {
    Objects.requireNonNull(path, "path");
    Objects.requireNonNull(engine, "engine");
    try (NativeCall call = NativeCall.open(WindlassException::of)) {
      MemorySegment options =
          call.allocate(
              wl_backup_directory_options.layout(), WindlassAbi::wl_backup_directory_options_init);
      wl_backup_directory_options.engine(options, engine.code());
      wl_backup_directory_options.direct(options, direct ? 1 : 0);
      MemorySegment name = call.allocate(path.toString());
      MemorySegment handle = call.allocate(ValueLayout.JAVA_LONG);
      call.check(WindlassAbi.wl_backup_directory_open(name, options, handle, call.error()));
      return new BackupDirectory(handle.get(ValueLayout.JAVA_LONG, 0), path);
    }
  }

  public Path path() {
    return path;
  }

  public BackupDirectoryInfo info() {
    try (NativeCall call = NativeCall.open(WindlassException::of)) {
      MemorySegment info =
          call.allocate(
              wl_backup_directory_info.layout(), WindlassAbi::wl_backup_directory_info_init);
      call.check(WindlassAbi.wl_backup_directory_get_info(handle, info, call.error()));
      return new BackupDirectoryInfo(
          FileEngine.of(wl_backup_directory_info.engine(info)),
          wl_backup_directory_info.direct(info) != 0,
          wl_backup_directory_info.in_memory(info) != 0,
          wl_backup_directory_info.free_bytes(info),
          wl_backup_directory_info.stored_bytes(info),
          wl_backup_directory_info.swept_files(info),
          wl_backup_directory_info.swept_bytes(info));
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
      call.check(WindlassAbi.wl_backup_directory_close(handle, call.error()));
    }
  }

  @Override
  public String toString() {
    return "backup directory " + path;
  }
}
