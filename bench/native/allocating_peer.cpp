#include "allocating_peer.hpp"

#include <algorithm>
#include <cstring>

namespace windlass::bench {

AllocatingPeer::AllocatingPeer(uint64_t bytes, uint64_t allocation_bytes, bool keep, Pages backup_pages)
    : keep_(keep), backup_pages_(backup_pages) {
  for (uint64_t offset = 0; offset < bytes; offset += allocation_bytes) {
    Allocation allocation;
    allocation.bytes = std::min(allocation_bytes, bytes - offset);
    allocation.device = HostMemory(allocation.bytes, Pages::kHuge);
    allocation.device.populate();
    fill({allocation.device.data(), allocation.bytes}, offset);
    if (keep) {
      allocation.backup = HostMemory(allocation.bytes, backup_pages);
      allocation.backup.populate();
    }
    allocations_.push_back(std::move(allocation));
  }
}

void AllocatingPeer::pause() {
  for (Allocation& allocation : allocations_) {
    if (!keep_) allocation.backup = HostMemory(allocation.bytes, backup_pages_);
    std::memcpy(allocation.backup.data(), allocation.device.data(), allocation.bytes);
    allocation.device.unmap();
  }
}

void AllocatingPeer::resume() {
  for (Allocation& allocation : allocations_) {
    allocation.device = HostMemory(allocation.bytes, Pages::kHuge);
    std::memcpy(allocation.device.data(), allocation.backup.data(), allocation.bytes);
    if (!keep_) allocation.backup.unmap();
  }
}

}  // namespace windlass::bench
