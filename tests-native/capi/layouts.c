/*
 * Prints the layout of each struct of the ABI as this compiler sees it, for comparison with what bindings assume:
 *
 *   struct <name> size <bytes> align <bytes>
 *   field <struct> <field> offset <bytes> size <bytes>
 */
#include "layouts.h"

#include "windlass/preload.h"
#include "windlass/windlass.h"

static void print_error(void) {
  STRUCT(wl_error);
  FIELD(wl_error, status);
  FIELD(wl_error, system_code);
  FIELD(wl_error, message);
}

static void print_library(void) {
  STRUCT(wl_feature_info);
  FIELD(wl_feature_info, struct_size);
  FIELD(wl_feature_info, present);
  FIELD(wl_feature_info, name);
  FIELD(wl_feature_info, detail);
  FIELD(wl_feature_info, remedy);
}

static void print_page_pool(void) {
  STRUCT(wl_page_pool_options);
  FIELD(wl_page_pool_options, struct_size);
  FIELD(wl_page_pool_options, worker_threads);
  FIELD(wl_page_pool_options, limit_bytes);
  STRUCT(wl_page_pool_info);
  FIELD(wl_page_pool_info, struct_size);
  FIELD(wl_page_pool_info, reserved);
  FIELD(wl_page_pool_info, limit_bytes);
  FIELD(wl_page_pool_info, held_bytes);
  FIELD(wl_page_pool_info, lent_bytes);
  FIELD(wl_page_pool_info, grown_on_lend);
  FIELD(wl_page_pool_info, prepared_bytes);
  FIELD(wl_page_pool_info, pinned_bytes);
  FIELD(wl_page_pool_info, lent_unpinned_bytes);
  FIELD(wl_page_pool_info, quarantined_bytes);
}

static void print_backup_directory(void) {
  STRUCT(wl_backup_directory_options);
  FIELD(wl_backup_directory_options, struct_size);
  FIELD(wl_backup_directory_options, engine);
  FIELD(wl_backup_directory_options, direct);
  FIELD(wl_backup_directory_options, queue_depth);
  FIELD(wl_backup_directory_options, block_bytes);
  STRUCT(wl_backup_directory_info);
  FIELD(wl_backup_directory_info, struct_size);
  FIELD(wl_backup_directory_info, engine);
  FIELD(wl_backup_directory_info, direct);
  FIELD(wl_backup_directory_info, in_memory);
  FIELD(wl_backup_directory_info, free_bytes);
  FIELD(wl_backup_directory_info, stored_bytes);
  FIELD(wl_backup_directory_info, swept_files);
  FIELD(wl_backup_directory_info, swept_bytes);
}

static void print_region(void) {
  STRUCT(wl_region_options);
  FIELD(wl_region_options, struct_size);
  FIELD(wl_region_options, backup);
  FIELD(wl_region_options, pool);
  FIELD(wl_region_options, retain);
  FIELD(wl_region_options, verify);
  FIELD(wl_region_options, chunk_bytes);
  FIELD(wl_region_options, directory);
  FIELD(wl_region_options, pageable_budget_bytes);
  FIELD(wl_region_options, compression);
  FIELD(wl_region_options, reserve);
  STRUCT(wl_region_info);
  FIELD(wl_region_info, struct_size);
  FIELD(wl_region_info, state);
  FIELD(wl_region_info, backup);
  FIELD(wl_region_info, content_defined);
  FIELD(wl_region_info, address);
  FIELD(wl_region_info, size_bytes);
  FIELD(wl_region_info, mapped_bytes);
  FIELD(wl_region_info, backup_bytes);
  FIELD(wl_region_info, generation);
  FIELD(wl_region_info, stored_bytes);
  FIELD(wl_region_info, image_bytes);
  FIELD(wl_region_info, allocation_id);
}

