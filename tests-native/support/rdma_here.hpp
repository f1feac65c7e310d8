// Whether this machine has RDMA that can be used: in the virtual machine it has.
#pragma once

#include "transport/rdma/rdma_device.hpp"

namespace windlass::test {

// Looked at once.
inline bool rdma_is_here() {
  static const bool is_here = find_rdma_path({}).ok();
  return is_here;
}

}  // namespace windlass::test
