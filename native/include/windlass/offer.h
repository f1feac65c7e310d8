/*
 * Offers: values that stay where they are, in this process's memory, and are read from there, with no copy in between.
 * Readers get them as any other value (lease.h, plan.h).
 *
 * While memory is offered nobody changes it. wl_offer_begin_update sees to it that nobody reads it any more; then it is
 * changed, and wl_offer_publish offers it under the next version. Nothing is registered or copied for that.
 *
 * Threads: any.
 */
#ifndef WINDLASS_OFFER_H
#define WINDLASS_OFFER_H

#include "windlass/region.h"
#include "windlass/store.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef uint64_t wl_offer;

typedef int32_t wl_offer_state;
enum {
  WL_OFFER_OFFERED = 0,
  WL_OFFER_UPDATING = 1, /* nobody reads it; it may be changed */
  WL_OFFER_STALE = 2     /* its region was paused: publish it once it has been resumed, and filled again */
};

typedef struct wl_offer_options {
  uint32_t struct_size;
  uint32_t region_count;
  const wl_region* regions;      /* in which the memory lies, or some of it; they live until the offer is closed */
  const wl_put_options* publish; /* of the first publishing: conditions and removals; NULL (default): none */
  uint64_t pause_timeout_ns; /* how long the pause of a region waits for readers, before it is refused; default 5 s */
} wl_offer_options;

typedef struct wl_offer_info {
  uint32_t struct_size;
  wl_offer_state state;
  uint64_t version; /* the last that it published; 0: only shards of sets that are not complete yet */
  uint64_t values;
  uint64_t bytes;
  uint64_t published;  /* how often */
  uint64_t readers;    /* leases on it now */
  uint64_t taken_back; /* leases, by force */
} wl_offer_info;

WL_API void wl_offer_options_init(wl_offer_options* options, uint32_t struct_size);
WL_API void wl_offer_info_init(wl_offer_info* info, uint32_t struct_size);

/*
 * Offers values, all of them in one instant. The items' data is read until the offer is closed; their buffers are 0.
 * options may be NULL.
 *
 * Errors: INVALID_ARGUMENT; STALE_HANDLE; MISMATCH (a key is of another kind, or its shards of another count); CONFLICT
 * (a condition); STATE (a region that is paused); UNSUPPORTED (a region whose memory the host cannot read); NO_SPACE
 * (keys and attributes take too much); UNAVAILABLE (the volume is closed).
 */
WL_API wl_status wl_volume_offer(wl_volume volume, const wl_put_item* items, uint64_t count,
                                 const wl_offer_options* options, wl_offer* offer, wl_error* error);

/*
 * Waits until nobody reads the offer, so that its memory may be changed; new readers wait for the next version. After
 * timeout_ns: with force 1 the leases that there are, are taken back, and their readers get STATE; with 0 it is an
 * error, and all is as it was. Where an update is under way already it does nothing.
 *
 * Errors: TIMEOUT (who reads it); STATE (a region is paused; another call is under way). Blocks: for the readers. With
 * force it may take as long as a reader over TCP that stands still is given by the volume.
 */
WL_API wl_status wl_offer_begin_update(wl_offer offer, uint64_t timeout_ns, int32_t force, wl_error* error);

/*
 * Offers the memory as it is now. version, if not NULL, receives the new one. Errors: STATE (no update was begun; a
 * region is paused); MISMATCH; NO_SPACE; UNAVAILABLE.
 */
WL_API wl_status wl_offer_publish(wl_offer offer, uint64_t* version, wl_error* error);

WL_API wl_status wl_offer_get_info(wl_offer offer, wl_offer_info* info, wl_error* error);

/*
 * Takes the values away, and waits for their readers; after timeout_ns their leases are taken back. When it returns,
 * the memory is the caller's alone. Errors: STALE_HANDLE. Blocks: as wl_offer_begin_update.
 */
WL_API wl_status wl_offer_close(wl_offer offer, uint64_t timeout_ns, wl_error* error);

#ifdef __cplusplus
}
#endif

#endif
