/*
 * Exports: a region's pages, shared with somebody else, in this process or another.
 *
 * An export gives file descriptors, one for each physical piece of the region, and a name. Who has got the descriptors
 * (over a Unix socket, say) maps them with wl_import_open. Both then see the same bytes.
 *
 * An export is of one generation of pages. As soon as the region is paused it is stale: its descriptors are closed, and
 * calls on it are STATE. Whoever has mapped the pages keeps the old ones, whose memory goes when he lets go, and
 * disturbs nobody; what he asks the owner for is a new export. Send the name with the descriptors, and have the owner
 * check it with wl_export_check when it comes back.
 *
 * Devices that can share: GPUs, and the emulated device if opened so.
 *
 * Threads: any.
 */
#ifndef WINDLASS_EXPORT_H
#define WINDLASS_EXPORT_H

#include "windlass/region.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef uint64_t wl_export;
typedef uint64_t wl_import;

/* The name of exported pages: plain numbers, which can be sent as they are within one machine. */
typedef struct wl_export_name {
  uint64_t allocation_id;
  uint64_t generation;
  uint64_t owner_nonce; /* of the process and device that exported */
  uint64_t size_bytes;
  uint32_t owner_pid;
  uint32_t pieces; /* how many descriptors there are */
} wl_export_name;

/* A descriptor and the part of the range that is behind it. */
typedef struct wl_export_piece {
  int32_t descriptor;
  uint32_t reserved;
  uint64_t offset;
  uint64_t size_bytes;
} wl_export_piece;

/*
 * Exports the pages that an ACTIVE region has now, and gives their name.
 *
 * Errors: STALE_HANDLE; WRONG_KIND; INVALID_ARGUMENT; STATE (paused); UNSUPPORTED (the device cannot share); NO_MEMORY;
 * DEVICE.
 */
WL_API wl_status wl_export_open(wl_region region, wl_export_name* name, wl_export* exported, wl_error* error);

/*
 * Gives one piece, counted from 0, with a descriptor of the caller's own, which is closed on exec.
 *
 * Errors: STALE_HANDLE; WRONG_KIND; INVALID_ARGUMENT (no such piece); STATE (stale).
 */
WL_API wl_status wl_export_get_piece(wl_export exported, uint32_t index, wl_export_piece* piece, wl_error* error);

/*
 * Whether a name that came back is of these pages, and they are still there.
 *
 * Errors: STALE_HANDLE; WRONG_KIND; NOT_FOUND (of another process, device or region); STATE (stale); INVALID_ARGUMENT.
 */
WL_API wl_status wl_export_check(wl_export exported, const wl_export_name* name, wl_error* error);

/* Closes the export's own descriptors. Errors: STALE_HANDLE; WRONG_KIND. */
WL_API wl_status wl_export_close(wl_export exported, wl_error* error);

/*
 * Maps pieces that follow one another without gaps from offset 0 on, and gives where. The descriptors stay the
 * caller's, and may be closed then. All or nothing.
 *
 * Errors: STALE_HANDLE; WRONG_KIND; INVALID_ARGUMENT; UNSUPPORTED (the device cannot share); NO_MEMORY; DEVICE.
 */
WL_API wl_status wl_import_open(wl_device device, const wl_export_piece* pieces, uint32_t count, uint64_t* address,
                                uint64_t* size_bytes, wl_import* imported, wl_error* error);

/* Lets go of the pages. Errors: STALE_HANDLE; WRONG_KIND. */
WL_API wl_status wl_import_close(wl_import imported, wl_error* error);

#ifdef __cplusplus
}
#endif

#endif
