// Whether this machine has RDMA that can be used: in the virtual machine it has.
#pragma once

#include "transport/rdma/rdma_device.hpp"

namespace windlass::test {

inline bool rdma_is_here() { return choose_rdma_path(list_rdma_devices(), {}).ok(); }

}  // namespace windlass::test
