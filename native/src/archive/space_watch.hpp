// Looks every few MiB whether the file system that is written to still has what must stay free.
//
// Threads: any.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <utility>

#include "base/status.hpp"
#include "io/file_calls.hpp"

namespace windlass {

class SpaceWatch {
 public:
  // descriptor is one on the file system, and stays open.
  SpaceWatch(FileCalls& calls, int descriptor, std::string path, uint64_t spare_bytes) noexcept
      : calls_(calls), descriptor_(descriptor), path_(std::move(path)), spare_bytes_(spare_bytes) {}

  // So many bytes have been written. Errors: kNoSpace; kIo.
  Status wrote(uint64_t bytes);

  // Whether so many could be written now. Errors: kNoSpace; kIo.
  Status check(uint64_t bytes) const;

 private:
  FileCalls& calls_;
  const int descriptor_;
  const std::string path_;
  const uint64_t spare_bytes_;
  std::atomic<uint64_t> unseen_bytes_{0};
};

}  // namespace windlass
