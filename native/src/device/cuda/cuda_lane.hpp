// One direction of copying between host and GPU: a stream of its own, and a ring of pinned slots.
//
// Host memory that is registered is copied by the GPU straight from or to where it is. Other memory passes through the
// slots: while the GPU copies one, the processor copies the next, so that it is nearly as fast.
//
// Threads: any. Copies of several threads share the stream and the slots; enqueuing takes a short lock, waiting takes
// none. The caller of every function has a CudaContext::Scope.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "base/bytes.hpp"
#include "base/status.hpp"
#include "base/worker_pool.hpp"
#include "device/cuda/cuda_context.hpp"
#include "device/cuda/cuda_pinned.hpp"
#include "memory/copy.hpp"
#include "memory/host_pages.hpp"

namespace windlass {

struct CudaStagingOptions {
  uint64_t slot_bytes = 16 * kMiB;  // rounded up to 4 KiB
  uint32_t slots = 4;               // in each direction
};

class CudaLane {
 public:
  enum class Direction { kIn, kOut };  // to the GPU, from it

  // Takes and registers the slots. Errors: kInvalidArgument; kNoMemory; kDevice.
  static Result<std::unique_ptr<CudaLane>> open(CudaContext& context, const CudaPinned& pinned, WorkerPool& workers,
                                                Direction direction, const CudaStagingOptions& options);
  // For open().
  CudaLane(CudaContext& context, const CudaPinned& pinned, WorkerPool& workers, Direction direction,
           uint64_t slot_bytes) noexcept;
  ~CudaLane();
  CudaLane(const CudaLane&) = delete;
  CudaLane& operator=(const CudaLane&) = delete;

  // All of these are done when they return, also when they fail: then nothing is on its way any more.
  // Errors: kDevice; kNoMemory.
  Status copy(uint64_t device_address, uint64_t host_address, uint64_t bytes);
  Result<Hash128> copy_hashed(uint64_t device_address, uint64_t host_address, uint64_t bytes);
  Status zero(uint64_t device_address, uint64_t bytes);

 private:
  struct Slot {
    uint64_t address = 0;
    cuda::Event event = nullptr;
  };
  // A part of a copy that is on its way through a slot.
  struct Flight {
    Slot* slot = nullptr;
    uint64_t host_address = 0;
    uint64_t bytes = 0;
  };
  class Lease;

  Status start(uint32_t slots);
  Result<cuda::Event> make_event();

  Status copy_registered(uint64_t device_address, uint64_t host_address, uint64_t bytes);
  Status copy_staged(uint64_t device_address, uint64_t host_address, uint64_t bytes);
  Status depart(const Flight& flight, uint64_t device_address) noexcept;
  Status arrive(const Flight& flight) noexcept;
  Status copy_with_workers(uint64_t target, uint64_t source, uint64_t bytes) noexcept;

  Status enqueue(uint64_t device_address, uint64_t host_address, uint64_t bytes, cuda::Event event) noexcept;
  Status wait(cuda::Event event) noexcept;
  void settle() noexcept;

  // A free slot. While others wait for one, may_wait false gives none, so that nobody is kept out.
  Slot* take_slot(bool may_wait);
  void give_slot(Slot* slot) noexcept;
  Result<cuda::Event> take_event();
  void give_event(cuda::Event event) noexcept;

  CudaContext& context_;
  const CudaPinned& pinned_;
  WorkerPool& workers_;
  const Direction direction_;
  const uint64_t slot_bytes_;
  HostRange memory_;
  bool registered_ = false;
  cuda::Stream stream_ = nullptr;
  std::vector<Slot> slots_;
  std::mutex enqueue_mutex_;
  std::mutex mutex_;  // guards what follows
  std::condition_variable slot_freed_;
  uint32_t waiting_ = 0;
  std::vector<Slot*> free_slots_;
  std::vector<cuda::Event> free_events_;
  std::vector<cuda::Event> events_;  // all that copies without a slot have made
  size_t promised_events_ = 0;       // those, and those that are being made
};

}  // namespace windlass
