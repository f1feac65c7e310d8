// Host memory that is registered with the driver, so that the GPU's copy engines reach it.
//
// A pin is one call's range, registered in chunks. Memory that somebody else has registered already is left to him. A
// range that is pinned again is counted, and unregistered with the last unpin.
//
// Threads: any. Registering happens outside the lock; a range must not be pinned and unpinned at once.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <vector>

#include "base/bytes.hpp"
#include "base/status.hpp"
#include "device/cuda/cuda_context.hpp"

namespace windlass {

// Registering blocks the driver for as long as it takes, and one call for all of a large memory takes seconds.
inline constexpr uint64_t kPinChunkBytes = 64 * kGiB;

class CudaPinned {
 public:
  explicit CudaPinned(CudaContext& context, uint64_t chunk_bytes = kPinChunkBytes) noexcept
      : context_(context), chunk_bytes_(chunk_bytes) {}
  ~CudaPinned();
  CudaPinned(const CudaPinned&) = delete;
  CudaPinned& operator=(const CudaPinned&) = delete;

  // All or nothing. Errors: kInvalidArgument; kNoMemory; kPermission; kDevice.
  Status pin(uint64_t address, uint64_t bytes);
  Status unpin(uint64_t address, uint64_t bytes);

  // How many bytes from address on, up to bytes, lie in one registration; 0 if the first does not. One copy must not
  // leave a registration. The caller has a Scope.
  uint64_t registered_bytes(uint64_t address, uint64_t bytes) const;

 private:
  struct Chunk {
    uint64_t address = 0;
    uint64_t bytes = 0;
    bool ours = false;
  };
  struct Pin {
    uint64_t bytes = 0;
    uint64_t count = 0;
    std::vector<Chunk> chunks;
  };

  Result<std::vector<Chunk>> register_chunks(uint64_t address, uint64_t bytes);
  void unregister(const std::vector<Chunk>& chunks) noexcept;
  // The same as registered_bytes, asking the driver.
  uint64_t foreign_bytes(uint64_t address, uint64_t bytes) const noexcept;

  CudaContext& context_;
  const uint64_t chunk_bytes_;
  mutable std::mutex mutex_;
  std::map<uint64_t, Pin> pins_;       // by address
  std::map<uint64_t, uint64_t> ours_;  // registered by us: address and size
};

}  // namespace windlass
