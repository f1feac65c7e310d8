package dev.windlass.archive;

import dev.windlass.WindlassException;
import dev.windlass.bindings.NativeCall;
import dev.windlass.bindings.WindlassAbi;
import dev.windlass.bindings.wl_archive_entry;
import dev.windlass.bindings.wl_archive_info;
import dev.windlass.bindings.wl_archive_load_options;
import dev.windlass.bindings.wl_archive_progress;
import dev.windlass.bindings.wl_archive_report;
import dev.windlass.bindings.wl_archive_save_options;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The calls into the library. */
final class ArchiveCalls {
  private static final long PAGE_ENTRIES = 1024;
  private static final long PAGE_NAME_BYTES = 1 << 20;
  private static final double NANOS_PER_SECOND = 1e9;

  private ArchiveCalls() {}

  static ArchiveJob save(String directory, String archive, SaveOptions given) {
    try (NativeCall call = NativeCall.open(WindlassException::of)) {
      MemorySegment options =
          call.allocate(
              wl_archive_save_options.layout(), WindlassAbi::wl_archive_save_options_init);
      wl_archive_save_options.level(options, given.level());
      wl_archive_save_options.threads(options, given.threads());
      wl_archive_save_options.sealable(options, given.sealable() ? 1 : 0);
      wl_archive_save_options.frame_bytes(options, given.frameBytes());
      wl_archive_save_options.limit_bytes(options, given.limitBytes());
      wl_archive_save_options.spare_bytes(options, given.spareBytes());
      byte[] note = given.note();
      wl_archive_save_options.note(options, bytes(call, note));
      wl_archive_save_options.note_bytes(options, note.length);
      LoadOptions loadableBy = given.loadableBy();
      wl_archive_save_options.most_bytes(options, loadableBy.mostBytes());
      wl_archive_save_options.most_entries(options, loadableBy.mostEntries());
      wl_archive_save_options.most_ratio(options, loadableBy.mostRatio());
      wl_archive_save_options.allow_case_collisions(
          options, loadableBy.allowCaseCollisions() ? 1 : 0);
      MemorySegment job = call.allocate(ValueLayout.JAVA_LONG);
      call.check(
          WindlassAbi.wl_archive_save(
              call.allocate(directory), call.allocate(archive), options, job, call.error()));
      return job(job, "save of " + directory + " as " + archive);
    }
  }

  static ArchiveJob load(String archive, String target, LoadOptions given) {
    try (NativeCall call = NativeCall.open(WindlassException::of)) {
      MemorySegment job = call.allocate(ValueLayout.JAVA_LONG);
      call.check(
          WindlassAbi.wl_archive_load(
              call.allocate(archive),
              call.allocate(target),
              options(call, given),
              job,
              call.error()));
      return job(job, "load of " + archive + " into " + target);
    }
  }

  static ArchiveJob verify(String archive, LoadOptions given, boolean keepEntries) {
    try (NativeCall call = NativeCall.open(WindlassException::of)) {
      MemorySegment options = options(call, given);
      wl_archive_load_options.keep_entries(options, keepEntries ? 1 : 0);
      MemorySegment job = call.allocate(ValueLayout.JAVA_LONG);
      call.check(WindlassAbi.wl_archive_verify(call.allocate(archive), options, job, call.error()));
      return job(job, "verification of " + archive);
    }
  }

  private static ArchiveJob job(MemorySegment handle, String name) {
    return new ArchiveJob(handle.get(ValueLayout.JAVA_LONG, 0), name);
  }

  private static MemorySegment options(NativeCall call, LoadOptions given) {
    MemorySegment options =
        call.allocate(wl_archive_load_options.layout(), WindlassAbi::wl_archive_load_options_init);
    wl_archive_load_options.threads(options, given.threads());
    wl_archive_load_options.most_bytes(options, given.mostBytes());
    wl_archive_load_options.most_entries(options, given.mostEntries());
    wl_archive_load_options.most_ratio(options, given.mostRatio());
    wl_archive_load_options.spare_bytes(options, given.spareBytes());
    wl_archive_load_options.allow_case_collisions(options, given.allowCaseCollisions() ? 1 : 0);
    given
        .expectedRoot()
        .ifPresent(root -> wl_archive_load_options.expected_root(options, bytes(call, root)));
    return options;
  }

  private static MemorySegment bytes(NativeCall call, byte[] bytes) {
    if (bytes.length == 0) {
      return MemorySegment.NULL;
    }
    MemorySegment copied = call.allocate(bytes.length);
    copied.copyFrom(MemorySegment.ofArray(bytes));
    return copied;
  }

  static Optional<ArchiveReport> await(long job, Duration most) {
    try (NativeCall call = NativeCall.open(WindlassException::of)) {
      MemorySegment report =
          call.allocate(wl_archive_report.layout(), WindlassAbi::wl_archive_report_init);
      int status = WindlassAbi.wl_archive_job_wait(job, nanos(most), report, call.error());
      if (status == WindlassAbi.WL_STATUS_TIMEOUT()) {
        return Optional.empty();
      }
      call.check(status);
      return Optional.of(
          new ArchiveReport(
              wl_archive_report.entries(report),
              wl_archive_report.raw_bytes(report),
              wl_archive_report.archive_bytes(report),
              wl_archive_report.duration_ns(report) / NANOS_PER_SECOND,
              root(wl_archive_report.format(report), wl_archive_report.root(report))));
    }
  }

