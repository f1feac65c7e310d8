// The emulated device: host memory that behaves like a GPU's, on any machine.
//
// Addresses are reserved without pages; set_access populates them, all at once, with huge pages where the kernel has
// them; unmap really gives the pages back to the machine, so that RSS falls and touching the addresses faults. The
// device has a size, so that running out of its memory is an ordinary error.
//
// A shareable one has its pieces in shared memory, so that they can be exported, and imported by another emulated
// device, in this process or in another. Such pages are dearer to populate, and go when the last who has them lets go.
// An imported piece counts to the device that made it, and takes no room on the one that imports it.
//
// Threads: any.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>

#include "base/live_count.hpp"
#include "base/worker_pool.hpp"
#include "device/device.hpp"
#include "device/emulated/shared_pages.hpp"
#include "memory/host_pages.hpp"

namespace windlass {

struct EmulatedDeviceOptions {
  uint64_t memory_bytes = 0;    // 0: what the machine has
  uint32_t worker_threads = 0;  // 0: WorkerPool::default_thread_count()
  bool shareable = false;       // pieces can be exported and imported
};

class EmulatedDevice final : public Device {
 public:
  EmulatedDevice(uint64_t memory_bytes, uint32_t worker_threads, bool shareable) noexcept;

  // Errors: kInvalidArgument; kIo.
  static Result<std::shared_ptr<EmulatedDevice>> open(const EmulatedDeviceOptions& options);

  std::string name() const override;
  uint64_t granularity_bytes() const noexcept override { return kHugePageBytes; }
  bool host_accessible() const noexcept override { return true; }
  Result<DeviceMemory> memory() const override;
  Result<uint64_t> reserve(uint64_t bytes) override;
  Status unreserve(uint64_t address, uint64_t bytes) override;
  Result<PhysicalId> create(uint64_t bytes) override;
  Status release(PhysicalId physical) override;
  Status map(uint64_t address, uint64_t bytes, PhysicalId physical) override;
  Status unmap(uint64_t address, uint64_t bytes) override;
  Status set_access(uint64_t address, uint64_t bytes) override;
  Status drain() override { return Status(); }
  Status copy_in(uint64_t target_address, const void* source, uint64_t bytes) override;
  Status copy_out(void* target, uint64_t source_address, uint64_t bytes) override;
  Result<Hash128> copy_in_hashed(uint64_t target_address, const void* source, uint64_t bytes) override;
  Result<Hash128> copy_out_hashed(void* target, uint64_t source_address, uint64_t bytes) override;
  Result<int> export_memory(PhysicalId physical) override;
  Result<PhysicalId> import_memory(int descriptor, uint64_t bytes) override;
  Result<uint64_t> resident_bytes(uint64_t address, uint64_t bytes) const override;

 private:
  struct Piece {
    uint64_t bytes = 0;
    uint64_t mapped_at = 0;                         // 0: nowhere
    std::shared_ptr<const SharedPages> pages = {};  // of a shareable device
    bool accessible = false;                        // the pages are behind the addresses
    bool populated = false;                         // there were pages once
    bool exported = false;                          // somebody else may have put bytes into them
  };

  using MappedPieces = std::map<uint64_t, Piece*>;  // by address

  // The reserved range that holds [address, address + bytes), or null.
  HostRange* range_at_locked(uint64_t address, uint64_t bytes) const;
  // The first mapped piece that reaches into [address, address + bytes), or the end.
  MappedPieces::const_iterator first_piece_locked(uint64_t address, uint64_t bytes) const;
  // Whether [address, address + bytes) is made of whole mapped pieces.
  bool covered_locked(uint64_t address, uint64_t bytes) const;
  // What set_access does where pieces have shared pages.
  Status give_access_shared(HostRange& range, uint64_t address, uint64_t bytes);
  Status check_shareable(const char* verb) const;
  Status check_mapped(uint64_t address, uint64_t bytes) const;
  Status copy_shared(std::byte* target, const std::byte* source, uint64_t bytes);

  const LiveCount live_{Kind::kDevice};
  const uint64_t memory_bytes_;
  const bool shareable_;
  WorkerPool workers_;
  mutable std::mutex mutex_;
  std::map<uint64_t, std::unique_ptr<HostRange>> ranges_;  // by address
  std::map<PhysicalId, Piece> pieces_;
  MappedPieces mapped_;
  PhysicalId last_id_ = 0;
  uint64_t used_bytes_ = 0;
};

}  // namespace windlass
