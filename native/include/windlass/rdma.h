/*
 * RDMA: the devices of this machine, what they can, and why they cannot be used where that is so.
 *
 * What the kernel shows is told without the verbs library (libibverbs), which is looked for at run time; what a device
 * can is told with it. Each call looks afresh, and opens nothing for longer than it takes.
 *
 * Threads: any.
 */
#ifndef WINDLASS_RDMA_H
#define WINDLASS_RDMA_H

#include "windlass/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct wl_rdma_info {
  uint32_t struct_size;
  int32_t usable;             /* 1: there is a device that can be opened, with a port that is active */
  int32_t devices;            /* that the kernel shows */
  int32_t peer_memory;        /* 1: devices reach NVIDIA GPUs' memory by its address (nvidia_peermem is loaded) */
  uint64_t memory_lock_bytes; /* that this process may lock, and so register; UINT64_MAX: as much as it wants */
  char reason[248];           /* what is missing, and what to do; empty where it is usable */
} wl_rdma_info;

typedef struct wl_rdma_device {
  int32_t usable;    /* 1: it can be opened, and has a port that is active and has an address */
  int32_t numa_node; /* -1: of none, or not known */
  int32_t ports;
  int32_t dmabuf;                   /* 1: it registers other devices' memory by dma-buf */
  uint64_t most_registration_bytes; /* of one, as the device says; this and the next are 0 where it cannot be opened */
  uint64_t registrations;
  uint64_t queue_pairs;
  uint64_t queue_pair_depth;
  char name[64]; /* such as "mlx5_0" */
  char firmware[64];
  char reason[248];        /* why it is not usable; empty where it is */
  char dmabuf_reason[248]; /* why it registers no dma-buf; empty where it does */
} wl_rdma_device;

typedef int32_t wl_rdma_link;
enum { WL_RDMA_LINK_INFINIBAND = 1, WL_RDMA_LINK_ETHERNET = 2 };

typedef struct wl_rdma_port {
  uint32_t number; /* from 1 */
  wl_rdma_link link;
  int32_t active; /* 1: its state is ACTIVE */
  uint32_t gids;
  char state[32]; /* such as "ACTIVE" */
  char rate[64];  /* such as "100 Gb/sec (4X EDR)"; may be empty */
} wl_rdma_port;

typedef int32_t wl_rdma_gid_kind;
enum { WL_RDMA_GID_INFINIBAND = 1, WL_RDMA_GID_ROCE_V1 = 2, WL_RDMA_GID_ROCE_V2 = 3 };

/* An address of a port. */
typedef struct wl_rdma_gid {
  uint32_t index; /* in the port's table */
  wl_rdma_gid_kind kind;
  uint8_t bytes[16];
  char address[48];        /* such as "10.77.0.1" or "fe80::1" */
  char interface_name[32]; /* of the network, such as "eth0"; may be empty */
} wl_rdma_gid;

WL_API void wl_rdma_info_init(wl_rdma_info* info, uint32_t struct_size);

/* Whether RDMA can be had here. That it cannot is no error. Errors: INVALID_ARGUMENT. */
WL_API wl_status wl_rdma_get_info(wl_rdma_info* info, wl_error* error);

/*
 * The devices, by name. Writes at most capacity of them, each device_size bytes large (sizeof(wl_rdma_device)); count
 * receives how many there are. devices may be NULL with capacity 0. Errors: INVALID_ARGUMENT.
 */
WL_API wl_status wl_rdma_list_devices(wl_rdma_device* devices, uint32_t device_size, uint64_t capacity, uint64_t* count,
                                      wl_error* error);

/* The ports of the device of this name, in the same way. Errors: INVALID_ARGUMENT; NOT_FOUND (no such device). */
WL_API wl_status wl_rdma_list_ports(const char* device, wl_rdma_port* ports, uint32_t port_size, uint64_t capacity,
                                    uint64_t* count, wl_error* error);

/* The addresses of a port, in the same way. Errors: INVALID_ARGUMENT; NOT_FOUND (no such device, or port of it). */
WL_API wl_status wl_rdma_list_gids(const char* device, uint32_t port, wl_rdma_gid* gids, uint32_t gid_size,
                                   uint64_t capacity, uint64_t* count, wl_error* error);

#ifdef __cplusplus
}
#endif

#endif
