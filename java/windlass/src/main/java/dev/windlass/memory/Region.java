package dev.windlass.memory;

import dev.windlass.Status;
import dev.windlass.WindlassException;
import dev.windlass.bindings.NativeCall;
import dev.windlass.bindings.WindlassAbi;
import dev.windlass.bindings.wl_pause_report;
import dev.windlass.bindings.wl_region_info;
import dev.windlass.bindings.wl_region_options;
import dev.windlass.bindings.wl_resume_report;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Objects;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A range of device memory that can be given away for a while and had back at the same address.
 *
 * <p>While it is ACTIVE there are pages behind the address. {@link #pause} saves their bytes to the
 * region's {@link Backup} and gives the pages back to the machine; {@link #resume} takes pages
 * again and restores the bytes. Both are all-or-nothing.
 *
 * <p>{@link #segment} is the memory itself. It ends with the pause: a segment from before throws
 * {@link IllegalStateException}, and never faults. A region whose segment is in use, by a native
 * call or by a thread in the middle of an access, refuses to pause or close and stays as it is.
 *
 * <p>Any thread may call; calls on one region wait for one another. Those that move bytes, which
 * are open, pause, resume, read, write and close, block inside the library: call them from platform
 * threads, since a virtual thread keeps its carrier meanwhile.
 *
 * <p>After close, everything but {@link #address}, {@link #sizeBytes} and another close throws a
 * {@link WindlassException} of {@link Status#STALE_HANDLE}.
 */
public final class Region implements AutoCloseable {
  /** Heap memory is copied through native memory in pieces of this size. */
  private static final long STAGE_BYTES = 256 << 10;

  private final ReentrantLock lock = new ReentrantLock();
  private final long handle;
  private final Backup backup;
  private final boolean hostAccessible;
  private final long address;
  private final long sizeBytes;

  /** Guarded by the lock; null until somebody wants the segment. */
  private @Nullable Activation activation;

  /** Guarded by the lock. */
  private boolean closed;

  private Region(long handle, Backup backup, boolean hostAccessible, long sizeBytes) {
    this.handle = handle;
    this.backup = backup;
    this.hostAccessible = hostAccessible;
    this.sizeBytes = sizeBytes;
    this.address = info().address();
  }

  /** A region with a {@linkplain Backup#pageable() pageable} backup. */
  public static Region open(Device device, long sizeBytes) {
    return open(device, sizeBytes, Backup.pageable());
  }

  public static Region open(Device device, long sizeBytes, Backup backup) {
    return open(device, sizeBytes, backup, 0);
  }

  /**
   * A region, ACTIVE and zeroed.
   *
   * @param chunkBytes in what pieces memory is taken, saved and given back; 0 for the usual 64 MiB
   * @throws WindlassException NO_MEMORY, saying how much there is
   */
  public static Region open(Device device, long sizeBytes, Backup backup, long chunkBytes) {
    Objects.requireNonNull(device, "device");
    Objects.requireNonNull(backup, "backup");
    if (sizeBytes <= 0) {
      throw new IllegalArgumentException("A region has more than 0 bytes, not " + sizeBytes + ".");
    }
    if (chunkBytes < 0) {
      throw new IllegalArgumentException("A region's chunk cannot be " + chunkBytes + " bytes.");
    }
    boolean hostAccessible = device.info().hostAccessible();
    long handle = openNative(device, sizeBytes, backup, chunkBytes);
    try {
      return new Region(handle, backup, hostAccessible, sizeBytes);
    } catch (RuntimeException | Error e) {
      closeNative(handle);
      throw e;
    }
  }

  private static long openNative(Device device, long sizeBytes, Backup backup, long chunkBytes) {
    try (NativeCall call = NativeCall.open(WindlassException::of)) {
      MemorySegment options =
          call.allocate(wl_region_options.layout(), WindlassAbi::wl_region_options_init);
      wl_region_options.chunk_bytes(options, chunkBytes);
      switch (backup) {
        case Backup.None none -> wl_region_options.backup(options, WindlassAbi.WL_BACKUP_NONE());
        case Backup.Pageable pageable ->
            wl_region_options.backup(options, WindlassAbi.WL_BACKUP_PAGEABLE());
        case Backup.Pooled pooled -> {
          wl_region_options.backup(options, WindlassAbi.WL_BACKUP_POOLED());
          wl_region_options.pool(options, pooled.pool().handle());
        }
      }
      if (backup instanceof Backup.Host host) {
        wl_region_options.retain(options, host.retains() ? 1 : 0);
        wl_region_options.verify(options, host.verifies() ? 1 : 0);
      }
      MemorySegment region = call.allocate(ValueLayout.JAVA_LONG);
      call.check(
          WindlassAbi.wl_region_open(device.handle(), sizeBytes, options, region, call.error()));
      return region.get(ValueLayout.JAVA_LONG, 0);
    }
  }

  private static void closeNative(long handle) {
    try (NativeCall call = NativeCall.open(WindlassException::of)) {
      call.check(WindlassAbi.wl_region_close(handle, call.error()));
    }
  }

  /**
   * The memory, until the next pause: the same segment for everybody.
   *
   * @throws IllegalStateException while the region is PAUSED
   * @throws UnsupportedOperationException on a device whose memory the host cannot reach: use
   *     {@link #read} and {@link #write}
   */
  public MemorySegment segment() {
    if (!hostAccessible) {
      throw new UnsupportedOperationException(
          "The host cannot reach the memory of " + this + ": use read and write.");
    }
    lock.lock();
    try {
      if (activation == null) {
        if (info().state() == RegionState.PAUSED) {
          throw new IllegalStateException(this + " is paused: resume it first.");
        }
        activation = new Activation(address, sizeBytes);
      }
      return activation.segment();
    } finally {
      lock.unlock();
    }
  }

  public long address() {
    return address;
  }

  public long sizeBytes() {
    return sizeBytes;
  }

  public RegionState state() {
    return info().state();
  }

  /** 1 at first, one more with each pause. */
  public long generation() {
    return info().generation();
  }

  public RegionInfo info() {
    try (NativeCall call = NativeCall.open(WindlassException::of)) {
      MemorySegment info = call.allocate(wl_region_info.layout(), WindlassAbi::wl_region_info_init);
      call.check(WindlassAbi.wl_region_get_info(handle, info, call.error()));
      boolean active = wl_region_info.state(info) == WindlassAbi.WL_REGION_ACTIVE();
      return new RegionInfo(
          active ? RegionState.ACTIVE : RegionState.PAUSED,
          backup,
          wl_region_info.content_defined(info) != 0,
          wl_region_info.address(info),
          wl_region_info.size_bytes(info),
          wl_region_info.mapped_bytes(info),
          wl_region_info.backup_bytes(info),
          wl_region_info.generation(info));
    }
  }

  /**
   * Gives the memory back to the machine, after saving its bytes.
   *
   * @throws WindlassException STATE where the region is paused already, or its segment is in use;
   *     NO_SPACE, NO_MEMORY where the backup finds no room. The region is as before, unless the
   *     message says otherwise.
   */
  public PauseReport pause() {
    lock.lock();
    try (NativeCall call = NativeCall.open(WindlassException::of)) {
      endActivation("paused");
      MemorySegment report =
          call.allocate(wl_pause_report.layout(), WindlassAbi::wl_pause_report_init);
      call.check(WindlassAbi.wl_region_pause(handle, report, call.error()));
      return new PauseReport(
          wl_pause_report.saved_bytes(report),
          wl_pause_report.freed_bytes(report),
          wl_pause_report.drain_ns(report),
          wl_pause_report.prepare_ns(report),
          wl_pause_report.copy_ns(report),
          wl_pause_report.release_ns(report),
          wl_pause_report.total_ns(report),
          wl_pause_report.generation(report));
    } finally {
      lock.unlock();
    }
  }

  /**
   * Takes memory again at the same address and restores the bytes.
   *
   * @throws WindlassException STATE where the region is active already; NO_MEMORY; CORRUPT where
   *     the backup's bytes do not verify. The region stays PAUSED with its backup intact, and
   *     resume can be tried again.
   */
  public ResumeReport resume() {
    lock.lock();
    try (NativeCall call = NativeCall.open(WindlassException::of)) {
      MemorySegment report =
          call.allocate(wl_resume_report.layout(), WindlassAbi::wl_resume_report_init);
      call.check(WindlassAbi.wl_region_resume(handle, report, call.error()));
      return new ResumeReport(
          wl_resume_report.restored_bytes(report),
          wl_resume_report.taken_bytes(report),
          wl_resume_report.map_ns(report),
          wl_resume_report.copy_ns(report),
          wl_resume_report.release_ns(report),
          wl_resume_report.total_ns(report),
          wl_resume_report.generation(report));
    } finally {
      lock.unlock();
    }
  }

  /**
   * Fills the target from the region at the offset, on any device. Heap memory is copied through
   * native memory, in pieces.
   *
   * @throws WindlassException STATE while the region is PAUSED
   */
  public void read(long offset, MemorySegment target) {
    requireRange(offset, target);
    if (target.isReadOnly()) {
      throw new IllegalArgumentException("The target of a read cannot be read-only.");
    }
    try (NativeCall call = NativeCall.open(WindlassException::of)) {
      long size = target.byteSize();
      if (target.isNative()) {
        call.check(WindlassAbi.wl_region_read(handle, offset, target, size, call.error()));
        return;
      }
      lock.lock();
      try {
        MemorySegment stage = stage(call, size);
        long done = 0;
        do {
          long count = Math.min(stage.byteSize(), size - done);
          call.check(WindlassAbi.wl_region_read(handle, offset + done, stage, count, call.error()));
          MemorySegment.copy(stage, 0, target, done, count);
          done += count;
        } while (done < size);
      } finally {
        lock.unlock();
      }
    }
  }

  /**
   * Copies the source into the region at the offset, on any device. Heap memory is copied through
   * native memory, in pieces.
   *
   * @throws WindlassException STATE while the region is PAUSED
   */
  public void write(long offset, MemorySegment source) {
    requireRange(offset, source);
    try (NativeCall call = NativeCall.open(WindlassException::of)) {
      long size = source.byteSize();
      if (source.isNative()) {
        call.check(WindlassAbi.wl_region_write(handle, offset, source, size, call.error()));
        return;
      }
      lock.lock();
      try {
        MemorySegment stage = stage(call, size);
        long done = 0;
        do {
          long count = Math.min(stage.byteSize(), size - done);
          MemorySegment.copy(source, done, stage, 0, count);
          call.check(
              WindlassAbi.wl_region_write(handle, offset + done, stage, count, call.error()));
          done += count;
        } while (done < size);
      } finally {
        lock.unlock();
      }
    }
  }

  private static MemorySegment stage(NativeCall call, long size) {
    return call.allocate(Math.clamp(size, 1, STAGE_BYTES));
  }

  private void requireRange(long offset, MemorySegment memory) {
    long size = memory.byteSize();
    if (offset < 0 || size > sizeBytes || offset > sizeBytes - size) {
      throw new IllegalArgumentException(
          size + " bytes at offset " + offset + " do not lie within " + this + ".");
    }
  }

  /** Declares the content defined, as after filling an ACTIVE region through its segment. */
  public void acknowledge() {
    try (NativeCall call = NativeCall.open(WindlassException::of)) {
      call.check(WindlassAbi.wl_region_acknowledge(handle, call.error()));
    }
  }

  private void endActivation(String what) {
    if (activation == null) {
      return;
    }
    if (!activation.end()) {
      throw new WindlassException(
          Status.STATE,
          0,
          this
              + " cannot be "
              + what
              + " while a native call or another thread uses its segment: end that, and try again");
    }
    activation = null;
  }

  /**
   * Gives up pages, backup and address, from either state.
   *
   * @throws WindlassException STATE where the segment is in use; the region stays open
   */
  @Override
  public void close() {
    lock.lock();
    try {
      if (closed) {
        return;
      }
      endActivation("closed");
      closed = true;
      closeNative(handle);
    } finally {
      lock.unlock();
    }
  }

  @Override
  public String toString() {
    return "the region of " + sizeBytes + " bytes at 0x" + Long.toHexString(address);
  }
}
