/*
 * Statuses and errors: how every call says what became of it.
 *
 * A call returns a status. Where the caller wants the detail, it passes a wl_error of its own, which the call fills on
 * failure. Nothing here allocates, and nothing is kept per thread, so a caller that moves between threads loses
 * nothing.
 */
#ifndef WINDLASS_STATUS_H
#define WINDLASS_STATUS_H

#include <stddef.h>
#include <stdint.h>

#define WL_API __attribute__((visibility("default")))

#ifdef __cplusplus
extern "C" {
#endif

typedef int32_t wl_status;
enum {
  /* The call did what it says. */
  WL_STATUS_OK = 0,
  /* An argument is outside what the call takes: correct the call. */
  WL_STATUS_INVALID_ARGUMENT = 1,
  /* The handle was closed, or never was one: open the object again. */
  WL_STATUS_STALE_HANDLE = 2,
  /* The handle names an object of another kind: pass the right one. */
  WL_STATUS_WRONG_KIND = 3,
  /* The object is not in a state in which this can be done: bring it there first. */
  WL_STATUS_STATE = 4,
  /* The machine or the device has not enough memory: free some, ask for less, or try again later. */
  WL_STATUS_NO_MEMORY = 5,
  /* A limit that was set is reached (a pool, a disk): raise it or free some of what it holds. */
  WL_STATUS_NO_SPACE = 6,
  /* What was named does not exist. */
  WL_STATUS_NOT_FOUND = 7,
  /* This build, machine or object cannot do that, now or later. */
  WL_STATUS_UNSUPPORTED = 8,
  /* Caller and library are of ABI versions that do not fit: install matching ones. */
  WL_STATUS_VERSION = 9,
  /* The operating system forbids it: the message names the permission or limit. */
  WL_STATUS_PERMISSION = 10,
  /* Bytes read back are not the bytes that were written: what they were read from cannot be trusted. */
  WL_STATUS_CORRUPT = 11,
  /* Reading or writing failed below us: system_code has the reason. */
  WL_STATUS_IO = 12,
  /* The device or its driver refused: system_code has its code. */
  WL_STATUS_DEVICE = 13,
  /* What was waited for did not come within the time given. */
  WL_STATUS_TIMEOUT = 14,
  /* A shared library could not be found, verified or loaded. */
  WL_STATUS_LIBRARY = 15,
  /* A fault in Windlass itself: please report it with the message. */
  WL_STATUS_INTERNAL = 16,
  /* What is there has changed since it was looked at: look again. */
  WL_STATUS_CONFLICT = 17,
  /* Whoever should answer cannot be reached, or went away: see that it runs, then try again. */
  WL_STATUS_UNAVAILABLE = 18,
  /* What is there is of another kind, type or shape than was asked for: ask for what it is. */
  WL_STATUS_MISMATCH = 19,
  /* Parts of what was named are not there yet: put them, or wait for whoever does. */
  WL_STATUS_INCOMPLETE = 20
};

/* Caller-owned; nothing to free. May be NULL where the detail is not wanted. Written only when a call fails. */
typedef struct wl_error {
  wl_status status;
  int32_t system_code; /* errno or driver code, 0 if none */
  char message[248];   /* UTF-8, always NUL-terminated; names the object and the way out */
} wl_error;

/* The status's name, such as "NO_MEMORY"; "UNKNOWN" for a number that is no status. Static; never NULL. */
WL_API const char* wl_status_name(wl_status status);

/* What the status means and what to do about it, in a sentence. Static; never NULL. */
WL_API const char* wl_status_meaning(wl_status status);

#ifdef __cplusplus
}
#endif

#endif
