// What a CUDA device has reserved, created and mapped.
//
// The driver does not tell what is mapped where, and its checks differ from version to version, so every call is
// checked here first. A call that changes something is begun, which claims what it is about, then made without any
// lock, then ended, which says whether it was done. Meanwhile other calls on the same things are refused.
//
// Threads: any.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "base/status.hpp"
#include "device/cuda/cuda_api.hpp"
#include "device/device.hpp"

namespace windlass {

class CudaExtents {
 public:
  // Neighbouring pieces without access; fresh ones have never been zeroed.
  struct Run {
    uint64_t address = 0;
    uint64_t bytes = 0;
    bool fresh = false;
  };

  using Ranges = std::map<uint64_t, uint64_t>;  // bytes by address

  // What is there still, for whoever ends it all.
  struct Leftovers {
    std::vector<Run> mapped;
    std::vector<cuda::MemoryHandle> handles;
    std::vector<Run> ranges;
  };

  // owner is what messages call the device.
  CudaExtents(std::string owner, uint64_t granularity_bytes) noexcept
      : owner_(std::move(owner)), granularity_bytes_(granularity_bytes) {}
  CudaExtents(const CudaExtents&) = delete;
  CudaExtents& operator=(const CudaExtents&) = delete;

  // All errors are kInvalidArgument, with the reason.
  Status check_size(const char* verb, uint64_t bytes) const;

  void add_range(uint64_t address, uint64_t bytes);
  // Takes a range out, before the driver is told: as soon as it is free there, it may be somebody else's new one.
  Result<Ranges::node_type> begin_unreserve(uint64_t address, uint64_t bytes);
  // Puts it back, unless it is gone.
  void end_unreserve(Ranges::node_type range, bool gone) noexcept;

  // fresh: nothing has been written to it, so that it must be zeroed before it is used.
  PhysicalId add_piece(cuda::MemoryHandle handle, uint64_t bytes, bool fresh);
  Result<cuda::MemoryHandle> begin_release(PhysicalId physical);
  void end_release(PhysicalId physical, bool gone) noexcept;

  // For a call that only reads the piece; ended with end_use.
  Result<cuda::MemoryHandle> begin_use(PhysicalId physical);
  void end_use(PhysicalId physical) noexcept;

  Result<cuda::MemoryHandle> begin_map(uint64_t address, uint64_t bytes, PhysicalId physical);
  void end_map(uint64_t address, bool mapped) noexcept;
  Status begin_unmap(uint64_t address, uint64_t bytes);
  void end_unmap(uint64_t address, uint64_t bytes, bool gone) noexcept;

  // The runs of the range that have no access yet.
  Result<std::vector<Run>> begin_access(uint64_t address, uint64_t bytes);
  void end_access(uint64_t address, uint64_t bytes, bool usable) noexcept;

  // A copy may begin and end within pieces, and any number of them may be at work on one.
  Status begin_copy(uint64_t address, uint64_t bytes);
  void end_copy(uint64_t address, uint64_t bytes) noexcept;

  // How much of a reserved range is mapped.
  Result<uint64_t> mapped_bytes(uint64_t address, uint64_t bytes) const;

  // In all pieces.
  uint64_t used_bytes() const;

  // Forgets everything.
  Leftovers take_all();

 private:
  struct Piece {
    cuda::MemoryHandle handle = 0;
    uint64_t bytes = 0;
    uint64_t mapped_at = 0;  // 0: nowhere
    uint32_t users = 0;      // copies and exports at work on it
    bool busy = false;       // a call that changes it is at work
    bool usable = false;     // has access
    bool fresh = false;
  };
  using MappedPieces = std::map<uint64_t, Piece*>;  // by address

  Status refused(const char* verb, uint64_t address, uint64_t bytes, const char* why) const;
  Status refused_piece(PhysicalId physical, const char* why) const;
  bool reserved_locked(uint64_t address, uint64_t bytes) const;
  // The first mapped piece that reaches into [address, address + bytes), or the end.
  MappedPieces::const_iterator first_piece_locked(uint64_t address, uint64_t bytes) const;
  // Whether the range is made of whole mapped pieces that no call is at work on.
  Status check_whole_locked(const char* verb, uint64_t address, uint64_t bytes) const;
  Result<Piece*> idle_piece_locked(PhysicalId physical);

  const std::string owner_;
  const uint64_t granularity_bytes_;
  mutable std::mutex mutex_;
  Ranges ranges_;
  std::map<PhysicalId, Piece> pieces_;
  MappedPieces mapped_;
  PhysicalId last_id_ = 0;
  uint64_t used_bytes_ = 0;
};

}  // namespace windlass
