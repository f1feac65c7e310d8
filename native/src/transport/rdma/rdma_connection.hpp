// A queue pair of a client's end, with what it takes to move bytes through it: slices on their way, and memory of its
// own for those that are too small to be worth registering.
//
// Threads: one at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/bytes.hpp"
#include "base/deadline.hpp"
#include "base/status.hpp"
#include "transport/rdma/queue_pair.hpp"
#include "transport/rdma/rdma_ends.hpp"
#include "transport/registrar.hpp"

namespace windlass {

// One slice: some bytes of ours, and where they are to go, or come from.
struct RdmaSlice {
  std::byte* local = nullptr;  // null: what comes is thrown away
  uint32_t local_key = 0;      // of its registration; where there is none it is copied, and has kCellBytes at most
  bool copied = false;
  bool writes = false;
  uint32_t bytes = 0;
  uint32_t remote_key = 0;
  uint64_t remote = 0;
};

class RdmaConnection {
 public:
  static constexpr uint32_t kDepth = 32;  // slices under way
  static constexpr uint32_t kCellBytes = 64 * static_cast<uint32_t>(kKiB);
  static constexpr uint32_t kSliceBytes = static_cast<uint32_t>(kMiB);

  // Connects with the volume's end. Errors: of QueuePair and RdmaLink; kCorrupt (the volume answers somebody else).
  static Result<std::unique_ptr<RdmaConnection>> open(const std::shared_ptr<RdmaDomain>& domain, const RdmaPath& path,
                                                      RdmaLink& link, Deadline deadline);

  // For open().
  RdmaConnection(std::vector<std::byte> cells, std::unique_ptr<Registration> registration,
                 std::unique_ptr<QueuePair> pair, uint64_t number) noexcept;

  // The volume's name for it.
  uint64_t number() const noexcept { return number_; }

  // Moves all, in their order. After an error it is broken: what was under way may still arrive until both ends are
  // destroyed. Errors: kUnavailable (what the device says); kTimeout; kDevice.
  Status run(std::span<const RdmaSlice> slices, Deadline deadline);

 private:
  std::byte* cell(size_t slice) noexcept { return cells_.data() + (slice % kDepth) * kCellBytes; }
  size_t chain_end(std::span<const RdmaSlice> slices, size_t first, size_t done, uint64_t bytes) const noexcept;
  Status post(std::span<const RdmaSlice> slices, size_t first, size_t end);
  Status take(const ibv_wc& completion, std::span<const RdmaSlice> slices, size_t& done, uint64_t& bytes);
  void retire(const RdmaSlice& slice, size_t index) noexcept;

  std::vector<std::byte> cells_;
  const std::unique_ptr<Registration> registration_;
  const std::unique_ptr<QueuePair> pair_;  // goes first
  const uint64_t number_;
};

}  // namespace windlass
