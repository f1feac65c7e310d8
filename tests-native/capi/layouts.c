/*
 * Prints the layout of each struct of the ABI as this compiler sees it, for comparison with what bindings assume:
 *
 *   struct <name> size <bytes> align <bytes>
 *   field <struct> <field> offset <bytes> size <bytes>
 */
#include <stddef.h>
#include <stdio.h>

#include "windlass/windlass.h"

#define STRUCT(type) printf("struct %s size %zu align %zu\n", #type, sizeof(type), _Alignof(type))
#define FIELD(type, field) \
  printf("field %s %s offset %zu size %zu\n", #type, #field, offsetof(type, field), sizeof(((type*)0)->field))

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

static void print_device(void) {
  STRUCT(wl_device_options);
  FIELD(wl_device_options, struct_size);
  FIELD(wl_device_options, kind);
  FIELD(wl_device_options, ordinal);
  FIELD(wl_device_options, worker_threads);
  FIELD(wl_device_options, memory_bytes);
  STRUCT(wl_device_info);
  FIELD(wl_device_info, struct_size);
  FIELD(wl_device_info, kind);
  FIELD(wl_device_info, ordinal);
  FIELD(wl_device_info, host_accessible);
  FIELD(wl_device_info, granularity_bytes);
  FIELD(wl_device_info, total_bytes);
  FIELD(wl_device_info, free_bytes);
  FIELD(wl_device_info, used_bytes);
  FIELD(wl_device_info, name);
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
}

static void print_region(void) {
  STRUCT(wl_region_options);
  FIELD(wl_region_options, struct_size);
  FIELD(wl_region_options, backup);
  FIELD(wl_region_options, pool);
  FIELD(wl_region_options, retain);
  FIELD(wl_region_options, verify);
  FIELD(wl_region_options, chunk_bytes);
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

int main(void) {
  print_error();
  print_library();
  print_device();
  print_page_pool();
  print_region();
  print_reports();
  print_log();
  return 0;
}
