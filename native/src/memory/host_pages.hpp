// Ranges of anonymous host memory: reserved addresses, and pages that come and go behind them.
//
// Addresses and sizes are multiples of kHugePageBytes, so that the kernel can use huge pages, which are four times
// cheaper to populate.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include "base/bytes.hpp"
#include "base/status.hpp"
#include "base/worker_pool.hpp"

namespace windlass {

inline constexpr uint64_t kHugePageBytes = 2 * kMiB;

// Owns: a range of addresses. Behind each part of it there are either pages, or nothing, and touching it faults.
class HostRange {
 public:
  // Errors: kInvalidArgument (bytes is 0 or no multiple of kHugePageBytes); kNoMemory (no address space left).
  static Result<HostRange> reserve(uint64_t bytes);

  HostRange() noexcept = default;
  ~HostRange();
  HostRange(HostRange&& other) noexcept
      : address_(std::exchange(other.address_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}
  HostRange& operator=(HostRange&& other) noexcept;
  HostRange(const HostRange&) = delete;
  HostRange& operator=(const HostRange&) = delete;

  std::byte* address() const noexcept { return address_; }
  uint64_t bytes() const noexcept { return bytes_; }

  // Leaves addresses and pages to the process for good, for memory that somebody else may still reach.
  void abandon() noexcept {
    address_ = nullptr;
    bytes_ = 0;
  }

  // Puts zeroed pages behind [offset, offset + bytes), all of them present when it returns. On an error there are none.
  // Errors: kNoMemory. Blocks: for the populating, which workers share.
  Status populate(uint64_t offset, uint64_t bytes, WorkerPool& workers);

  // Gives the pages of [offset, offset + bytes) back. Errors: kNoMemory (the kernel has no room to split the mapping).
  Status release(uint64_t offset, uint64_t bytes);

  // How much of [offset, offset + bytes) has pages behind it now. Errors: kIo.
  Result<uint64_t> resident_bytes(uint64_t offset, uint64_t bytes) const;

 private:
  HostRange(std::byte* address, uint64_t bytes) noexcept : address_(address), bytes_(bytes) {}

  std::byte* address_ = nullptr;
  uint64_t bytes_ = 0;
};

}  // namespace windlass
