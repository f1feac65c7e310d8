#include "device/host_pinner.hpp"

namespace windlass {

Status HostPinner::pin(void* address, uint64_t bytes) { return device_->pin_host(address, bytes); }

Status HostPinner::unpin(void* address, uint64_t bytes) { return device_->unpin_host(address, bytes); }

}  // namespace windlass
