// An allocation: a range of device addresses, fixed for life, with memory behind it that comes and goes in extents.
//
// It knows of each extent whether it is there, so that a transition that fails half-way can be undone or finished.
//
// Threads: the owner serialises calls; but while one thread decommits some extents, another may read the place and size
// of any, and committed_bytes.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/status.hpp"
#include "device/device.hpp"

namespace windlass {

class Allocation {
 public:
  // One physical piece of the range.
  struct Extent {
    uint64_t offset = 0;
    uint64_t bytes = 0;
    PhysicalId physical = 0;  // 0: none
    bool mapped = false;
    bool usable = false;  // mapped, and access is set
  };

  // Reserves addresses for bytes, cut into extents of chunk_bytes, all rounded up to the granularity, with nothing
  // behind them. Errors: kInvalidArgument (bytes 0 or too large); kNoMemory.
  static Result<std::unique_ptr<Allocation>> open(std::shared_ptr<Device> device, uint64_t bytes, uint64_t chunk_bytes);
  // For open().
  Allocation(std::shared_ptr<Device> device, uint64_t address, uint64_t bytes) noexcept;
  ~Allocation();
  Allocation(const Allocation&) = delete;
  Allocation& operator=(const Allocation&) = delete;

  // Takes memory for every extent that has none. All or nothing: on an error the extents are as before. fresh, if not
  // null, receives the indices of those that were taken.
  Status commit(std::vector<size_t>* fresh);

  // Gives the memory of extents [first, last) back, those of neighbours in one step. On an error some of it is gone,
  // and commit brings back what is.
  Status decommit(size_t first, size_t last);
  Status decommit() { return decommit(0, extents_.size()); }

  Device& device() const noexcept { return *device_; }
  uint64_t address() const noexcept { return address_; }
  uint64_t bytes() const noexcept { return bytes_; }  // of address range, a multiple of the granularity
  uint64_t committed_bytes() const noexcept { return committed_bytes_; }
  const std::vector<Extent>& extents() const noexcept { return extents_; }
  // Its name in the device's table; it ends with the allocation.
  AllocationRecord& record() const noexcept { return *record_; }

 private:
  void cut(uint64_t chunk_bytes);
  Status take_missing(std::vector<size_t>& taken);
  Status create_and_map(Extent& extent);
  Status unmap_and_release(Extent& extent);
  void mark_usable(Extent& extent, bool usable) noexcept;

  std::shared_ptr<Device> device_;
  uint64_t address_;
  uint64_t bytes_;
  std::vector<Extent> extents_;
  std::atomic<uint64_t> committed_bytes_ = 0;
  std::shared_ptr<AllocationRecord> record_;
};

}  // namespace windlass
