/*
 * Devices: where a region's pages come from.
 *
 * The emulated device is host memory whose pages are really given back: it works on every machine. CUDA devices are the
 * GPUs that the CUDA driver, looked for at run time, shows. What is opened on a device keeps it alive, so that closing
 * the device's handle first is harmless.
 *
 * Threads: any.
 */
#ifndef WINDLASS_DEVICE_H
#define WINDLASS_DEVICE_H

#include "windlass/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef uint64_t wl_device;

typedef int32_t wl_device_kind;
enum { WL_DEVICE_EMULATED = 1, WL_DEVICE_CUDA = 2 };

typedef struct wl_device_options {
  uint32_t struct_size;
  wl_device_kind kind; /* default EMULATED */
  int32_t ordinal;     /* which of that kind; default 0, the only one of the emulated kind */
  uint32_t
      worker_threads;    /* emulated: threads that populate, of which half copy, 1 to 64; 0 (default): as many as pay */
  uint64_t memory_bytes; /* emulated: the device's memory; 0 (default): as much as the machine has */
  int32_t shareable;     /* emulated: 1: its memory can be exported; it is slower to populate then; default 0 */
  uint32_t reserved;
} wl_device_options;

typedef struct wl_device_info {
  uint32_t struct_size;
  wl_device_kind kind;
  int32_t ordinal;
  int32_t host_accessible;    /* 1: the host can read and write its memory through plain pointers */
  uint64_t granularity_bytes; /* regions take a multiple of this */
  uint64_t total_bytes;
  uint64_t free_bytes; /* what a new region could have now */
  uint64_t used_bytes; /* taken through this handle's device */
  char name[64];
} wl_device_info;

/* Which device it is, as its driver tells it. */
typedef struct wl_device_model {
  uint32_t struct_size;
  wl_device_kind kind;
  int32_t ordinal;
  int32_t compute_major; /* of a GPU's compute capability, such as 9 of 9.0; 0, as the next, where there is none */
  int32_t compute_minor;
  uint32_t reserved;
  char name[96]; /* what its maker calls it, such as "NVIDIA H100 80GB HBM3" */
} wl_device_model;

WL_API void wl_device_options_init(wl_device_options* options, uint32_t struct_size);
WL_API void wl_device_info_init(wl_device_info* info, uint32_t struct_size);
WL_API void wl_device_model_init(wl_device_model* model, uint32_t struct_size);

/*
 * How many devices of a kind there are on this machine: 0 where there is no driver for it.
 *
 * Errors: INVALID_ARGUMENT; DEVICE (there is a driver, and it fails).
 */
WL_API wl_status wl_device_count(wl_device_kind kind, int32_t* count, wl_error* error);

/*
 * Tells which device it is without opening it: no memory is taken on it, and no context made.
 *
 * Errors: INVALID_ARGUMENT; NOT_FOUND (no device of that kind and ordinal); LIBRARY (no driver); UNSUPPORTED (the
 * driver is too old); DEVICE.
 */
WL_API wl_status wl_device_get_model(wl_device_kind kind, int32_t ordinal, wl_device_model* model, wl_error* error);

/*
 * Opens a device. options may be NULL for the emulated device with its defaults.
 *
 * Errors: INVALID_ARGUMENT; NOT_FOUND (no device of that kind and ordinal); LIBRARY (no driver); UNSUPPORTED (the
 * driver or the device is too old); NO_MEMORY; DEVICE.
 */
WL_API wl_status wl_device_open(const wl_device_options* options, wl_device* device, wl_error* error);

/* Errors: STALE_HANDLE; WRONG_KIND; INVALID_ARGUMENT; DEVICE. */
WL_API wl_status wl_device_get_info(wl_device device, wl_device_info* info, wl_error* error);

/* Gives the handle up. The device itself goes when its last region does. Errors: STALE_HANDLE; WRONG_KIND. */
WL_API wl_status wl_device_close(wl_device device, wl_error* error);

#ifdef __cplusplus
}
#endif

#endif