  private static long nanos(Duration most) {
    if (most.isNegative()) {
      return 0;
    }
    try {
      return most.toNanos();
    } catch (ArithmeticException endless) {
      return Long.MAX_VALUE;
    }
  }

  private static byte[] root(int format, MemorySegment root) {
    return ArchiveFormat.of(format) == ArchiveFormat.WINDLASS
        ? root.toArray(ValueLayout.JAVA_BYTE)
        : new byte[0];
  }

  static ArchiveProgress progress(long job) {
    try (NativeCall call = NativeCall.open(WindlassException::of)) {
      MemorySegment progress =
          call.allocate(wl_archive_progress.layout(), WindlassAbi::wl_archive_progress_init);
      call.check(WindlassAbi.wl_archive_job_get_progress(job, progress, call.error()));
      return new ArchiveProgress(
          ArchivePhase.of(wl_archive_progress.phase(progress)),
          wl_archive_progress.done_bytes(progress),
          wl_archive_progress.total_bytes(progress),
          wl_archive_progress.entries(progress));
    }
  }

  static void cancel(long job) {
    try (NativeCall call = NativeCall.open(WindlassException::of)) {
      call.check(WindlassAbi.wl_archive_job_cancel(job, call.error()));
    }
  }

  static void close(long job) {
    try (NativeCall call = NativeCall.open(WindlassException::of)) {
      call.check(WindlassAbi.wl_archive_job_close(job, call.error()));
    }
  }

  static List<ArchiveEntry> entries(long job) {
    List<ArchiveEntry> found = new ArrayList<>();
    try (NativeCall call = NativeCall.open(WindlassException::of)) {
      MemorySegment entries = call.allocate(wl_archive_entry.layout(), PAGE_ENTRIES);
      MemorySegment names = call.allocate(PAGE_NAME_BYTES);
      MemorySegment count = call.allocate(ValueLayout.JAVA_LONG);
      do {
        call.check(
            WindlassAbi.wl_archive_job_list_entries(
                job,
                found.size(),
                entries,
                PAGE_ENTRIES,
                names,
                PAGE_NAME_BYTES,
                count,
                call.error()));
        for (long i = 0; i < count.get(ValueLayout.JAVA_LONG, 0); i++) {
          found.add(entry(wl_archive_entry.asSlice(entries, i), names));
        }
      } while (count.get(ValueLayout.JAVA_LONG, 0) > 0);
    }
    return List.copyOf(found);
  }

  private static ArchiveEntry entry(MemorySegment entry, MemorySegment names) {
    return new ArchiveEntry(
        names.getString(wl_archive_entry.path_at(entry)),
        ArchiveEntryKind.of(wl_archive_entry.kind(entry)),
        wl_archive_entry.mode(entry),
        wl_archive_entry.bytes(entry),
        names.getString(wl_archive_entry.target_at(entry)));
  }

  static ArchiveInfo inspect(String archive) {
    try (NativeCall call = NativeCall.open(WindlassException::of)) {
      MemorySegment name = call.allocate(archive);
      MemorySegment info =
          call.allocate(wl_archive_info.layout(), WindlassAbi::wl_archive_info_init);
      MemorySegment note = call.allocate(WindlassAbi.WL_ARCHIVE_MOST_NOTE_BYTES());
      MemorySegment seal = call.allocate(WindlassAbi.WL_ARCHIVE_MOST_SEAL_BYTES());
      call.check(
          WindlassAbi.wl_archive_inspect(
              name, info, note, note.byteSize(), seal, seal.byteSize(), call.error()));
      return new ArchiveInfo(
          ArchiveFormat.of(wl_archive_info.format(info)),
          wl_archive_info.entries(info),
          wl_archive_info.raw_bytes(info),
          wl_archive_info.archive_bytes(info),
          wl_archive_info.sealable(info) != 0,
          root(wl_archive_info.format(info), wl_archive_info.root(info)),
          note.asSlice(0, wl_archive_info.note_bytes(info)).toArray(ValueLayout.JAVA_BYTE),
          wl_archive_info.has_seal(info) != 0
              ? Optional.of(
                  seal.asSlice(0, wl_archive_info.seal_bytes(info)).toArray(ValueLayout.JAVA_BYTE))
              : Optional.empty());
    }
  }

  static void appendSeal(String archive, byte[] seal) {
    try (NativeCall call = NativeCall.open(WindlassException::of)) {
      call.check(
          WindlassAbi.wl_archive_append_seal(
              call.allocate(archive), bytes(call, seal), seal.length, call.error()));
    }
  }

  static boolean exchange(String staged, String place) {
    try (NativeCall call = NativeCall.open(WindlassException::of)) {
      MemorySegment exchanged = call.allocate(ValueLayout.JAVA_INT);
      call.check(
          WindlassAbi.wl_archive_exchange(
              call.allocate(staged), call.allocate(place), exchanged, call.error()));
      return exchanged.get(ValueLayout.JAVA_INT, 0) != 0;
    }
  }
}
