/* The layouts of devices. */
#include "layouts.h"
#include "windlass/windlass.h"

void print_device(void) {
  STRUCT(wl_device_options);
  FIELD(wl_device_options, struct_size);
  FIELD(wl_device_options, kind);
  FIELD(wl_device_options, ordinal);
  FIELD(wl_device_options, worker_threads);
  FIELD(wl_device_options, memory_bytes);
  FIELD(wl_device_options, shareable);
  FIELD(wl_device_options, reserved);
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
  STRUCT(wl_device_model);
  FIELD(wl_device_model, struct_size);
  FIELD(wl_device_model, kind);
  FIELD(wl_device_model, ordinal);
  FIELD(wl_device_model, compute_major);
  FIELD(wl_device_model, compute_minor);
  FIELD(wl_device_model, reserved);
  FIELD(wl_device_model, name);
}