static void print_reports(void) {
  STRUCT(wl_pause_report);
  FIELD(wl_pause_report, struct_size);
  FIELD(wl_pause_report, reserved);
  FIELD(wl_pause_report, saved_bytes);
  FIELD(wl_pause_report, freed_bytes);
  FIELD(wl_pause_report, drain_ns);
  FIELD(wl_pause_report, prepare_ns);
  FIELD(wl_pause_report, copy_ns);
  FIELD(wl_pause_report, release_ns);
  FIELD(wl_pause_report, total_ns);
  FIELD(wl_pause_report, generation);
  FIELD(wl_pause_report, settle_ns);
  STRUCT(wl_resume_report);
  FIELD(wl_resume_report, struct_size);
  FIELD(wl_resume_report, reserved);
  FIELD(wl_resume_report, restored_bytes);
  FIELD(wl_resume_report, taken_bytes);
  FIELD(wl_resume_report, map_ns);
  FIELD(wl_resume_report, copy_ns);
  FIELD(wl_resume_report, release_ns);
  FIELD(wl_resume_report, total_ns);
  FIELD(wl_resume_report, generation);
}

static void print_region_set(void) {
  STRUCT(wl_region_set_options);
  FIELD(wl_region_set_options, struct_size);
  FIELD(wl_region_set_options, lanes);
  FIELD(wl_region_set_options, margin_bytes);
  STRUCT(wl_region_set_info);
  FIELD(wl_region_set_info, struct_size);
  FIELD(wl_region_set_info, reserved);
  FIELD(wl_region_set_info, regions);
  FIELD(wl_region_set_info, paused);
  FIELD(wl_region_set_info, size_bytes);
  FIELD(wl_region_set_info, mapped_bytes);
  FIELD(wl_region_set_info, backup_bytes);
  FIELD(wl_region_set_info, stored_bytes);
  STRUCT(wl_region_scope_options);
  FIELD(wl_region_scope_options, struct_size);
  FIELD(wl_region_scope_options, enabled);
  FIELD(wl_region_scope_options, device);
  FIELD(wl_region_scope_options, tag);
  FIELD(wl_region_scope_options, region);
  STRUCT(wl_region_outcome);
  FIELD(wl_region_outcome, region);
  FIELD(wl_region_outcome, kind);
  FIELD(wl_region_outcome, status);
  FIELD(wl_region_outcome, moved_bytes);
  FIELD(wl_region_outcome, device_bytes);
  FIELD(wl_region_outcome, drain_ns);
  FIELD(wl_region_outcome, prepare_ns);
  FIELD(wl_region_outcome, copy_ns);
  FIELD(wl_region_outcome, settle_ns);
  FIELD(wl_region_outcome, release_ns);
  FIELD(wl_region_outcome, total_ns);
  FIELD(wl_region_outcome, generation);
  FIELD(wl_region_outcome, message);
}

static void print_log(void) {
  STRUCT(wl_log_options);
  FIELD(wl_log_options, struct_size);
  FIELD(wl_log_options, level);
  FIELD(wl_log_options, capacity);
  FIELD(wl_log_options, reserved);
  STRUCT(wl_log_record);
  FIELD(wl_log_record, struct_size);
  FIELD(wl_log_record, level);
  FIELD(wl_log_record, time_unix_ns);
  FIELD(wl_log_record, dropped);
  FIELD(wl_log_record, source);
  FIELD(wl_log_record, message);
}

static void print_export(void) {
  STRUCT(wl_export_name);
  FIELD(wl_export_name, allocation_id);
  FIELD(wl_export_name, generation);
  FIELD(wl_export_name, owner_nonce);
  FIELD(wl_export_name, size_bytes);
  FIELD(wl_export_name, owner_pid);
  FIELD(wl_export_name, pieces);
  STRUCT(wl_export_piece);
  FIELD(wl_export_piece, descriptor);
  FIELD(wl_export_piece, reserved);
  FIELD(wl_export_piece, offset);
  FIELD(wl_export_piece, size_bytes);
}

