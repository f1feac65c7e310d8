/*
 * Archives: a directory's files in one file, written and read by several threads, and checked before it is believed.
 *
 * What is written is a .tar.zst that every tar reads: independent zstd frames, and behind them, where other tools skip
 * it, an index with the checksums of each frame and each file. The same files give the same archive, byte for byte,
 * however many threads write it: entries are sorted by their paths, owners and times are left out, and of the
 * permissions only three things are kept: executable or not, private (nothing for group and others) or not. Files,
 * directories and symbolic links that stay within the tree are kept; whoever archives a device, a pipe or a socket is
 * told that it cannot be kept.
 *
 * What is read may also be a .tar.zst of another tool, or a plain .tar. All are distrusted alike: see wl_archive_load.
 *
 * Saving, loading and verifying are jobs (archive_job.h): the call that starts one returns at once, and a thread of the
 * job's does the work, with further threads as its options say.
 *
 * Threads: any.
 */
#ifndef WINDLASS_ARCHIVE_H
#define WINDLASS_ARCHIVE_H

#include "windlass/archive_job.h"
#include "windlass/status.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { WL_ARCHIVE_ROOT_BYTES = 32, WL_ARCHIVE_MOST_NOTE_BYTES = 1048576, WL_ARCHIVE_MOST_SEAL_BYTES = 65536 };

typedef struct wl_archive_save_options {
  uint32_t struct_size;
  int32_t level;        /* of zstd, -7 to 19; default 3 */
  uint32_t threads;     /* 1 to 64; 0 (default): as many as there are processors, at most 16 */
  int32_t sealable;     /* 1: each frame has a SHA-256 in the index, so that the root vouches for all; default 0 */
  uint64_t frame_bytes; /* of files in one frame, 64 KiB to 64 MiB; 0 (default): 8 MiB. Each thread has two as large */
  uint64_t limit_bytes; /* a larger archive is refused; 0 (default): no limit */
  uint64_t spare_bytes; /* what must stay free where the archive is written; default 0 */
  const void* note;     /* bytes that are kept in the index; NULL (default): none */
  uint64_t note_bytes;  /* at most WL_ARCHIVE_MOST_NOTE_BYTES */
  /* Of the loads that it is for: what such a load refuses is not saved. The defaults are those of a load. */
  uint64_t most_bytes;
  uint64_t most_entries;
  double most_ratio;
  int32_t allow_case_collisions;
  uint32_t reserved;
} wl_archive_save_options;

typedef struct wl_archive_load_options {
  uint32_t struct_size;
  uint32_t threads;              /* 1 to 64; 0 (default): as many as there are processors, at most 16 */
  uint64_t most_bytes;           /* of all files together; default 1 TiB */
  uint64_t most_entries;         /* default 1 000 000 */
  double most_ratio;             /* bytes of the files to those of the archive; default 200; see wl_archive_load */
  uint64_t spare_bytes;          /* what must stay free where the files are written; default 0 */
  const uint8_t* expected_root;  /* WL_ARCHIVE_ROOT_BYTES: nothing else is loaded; NULL (default): any */
  int32_t durable;               /* default 1: on disk before the target has its name; 0: when the system likes */
  int32_t allow_case_collisions; /* 1: "A" beside "a" is taken; default 0: refused, since one may hide the other */
  int32_t refuse_links;          /* 1: symbolic and hard links are refused; default 0: those that leave the tree */
  int32_t keep_entries;          /* 1: the job can tell its entries (wl_archive_job_list_entries); default 0 */
} wl_archive_load_options;

typedef struct wl_archive_info {
  uint32_t struct_size;
  wl_archive_format format;
  int32_t sealable;       /* 1: the root vouches for all that a load relies on */
  int32_t has_seal;       /* 1: it has a seal, which may be of 0 bytes */
  uint64_t entries;       /* 0, as the next, where there is no index */
  uint64_t raw_bytes;     /* of the files */
  uint64_t archive_bytes; /* with the seal */
  uint64_t note_bytes;
  uint64_t seal_bytes;
  uint8_t root[32]; /* zeros where there is no index */
} wl_archive_info;

WL_API void wl_archive_save_options_init(wl_archive_save_options* options, uint32_t struct_size);
WL_API void wl_archive_load_options_init(wl_archive_load_options* options, uint32_t struct_size);
WL_API void wl_archive_info_init(wl_archive_info* info, uint32_t struct_size);

