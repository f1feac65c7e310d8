// The queue's engine for Linux with io_uring: requests go to the kernel through memory shared with it, by the raw
// system calls.
#pragma once

#include <sys/uio.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "io/io_queue.hpp"

struct io_uring_cqe;
struct io_uring_params;
struct io_uring_sqe;

namespace windlass {

// Owns: a mapping of memory that the kernel shares.
class RingMemory {
 public:
  RingMemory() noexcept = default;
  ~RingMemory();
  RingMemory(const RingMemory&) = delete;
  RingMemory& operator=(const RingMemory&) = delete;

  // Returns an errno, or 0.
  int map(int ring, uint64_t bytes, uint64_t what) noexcept;

  template <typename T>
  T* at(uint32_t offset) const noexcept {
    return reinterpret_cast<T*>(address_ + offset);
  }

 private:
  std::byte* address_ = nullptr;
  uint64_t bytes_ = 0;
};

class UringQueue final : public IoQueue {
 public:
  // Errors: kUnsupported, with the reason; kNoMemory.
  static Result<std::unique_ptr<IoQueue>> open(const IoQueueOptions& options);

  explicit UringQueue(const IoQueueOptions& options);
  ~UringQueue() override;

  std::string_view name() const noexcept override { return "io_uring"; }
  void use(int descriptor, uint64_t alignment_bytes) noexcept override;
  int start(const IoRequest& request) noexcept override;
  std::optional<IoCompletion> next(bool wait) noexcept override;
  uint32_t under_way() const noexcept override { return under_way_; }
  uint32_t depth() const noexcept override { return static_cast<uint32_t>(requests_.size()); }

 private:
  int map_rings(const io_uring_params& parameters) noexcept;
  void register_buffers(const std::vector<std::span<std::byte>>& buffers);
  void register_file_slot();
  // Hands what is missing of a request to the kernel. Returns an errno, or 0.
  int submit(uint32_t index) noexcept;
  void fill(io_uring_sqe& entry, uint32_t index) const noexcept;
  // Takes a completion out of the ring, if there is one; true with its request and result.
  bool take(uint32_t& index, int64_t& result) noexcept;
  void wait_for_completion() noexcept;
  int buffer_index(const std::byte* memory, uint64_t bytes) const noexcept;

  FileCalls& calls_;
  int ring_ = -1;
  RingMemory submissions_;
  RingMemory completions_;
  RingMemory entries_;
  // Within those; the kernel writes some of them.
  uint32_t* submission_head_ = nullptr;
  uint32_t* submission_tail_ = nullptr;
  uint32_t* submission_array_ = nullptr;
  uint32_t submission_mask_ = 0;
  uint32_t* completion_head_ = nullptr;
  uint32_t* completion_tail_ = nullptr;
  const io_uring_cqe* completion_entries_ = nullptr;
  uint32_t completion_mask_ = 0;

  std::vector<struct iovec> registered_buffers_;
  bool file_slot_ = false;        // the ring has a place for a registered file
  bool file_registered_ = false;  // and it is taken
  int descriptor_ = -1;
  uint64_t alignment_bytes_ = 1;
  std::vector<IoProgress> requests_;
  std::vector<uint32_t> unused_;  // indices of requests_
  uint32_t under_way_ = 0;
};

}  // namespace windlass
