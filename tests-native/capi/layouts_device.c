/* The layouts of devices, those of RDMA included. */
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

void print_rdma(void) {
  STRUCT(wl_rdma_info);
  FIELD(wl_rdma_info, struct_size);
  FIELD(wl_rdma_info, usable);
  FIELD(wl_rdma_info, devices);
  FIELD(wl_rdma_info, peer_memory);
  FIELD(wl_rdma_info, memory_lock_bytes);
  FIELD(wl_rdma_info, reason);
  STRUCT(wl_rdma_device);
  FIELD(wl_rdma_device, usable);
  FIELD(wl_rdma_device, numa_node);
  FIELD(wl_rdma_device, ports);
  FIELD(wl_rdma_device, dmabuf);
  FIELD(wl_rdma_device, most_registration_bytes);
  FIELD(wl_rdma_device, registrations);
  FIELD(wl_rdma_device, queue_pairs);
  FIELD(wl_rdma_device, queue_pair_depth);
  FIELD(wl_rdma_device, name);
  FIELD(wl_rdma_device, firmware);
  FIELD(wl_rdma_device, reason);
  FIELD(wl_rdma_device, dmabuf_reason);
  STRUCT(wl_rdma_port);
  FIELD(wl_rdma_port, number);
  FIELD(wl_rdma_port, link);
  FIELD(wl_rdma_port, active);
  FIELD(wl_rdma_port, gids);
  FIELD(wl_rdma_port, state);
  FIELD(wl_rdma_port, rate);
  STRUCT(wl_rdma_gid);
  FIELD(wl_rdma_gid, index);
  FIELD(wl_rdma_gid, kind);
  FIELD(wl_rdma_gid, bytes);
  FIELD(wl_rdma_gid, address);
  FIELD(wl_rdma_gid, interface_name);
}