/*
 * Starts to save a directory's files in an archive, which must not exist. It gets its name once it is whole and on
 * disk, readable by its owner only; should the process die before, nothing has that name. Paths are UTF-8; options may
 * be NULL for the defaults.
 *
 * Each file is looked at before and after it is read, and all are listed again at the end: where something changed
 * meanwhile, it begins anew, at most three times, and then is CONFLICT.
 *
 * Errors: INVALID_ARGUMENT; NO_MEMORY. Of the job: NOT_FOUND; STATE (the archive exists; it was cancelled); CONFLICT;
 * UNSUPPORTED (a device, pipe or socket; what a load would refuse: a link that leaves the tree, names that differ in
 * case only, more than most_bytes, most_entries or most_ratio); NO_SPACE (limit_bytes, with system_code 0; the
 * disk; spare_bytes); PERMISSION; IO; NO_MEMORY.
 */
WL_API wl_status wl_archive_save(const char* directory, const char* archive, const wl_archive_save_options* options,
                                 wl_archive_job* job, wl_error* error);

/*
 * Starts to extract an archive into a new directory. It is filled under a name of its own in the same place, checked,
 * synced, and then gets the target's name, which must not exist; where anything is wrong, nothing stays. What dead
 * processes left there of their loads is removed.
 *
 * Refused are: paths that are absolute, have "..", or parts that are empty, longer than 255 bytes or hold a NUL;
 * symbolic links that lead out of the tree, by themselves or through others; hard links to anything but a file that
 * came before; devices, pipes, sockets; what comes twice; names that differ in case only; more bytes, entries or a
 * higher ratio than the options allow; anything behind the end; and checksums, sizes or an index that do not fit.
 * The ratio counts beyond the first 64 MiB of files, and beyond 1 GiB where an index says beforehand how much there is.
 * Nothing is written through a link, and setuid, setgid, sticky and others' rights to write are not set. Times are
 * not set either.
 *
 * durable: all files, links and directories are on disk before the target has its name, and that is before the job is
 * done. File systems that can be synced as a whole are, where there are many files.
 *
 * Errors: INVALID_ARGUMENT; NO_MEMORY. Of the job: NOT_FOUND; STATE (the target exists; it was cancelled); CORRUPT (not
 * an archive, cut, changed, or one that attacks); NO_SPACE (a limit of the options, with system_code 0; the disk;
 * spare_bytes); PERMISSION (the root is not the expected one, or the archive has none that could be trusted; the
 * system); UNSUPPORTED (sparse files and the like; names that differ in case only, unless they are allowed; hard
 * links, where the target can have none); IO; NO_MEMORY.
 */
WL_API wl_status wl_archive_load(const char* archive, const char* target, const wl_archive_load_options* options,
                                 wl_archive_job* job, wl_error* error);

/* Starts to check all that a load checks, and writes nothing. Errors: as wl_archive_load. */
WL_API wl_status wl_archive_verify(const char* archive, const wl_archive_load_options* options, wl_archive_job* job,
                                   wl_error* error);

/*
 * Reads and checks an archive's index; of one without, only the first bytes. note and seal, where not NULL, receive
 * the bytes, of which there must be room for all: ask for the sizes first.
 *
 * Errors: INVALID_ARGUMENT (too little room); NOT_FOUND; PERMISSION; CORRUPT; IO. Blocks.
 */
WL_API wl_status wl_archive_inspect(const char* archive, wl_archive_info* info, void* note, uint64_t note_capacity,
                                    void* seal, uint64_t seal_capacity, wl_error* error);

/*
 * Adds a seal to an archive with an index and without a seal, which nobody else writes to meanwhile: bytes that vouch
 * for its root, such as a signature. They are kept behind the index, and not looked at here. It is on disk afterwards.
 *
 * Errors: INVALID_ARGUMENT (more than WL_ARCHIVE_MOST_SEAL_BYTES); NOT_FOUND; STATE (it has one; it has no index);
 * CORRUPT; PERMISSION; NO_SPACE; IO. Blocks.
 */
WL_API wl_status wl_archive_append_seal(const char* archive, const void* seal, uint64_t seal_bytes, wl_error* error);

/*
 * Puts what is at staged where place is, in one instant, both being in one directory or at least one file system. What
 * was at place is at staged afterwards, and exchanged is 1; where nothing was, it is 0. The directories are synced.
 * File systems that cannot exchange are given two renames, between which nothing is at place for a moment.
 *
 * Errors: INVALID_ARGUMENT; NOT_FOUND; PERMISSION; NO_SPACE; IO; CONFLICT (what is at place came or went meanwhile, and
 * again). Blocks.
 */
WL_API wl_status wl_archive_exchange(const char* staged, const char* place, int32_t* exchanged, wl_error* error);

#ifdef __cplusplus
}
#endif

#endif
