/*
 * Windlass's C interface: the whole of it.
 *
 * Conventions.
 * - Every call that can fail returns a wl_status and takes a wl_error* last, which may be NULL. Outputs are written
 *   only on success.
 * - Objects are named by 64-bit handles. Use of a closed handle is STALE_HANDLE, and of another kind's WRONG_KIND:
 *   errors, never faults. Handles may be used and closed from any thread; what a call under way uses lives until it
 *   returns.
 * - A struct that begins with struct_size is first filled by its _init function, which is told the size that the caller
 *   compiled it with and writes no more than that. One of a newer caller is taken as long as what this library does not
 *   know in it is zero; one that is too small is INVALID_ARGUMENT.
 * - Strings are UTF-8. Those passed in are copied before the call returns.
 * - Nothing here exits, aborts, throws, or calls the caller back. What blocks says so.
 */
#ifndef WINDLASS_WINDLASS_H
#define WINDLASS_WINDLASS_H

#include "windlass/archive.h"
#include "windlass/archive_job.h"
#include "windlass/backup.h"
#include "windlass/backup_directory.h"
#include "windlass/device.h"
#include "windlass/export.h"
#include "windlass/lease.h"
#include "windlass/library.h"
#include "windlass/log.h"
#include "windlass/offer.h"
#include "windlass/page_pool.h"
#include "windlass/plan.h"
#include "windlass/rdma.h"
#include "windlass/region.h"
#include "windlass/region_set.h"
#include "windlass/status.h"
#include "windlass/store.h"
#include "windlass/tensor.h"
#include "windlass/volume.h"

#endif
