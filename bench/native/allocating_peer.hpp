// The peer: what torch_memory_saver does for each allocation, on the same memory as the emulated device.
//
// Pause: allocate host memory (unless that of the last time is kept), memcpy, give the device memory back. Resume: take
// device memory, memcpy, free the host memory (unless it is kept). One allocation after the other, in one thread.
// Pinning, which it also does and which costs more than the rest, is left out in its favour.
#pragma once

#include <cstdint>
#include <vector>

#include "host_memory.hpp"

namespace windlass::bench {

class AllocatingPeer {
 public:
  // With keep, backups are made and populated here, once; otherwise each pause allocates them, with backup_pages.
  AllocatingPeer(uint64_t bytes, uint64_t allocation_bytes, bool keep, Pages backup_pages);

  void pause();
  void resume();

 private:
  struct Allocation {
    HostMemory device;
    HostMemory backup;
    uint64_t bytes = 0;
  };

  const bool keep_;
  const Pages backup_pages_;
  std::vector<Allocation> allocations_;
};

}  // namespace windlass::bench
