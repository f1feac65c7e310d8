#include "layouts.h"
#include "windlass/windlass.h"

void print_archive(void) {
  STRUCT(wl_archive_save_options);
  FIELD(wl_archive_save_options, struct_size);
  FIELD(wl_archive_save_options, level);
  FIELD(wl_archive_save_options, threads);
  FIELD(wl_archive_save_options, sealable);
  FIELD(wl_archive_save_options, frame_bytes);
  FIELD(wl_archive_save_options, limit_bytes);
  FIELD(wl_archive_save_options, spare_bytes);
  FIELD(wl_archive_save_options, note);
  FIELD(wl_archive_save_options, note_bytes);
  STRUCT(wl_archive_load_options);
  FIELD(wl_archive_load_options, struct_size);
  FIELD(wl_archive_load_options, threads);
  FIELD(wl_archive_load_options, most_bytes);
  FIELD(wl_archive_load_options, most_entries);
  FIELD(wl_archive_load_options, most_ratio);
  FIELD(wl_archive_load_options, spare_bytes);
  FIELD(wl_archive_load_options, expected_root);
  FIELD(wl_archive_load_options, durable);
  FIELD(wl_archive_load_options, allow_case_collisions);
  FIELD(wl_archive_load_options, refuse_links);
  FIELD(wl_archive_load_options, keep_entries);
  STRUCT(wl_archive_info);
  FIELD(wl_archive_info, struct_size);
  FIELD(wl_archive_info, format);
  FIELD(wl_archive_info, sealable);
  FIELD(wl_archive_info, has_seal);
  FIELD(wl_archive_info, entries);
  FIELD(wl_archive_info, raw_bytes);
  FIELD(wl_archive_info, archive_bytes);
  FIELD(wl_archive_info, note_bytes);
  FIELD(wl_archive_info, seal_bytes);
  FIELD(wl_archive_info, root);
  STRUCT(wl_archive_progress);
  FIELD(wl_archive_progress, struct_size);
  FIELD(wl_archive_progress, phase);
  FIELD(wl_archive_progress, done_bytes);
  FIELD(wl_archive_progress, total_bytes);
  FIELD(wl_archive_progress, entries);
  STRUCT(wl_archive_report);
  FIELD(wl_archive_report, struct_size);
  FIELD(wl_archive_report, format);
  FIELD(wl_archive_report, entries);
  FIELD(wl_archive_report, raw_bytes);
  FIELD(wl_archive_report, archive_bytes);
  FIELD(wl_archive_report, duration_ns);
  FIELD(wl_archive_report, root);
  STRUCT(wl_archive_entry);
  FIELD(wl_archive_entry, kind);
  FIELD(wl_archive_entry, mode);
  FIELD(wl_archive_entry, bytes);
  FIELD(wl_archive_entry, path_at);
  FIELD(wl_archive_entry, target_at);
}
