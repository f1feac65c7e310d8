// What kind of file system a file is on, and how much room it has.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/status.hpp"
#include "io/file_calls.hpp"

namespace windlass {

struct FileSystem {
  std::string_view name;   // "tmpfs", "NFS"; "a local file system" where nothing about it matters
  bool in_memory = false;  // what is written there stays in the machine's memory
  bool network = false;    // speed, locks and free space are those of another machine
  uint64_t free_bytes = 0;
};

// The file system that an open file or directory is on. path is for the message. Errors: kIo.
Result<FileSystem> file_system_of(FileCalls& calls, int descriptor, std::string_view path);

// What became of a call on a file, for people: an errno, what was tried, and on what. Errors: kNoSpace (no space, the
// quota, the largest size); kPermission; kNotFound; kNoMemory; kIo.
Status file_failure(int cause, std::string_view action, std::string_view path);

}  // namespace windlass
