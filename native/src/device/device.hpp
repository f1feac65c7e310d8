// A device: memory that is had in physical pieces, put behind reserved addresses, and given back.
//
// The order of use is reserve, create, map, set_access, (use), drain, unmap, release, unreserve. Content lives as long
// as the piece is mapped: after unmap it is undefined. Every address and size is a multiple of the granularity, copies
// excepted.
//
// Contract for implementations, which tests-native/contract holds them to: a call that fails changes nothing; unmapped
// addresses fault (or fail) when touched; calls on different ranges may run at once.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>

#include "base/status.hpp"
#include "base/worker_pool.hpp"
#include "codec/chunk_workers.hpp"
#include "device/allocation_table.hpp"
#include "memory/copy.hpp"

namespace windlass {

// Names a piece of physical memory made by create(); never 0.
using PhysicalId = uint64_t;

struct DeviceMemory {
  uint64_t total_bytes = 0;
  uint64_t free_bytes = 0;  // what create() could give now
  uint64_t used_bytes = 0;  // in pieces of this device
};

class Device {
 public:
  Device() = default;
  virtual ~Device() = default;
  Device(const Device&) = delete;
  Device& operator=(const Device&) = delete;

  virtual std::string name() const = 0;
  virtual uint64_t granularity_bytes() const noexcept = 0;

  // Whether the host may read and write mapped addresses through plain pointers.
  virtual bool host_accessible() const noexcept = 0;

  // Errors: kDevice; kIo.
  virtual Result<DeviceMemory> memory() const = 0;

  // Takes addresses, with nothing behind them. Errors: kNoMemory (address space).
  virtual Result<uint64_t> reserve(uint64_t bytes) = 0;
  virtual Status unreserve(uint64_t address, uint64_t bytes) = 0;

  // Takes physical memory. Errors: kNoMemory.
  virtual Result<PhysicalId> create(uint64_t bytes) = 0;
  virtual Status release(PhysicalId physical) = 0;

  // Puts a whole piece behind the addresses; they cannot be used until set_access.
  virtual Status map(uint64_t address, uint64_t bytes, PhysicalId physical) = 0;

  // Takes the pieces away from the addresses, which must be whole mapped pieces.
  virtual Status unmap(uint64_t address, uint64_t bytes) = 0;

  // Makes mapped addresses usable; fresh memory reads as zero. One call may span many pieces. Errors: kNoMemory.
  virtual Status set_access(uint64_t address, uint64_t bytes) = 0;

  // Waits until the device has finished all work on its memory.
  virtual Status drain() = 0;

  // Both are done when they return. Errors: kInvalidArgument (not mapped); kDevice.
  virtual Status copy_in(uint64_t target_address, const void* source, uint64_t bytes) = 0;
  virtual Status copy_out(void* target, uint64_t source_address, uint64_t bytes) = 0;

  // The same, with the hash of the bytes, which costs little where the host can reach the memory.
  virtual Result<Hash128> copy_in_hashed(uint64_t target_address, const void* source, uint64_t bytes);
  virtual Result<Hash128> copy_out_hashed(void* target, uint64_t source_address, uint64_t bytes);

  // Readies host memory for the fastest copies this device has (a GPU's driver pins it), until it is unpinned; takes
  // long. Where nothing is gained, nothing is done. Errors: kNoMemory; kPermission; kDevice.
  virtual Status pin_host(void* address, uint64_t bytes);
  virtual Status unpin_host(void* address, uint64_t bytes);

  // A file descriptor through which the piece can be mapped by somebody else, who keeps its memory until he lets go.
  // Owns: the caller closes it. Errors: kUnsupported; kDevice.
  virtual Result<int> export_memory(PhysicalId physical);
  // The piece behind such a descriptor, which stays the caller's; release() lets go of it. Errors: as export_memory.
  virtual Result<PhysicalId> import_memory(int descriptor, uint64_t bytes);

  // A file descriptor (a dma-buf) by which another device of the machine reaches mapped addresses, which begin and end
  // with whole pages. Owns: the caller closes it. Errors: kUnsupported (see gives_dmabuf); kInvalidArgument (not
  // mapped); kDevice.
  virtual Result<int> export_dmabuf(uint64_t address, uint64_t bytes);
  // Whether it has such descriptors at all. Errors: kUnsupported (why not).
  virtual Status gives_dmabuf() const;

  // How much of the range has memory behind it now, as the machine counts it. Errors: kIo; kDevice.
  virtual Result<uint64_t> resident_bytes(uint64_t address, uint64_t bytes) const = 0;

  // What is allocated on this device.
  AllocationTable& allocations() noexcept { return allocations_; }

  // Threads for whoever works on this device's memory, so that a thousand regions need no thousand pools; made when
  // first asked for. The device itself copies with threads of its own.
  std::shared_ptr<WorkerPool> helpers();
  // The same for those who compress.
  std::shared_ptr<ChunkWorkers> chunk_workers();
  // Two threads, for a copy and what may happen meanwhile.
  WorkerPool& pair() noexcept { return pair_; }

 private:
  AllocationTable allocations_;
  std::mutex helpers_mutex_;  // guards the two that follow
  std::shared_ptr<WorkerPool> helpers_;
  std::shared_ptr<ChunkWorkers> chunk_workers_;
  WorkerPool pair_{2};
};

}  // namespace windlass