static void print_preload(void) {
  STRUCT(wl_preload_scope_options);
  FIELD(wl_preload_scope_options, struct_size);
  FIELD(wl_preload_scope_options, enabled);
  FIELD(wl_preload_scope_options, tag);
  FIELD(wl_preload_scope_options, directory);
  FIELD(wl_preload_scope_options, backup);
  FIELD(wl_preload_scope_options, retain);
  FIELD(wl_preload_scope_options, verify);
  FIELD(wl_preload_scope_options, reserved);
  FIELD(wl_preload_scope_options, pool_limit_bytes);
  STRUCT(wl_preload_report);
  FIELD(wl_preload_report, struct_size);
  FIELD(wl_preload_report, reserved);
  FIELD(wl_preload_report, regions);
  FIELD(wl_preload_report, done);
  FIELD(wl_preload_report, skipped);
  FIELD(wl_preload_report, moved_bytes);
  FIELD(wl_preload_report, memory_bytes);
  FIELD(wl_preload_report, total_ns);
  STRUCT(wl_preload_info);
  FIELD(wl_preload_info, struct_size);
  FIELD(wl_preload_info, interposing);
  FIELD(wl_preload_info, regions);
  FIELD(wl_preload_info, paused);
  FIELD(wl_preload_info, size_bytes);
  FIELD(wl_preload_info, mapped_bytes);
  FIELD(wl_preload_info, backup_bytes);
  FIELD(wl_preload_info, stored_bytes);
  FIELD(wl_preload_info, margin_bytes);
  FIELD(wl_preload_info, failures);
  FIELD(wl_preload_info, last_failure);
}

static void print_volume(void) {
  STRUCT(wl_volume_options);
  FIELD(wl_volume_options, struct_size);
  FIELD(wl_volume_options, eviction);
  FIELD(wl_volume_options, limit_bytes);
  FIELD(wl_volume_options, segment_bytes);
  FIELD(wl_volume_options, prepared_bytes);
  STRUCT(wl_listen_options);
  FIELD(wl_listen_options, struct_size);
  FIELD(wl_listen_options, most_clients);
  FIELD(wl_listen_options, secret);
  FIELD(wl_listen_options, slow_timeout_ns);
  STRUCT(wl_volume_info);
  FIELD(wl_volume_info, struct_size);
  FIELD(wl_volume_info, reserved);
  FIELD(wl_volume_info, limit_bytes);
  FIELD(wl_volume_info, held_bytes);
  FIELD(wl_volume_info, used_bytes);
  FIELD(wl_volume_info, value_bytes);
  FIELD(wl_volume_info, entries);
  FIELD(wl_volume_info, segments);
  FIELD(wl_volume_info, sessions);
  FIELD(wl_volume_info, leases);
  FIELD(wl_volume_info, prepared_slots);
  FIELD(wl_volume_info, orphaned_slots);
  FIELD(wl_volume_info, commits);
  FIELD(wl_volume_info, committed_bytes);
  FIELD(wl_volume_info, acquires);
  FIELD(wl_volume_info, acquired_bytes);
  FIELD(wl_volume_info, misses);
  FIELD(wl_volume_info, removals);
  FIELD(wl_volume_info, evictions);
  FIELD(wl_volume_info, evicted_bytes);
  FIELD(wl_volume_info, refusals);
  FIELD(wl_volume_info, nonce);
}

