package dev.windlass.memory;

import dev.windlass.WindlassException;
import dev.windlass.bindings.NativeCall;
import dev.windlass.bindings.WindlassAbi;
import dev.windlass.bindings.wl_pause_report;
import dev.windlass.bindings.wl_region_info;
import dev.windlass.bindings.wl_resume_report;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** The library's calls on one region. */
final class RegionCalls {
  /** Heap memory is copied through native memory in pieces of this size. */
  private static final long STAGE_BYTES = 256 << 10;

  private RegionCalls() {}

  /** One of the library's functions that copy between a region and native memory. */
  @FunctionalInterface
  private interface Copy {
    int apply(long region, long offset, MemorySegment memory, long bytes, MemorySegment error);
  }

  static void requireSizes(long sizeBytes, long chunkBytes) {
    if (sizeBytes <= 0) {
      throw new IllegalArgumentException("A region has more than 0 bytes, not " + sizeBytes + ".");
    }
    if (chunkBytes < 0) {
      throw new IllegalArgumentException("A region's chunk cannot be " + chunkBytes + " bytes.");
    }
  }

  static long open(Device device, long sizeBytes, Backup backup, long chunkBytes) {
    try (NativeCall call = NativeCall.open(WindlassException::of)) {
      MemorySegment options = RegionPlan.options(call, backup, chunkBytes);
      MemorySegment region = call.allocate(ValueLayout.JAVA_LONG);
      call.check(
          WindlassAbi.wl_region_open(device.handle(), sizeBytes, options, region, call.error()));
      return region.get(ValueLayout.JAVA_LONG, 0);
    }
  }

  static RegionInfo info(long region, Backup backup) {
    try (NativeCall call = NativeCall.open(WindlassException::of)) {
      MemorySegment info = call.allocate(wl_region_info.layout(), WindlassAbi::wl_region_info_init);
      call.check(WindlassAbi.wl_region_get_info(region, info, call.error()));
      boolean active = wl_region_info.state(info) == WindlassAbi.WL_REGION_ACTIVE();
      return new RegionInfo(
          active ? RegionState.ACTIVE : RegionState.PAUSED,
          backup,
          wl_region_info.content_defined(info) != 0,
          wl_region_info.address(info),
          wl_region_info.size_bytes(info),
          wl_region_info.mapped_bytes(info),
          wl_region_info.backup_bytes(info),
          wl_region_info.stored_bytes(info),
          wl_region_info.image_bytes(info),
          wl_region_info.allocation_id(info),
          wl_region_info.generation(info));
    }
  }

  static PauseReport pause(long region) {
    try (NativeCall call = NativeCall.open(WindlassException::of)) {
      MemorySegment report =
          call.allocate(wl_pause_report.layout(), WindlassAbi::wl_pause_report_init);
      call.check(WindlassAbi.wl_region_pause(region, report, call.error()));
      return new PauseReport(
          wl_pause_report.saved_bytes(report),
          wl_pause_report.freed_bytes(report),
          wl_pause_report.drain_ns(report),
          wl_pause_report.prepare_ns(report),
          wl_pause_report.copy_ns(report),
          wl_pause_report.settle_ns(report),
          wl_pause_report.release_ns(report),
          wl_pause_report.total_ns(report),
          wl_pause_report.generation(report));
    }
  }

  static ResumeReport resume(long region) {
    try (NativeCall call = NativeCall.open(WindlassException::of)) {
      MemorySegment report =
          call.allocate(wl_resume_report.layout(), WindlassAbi::wl_resume_report_init);
      call.check(WindlassAbi.wl_region_resume(region, report, call.error()));
      return new ResumeReport(
          wl_resume_report.restored_bytes(report),
          wl_resume_report.taken_bytes(report),
          wl_resume_report.map_ns(report),
          wl_resume_report.copy_ns(report),
          wl_resume_report.release_ns(report),
          wl_resume_report.total_ns(report),
          wl_resume_report.generation(report));
    }
  }

  static void read(long region, long offset, MemorySegment target) {
    copyOut(WindlassAbi::wl_region_read, region, offset, target);
  }

  static void readBackup(long region, long offset, MemorySegment target) {
    copyOut(WindlassAbi::wl_region_read_backup, region, offset, target);
  }

  private static void copyOut(Copy copy, long region, long offset, MemorySegment target) {
    if (target.isReadOnly()) {
      throw new IllegalArgumentException("The target of a read cannot be read-only.");
    }
    try (NativeCall call = NativeCall.open(WindlassException::of)) {
      long size = target.byteSize();
      if (target.isNative()) {
        call.check(copy.apply(region, offset, target, size, call.error()));
        return;
      }
      MemorySegment stage = stage(call, size);
      long done = 0;
      do {
        long count = Math.min(stage.byteSize(), size - done);
        call.check(copy.apply(region, offset + done, stage, count, call.error()));
        MemorySegment.copy(stage, 0, target, done, count);
        done += count;
      } while (done < size);
    }
  }

  static void write(long region, long offset, MemorySegment source) {
    try (NativeCall call = NativeCall.open(WindlassException::of)) {
      long size = source.byteSize();
      if (source.isNative()) {
        call.check(WindlassAbi.wl_region_write(region, offset, source, size, call.error()));
        return;
      }
      MemorySegment stage = stage(call, size);
      long done = 0;
      do {
        long count = Math.min(stage.byteSize(), size - done);
        MemorySegment.copy(source, done, stage, 0, count);
        call.check(WindlassAbi.wl_region_write(region, offset + done, stage, count, call.error()));
        done += count;
      } while (done < size);
    }
  }

  private static MemorySegment stage(NativeCall call, long size) {
    return call.allocate(Math.clamp(size, 1, STAGE_BYTES));
  }

  /** Where a piece of memory is. */
  record Place(long address, long sizeBytes) {}

  static Place viewBackup(long region, long offset) {
    try (NativeCall call = NativeCall.open(WindlassException::of)) {
      MemorySegment address = call.allocate(ValueLayout.ADDRESS);
      MemorySegment bytes = call.allocate(ValueLayout.JAVA_LONG);
      call.check(WindlassAbi.wl_region_view_backup(region, offset, address, bytes, call.error()));
      return new Place(
          address.get(ValueLayout.ADDRESS, 0).address(), bytes.get(ValueLayout.JAVA_LONG, 0));
    }
  }

  static void checkGeneration(long region, long generation) {
    try (NativeCall call = NativeCall.open(WindlassException::of)) {
      call.check(WindlassAbi.wl_region_check_generation(region, generation, call.error()));
    }
  }

  static void acknowledge(long region) {
    try (NativeCall call = NativeCall.open(WindlassException::of)) {
      call.check(WindlassAbi.wl_region_acknowledge(region, call.error()));
    }
  }

  static void close(long region) {
    try (NativeCall call = NativeCall.open(WindlassException::of)) {
      call.check(WindlassAbi.wl_region_close(region, call.error()));
    }
  }
}
