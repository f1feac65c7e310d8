package dev.windlass.store;

import dev.windlass.bindings.wl_put_report;
import dev.windlass.bindings.wl_store_info;
import dev.windlass.bindings.wl_volume_info;
import java.lang.foreign.MemorySegment;

/** What the library's structs say, as records. */
final class Structs {
  private Structs() {}

  static VolumeInfo volumeInfo(MemorySegment info) {
    return new VolumeInfo(
        wl_volume_info.limit_bytes(info),
        wl_volume_info.held_bytes(info),
        wl_volume_info.used_bytes(info),
        wl_volume_info.value_bytes(info),
        wl_volume_info.entries(info),
        wl_volume_info.segments(info),
        wl_volume_info.sessions(info),
        wl_volume_info.leases(info),
        wl_volume_info.prepared_slots(info),
        wl_volume_info.orphaned_slots(info),
        wl_volume_info.commits(info),
        wl_volume_info.committed_bytes(info),
        wl_volume_info.acquires(info),
        wl_volume_info.acquired_bytes(info),
        wl_volume_info.misses(info),
        wl_volume_info.removals(info),
        wl_volume_info.evictions(info),
        wl_volume_info.evicted_bytes(info),
        wl_volume_info.refusals(info),
        wl_volume_info.nonce(info));
  }

  static StoreInfo storeInfo(MemorySegment info) {
    return new StoreInfo(
        Transport.of(wl_store_info.transport(info)),
        wl_store_info.reason(info).getString(0),
        wl_store_info.volume_nonce(info),
        wl_store_info.connections(info),
        wl_store_info.written_bytes(info),
        wl_store_info.read_bytes(info),
        wl_store_info.mapped_bytes(info));
  }

  static PutReport putReport(MemorySegment report) {
    return new PutReport(
        Transport.of(wl_put_report.transport(report)),
        wl_put_report.version(report),
        wl_put_report.bytes(report),
        wl_put_report.prepare_ns(report),
        wl_put_report.move_ns(report),
        wl_put_report.commit_ns(report),
        wl_put_report.reused(report));
  }
}
