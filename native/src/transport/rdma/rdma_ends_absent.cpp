// In place of all that needs verbs.h, where the library was built without it.
#include "transport/rdma/rdma_ends.hpp"

namespace windlass {

namespace {

Status built_without() {
  return Status::error(Code::kUnsupported,
                       "this library was built without RDMA: infiniband/verbs.h was not there; install libibverbs-dev "
                       "(Debian, Ubuntu) or rdma-core-devel (Fedora) and build it again");
}

}  // namespace

Result<std::unique_ptr<Transport>> open_rdma_transport(std::unique_ptr<RdmaLink> /*link*/, const RdmaWish& /*wish*/,
                                                       Deadline /*deadline*/) {
  return built_without();
}

Result<std::unique_ptr<RdmaPeer>> open_rdma_peer(const RdmaWish& /*wish*/) { return built_without(); }

Result<RdmaLimits> query_rdma_limits(const std::string& /*device*/) { return built_without(); }

}  // namespace windlass
