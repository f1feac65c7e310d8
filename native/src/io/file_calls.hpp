// The system calls through which Windlass uses files.
//
// Each does its one call, begins anew where a signal interrupted it, and returns what the kernel returned, or the errno
// as a negative number. Tests put a subclass in its place that fails on demand.
//
// Threads: any.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>

struct io_uring_params;
struct statfs;
struct statx;

namespace windlass {

class FileCalls {
 public:
  FileCalls() = default;
  virtual ~FileCalls() = default;
  FileCalls(const FileCalls&) = delete;
  FileCalls& operator=(const FileCalls&) = delete;

  // The real ones.
  static FileCalls& system() noexcept;

  // directory is a descriptor; O_CLOEXEC is added.
  virtual int open_at(int directory, const char* name, int flags, mode_t mode) noexcept;
  virtual void close(int descriptor) noexcept;
  virtual int unlink_at(int directory, const char* name) noexcept;
  virtual int set_mode(int descriptor, mode_t mode) noexcept;
  // As windlass::open_beneath.
  virtual int open_beneath(int directory, const char* path, int flags, mode_t mode) noexcept;
  virtual int make_directory(int directory, const char* name, mode_t mode) noexcept;
  virtual int remove_directory(int directory, const char* name) noexcept;
  virtual int make_symbolic_link(const char* target, int directory, const char* name) noexcept;
  virtual int make_hard_link(int from_directory, const char* from, int directory, const char* name) noexcept;
  // Gives an open file a name: one that was opened with O_TMPFILE has none.
  virtual int name_file(int descriptor, int directory, const char* name) noexcept;
  // flags are those of renameat2.
  virtual int rename(int from_directory, const char* from, int directory, const char* name, unsigned flags) noexcept;
  // Takes an advisory lock that goes with the descriptor; -EWOULDBLOCK where somebody else has it.
  virtual int lock(int descriptor) noexcept;
  // Turns O_DIRECT on or off; -EINVAL where the file system has it not.
  virtual int set_direct(int descriptor, bool direct) noexcept;
  // Fills the basic fields, and those for direct transfers where the kernel has them.
  virtual int status(int descriptor, struct statx* out) noexcept;
  // The basic fields of what has a name in a directory; of a link, its own.
  virtual int status_at(int directory, const char* name, struct statx* out) noexcept;
  virtual int file_system(int descriptor, struct statfs* out) noexcept;
  // Takes space for the first bytes of the file, and makes it as long.
  virtual int allocate(int descriptor, uint64_t bytes) noexcept;
  virtual int truncate(int descriptor, uint64_t bytes) noexcept;
  // Lets the system begin to bring these bytes to the disk, and does not wait for it: a sync that comes later has less
  // left to do, and tells of failures. Of small parts it takes no notice, as they are better written together.
  virtual void begin_sync(int descriptor, uint64_t offset, uint64_t bytes) noexcept;
  virtual int sync_data(int descriptor) noexcept;
  virtual int sync(int descriptor) noexcept;
  // Everything on the file system that this is on.
  virtual int sync_file_system(int descriptor) noexcept;
  virtual int64_t read_at(int descriptor, void* target, uint64_t bytes, uint64_t offset) noexcept;
  virtual int64_t write_at(int descriptor, const void* source, uint64_t bytes, uint64_t offset) noexcept;

  virtual int uring_setup(uint32_t entries, io_uring_params* parameters) noexcept;
  virtual int uring_enter(int ring, uint32_t to_submit, uint32_t least_complete, uint32_t flags) noexcept;
  virtual int uring_register(int ring, uint32_t operation, const void* argument, uint32_t count) noexcept;
  // What the kernel says of a finished request, before anybody else sees it.
  virtual int64_t uring_result(int64_t result) noexcept { return result; }
};

}  // namespace windlass