static void print_store(void) {
  STRUCT(wl_store_options);
  FIELD(wl_store_options, struct_size);
  FIELD(wl_store_options, transport);
  FIELD(wl_store_options, secret);
  FIELD(wl_store_options, lanes);
  FIELD(wl_store_options, reserved);
  FIELD(wl_store_options, connect_timeout_ns);
  FIELD(wl_store_options, call_timeout_ns);
  STRUCT(wl_store_info);
  FIELD(wl_store_info, struct_size);
  FIELD(wl_store_info, transport);
  FIELD(wl_store_info, volume_nonce);
  FIELD(wl_store_info, connections);
  FIELD(wl_store_info, written_bytes);
  FIELD(wl_store_info, read_bytes);
  FIELD(wl_store_info, mapped_bytes);
  FIELD(wl_store_info, reason);
  STRUCT(wl_slice);
  FIELD(wl_slice, rank);
  FIELD(wl_slice, mesh_rank);
  FIELD(wl_slice, global_shape);
  FIELD(wl_slice, offsets);
  FIELD(wl_slice, mesh_shape);
  FIELD(wl_slice, coordinates);
  STRUCT(wl_put_item);
  FIELD(wl_put_item, key);
  FIELD(wl_put_item, key_bytes);
  FIELD(wl_put_item, kind);
  FIELD(wl_put_item, dtype);
  FIELD(wl_put_item, rank);
  FIELD(wl_put_item, attributes_bytes);
  FIELD(wl_put_item, shape);
  FIELD(wl_put_item, data);
  FIELD(wl_put_item, bytes);
  FIELD(wl_put_item, attributes);
  FIELD(wl_put_item, slice);
  FIELD(wl_put_item, buffer);
  STRUCT(wl_condition);
  FIELD(wl_condition, key);
  FIELD(wl_condition, key_bytes);
  FIELD(wl_condition, version);
  STRUCT(wl_put_options);
  FIELD(wl_put_options, struct_size);
  FIELD(wl_put_options, condition_count);
  FIELD(wl_put_options, conditions);
  FIELD(wl_put_options, removals);
  FIELD(wl_put_options, removal_bytes);
  FIELD(wl_put_options, removal_count);
  FIELD(wl_put_options, timeout_ns);
  STRUCT(wl_put_report);
  FIELD(wl_put_report, struct_size);
  FIELD(wl_put_report, transport);
  FIELD(wl_put_report, version);
  FIELD(wl_put_report, bytes);
  FIELD(wl_put_report, prepare_ns);
  FIELD(wl_put_report, move_ns);
  FIELD(wl_put_report, commit_ns);
  FIELD(wl_put_report, reused);
}

static void print_lease(void) {
  STRUCT(wl_acquire_options);
  FIELD(wl_acquire_options, struct_size);
  FIELD(wl_acquire_options, skip_missing);
  FIELD(wl_acquire_options, conditions);
  FIELD(wl_acquire_options, condition_count);
  FIELD(wl_acquire_options, reserved);
  FIELD(wl_acquire_options, timeout_ns);
  STRUCT(wl_entry);
  FIELD(wl_entry, item);
  FIELD(wl_entry, kind);
  FIELD(wl_entry, dtype);
  FIELD(wl_entry, rank);
  FIELD(wl_entry, shard_index);
  FIELD(wl_entry, shard_count);
  FIELD(wl_entry, attributes_bytes);
  FIELD(wl_entry, bytes);
  FIELD(wl_entry, version);
  FIELD(wl_entry, shape);
  STRUCT(wl_read);
  FIELD(wl_read, entry);
  FIELD(wl_read, offset);
  FIELD(wl_read, bytes);
  FIELD(wl_read, target);
  STRUCT(wl_entry_info);
  FIELD(wl_entry_info, kind);
  FIELD(wl_entry_info, dtype);
  FIELD(wl_entry_info, rank);
  FIELD(wl_entry_info, shard_count);
  FIELD(wl_entry_info, missing_count);
  FIELD(wl_entry_info, pinned);
  FIELD(wl_entry_info, bytes);
  FIELD(wl_entry_info, version);
  FIELD(wl_entry_info, shape);
  STRUCT(wl_buffer_info);
  FIELD(wl_buffer_info, struct_size);
  FIELD(wl_buffer_info, transport);
  FIELD(wl_buffer_info, bytes);
  FIELD(wl_buffer_info, generation);
  FIELD(wl_buffer_info, address);
}

int main(void) {
  print_error();
  print_library();
  print_device();
  print_page_pool();
  print_backup_directory();
  print_region();
  print_reports();
  print_region_set();
  print_log();
  print_export();
  print_preload();
  print_volume();
  print_store();
  print_lease();
  print_offer();
  print_rdma();
  print_archive();
  return 0;
}
