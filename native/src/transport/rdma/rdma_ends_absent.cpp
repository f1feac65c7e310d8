// In place of all that needs verbs.h, where the library was built without it.
#include "transport/rdma/rdma_ends.hpp"

namespace windlass {

namespace {

Status built_without() {
  return Status::error(Code::kUnsupported,
                       "this library was built without RDMA: infiniband/verbs.h was not there; install libibverbs-dev "
                       "(Debian, Ubuntu) or rdma-core-devel (Fedora) and build it again");
}

class AbsentPeer final : public RdmaPeer {
 public:
  Result<RdmaEndpoint> connect(const RdmaEndpoint& /*client*/) override { return built_without(); }
  void disconnect(uint64_t /*connection*/) noexcept override {}
  Result<std::vector<RdmaPiece>> grant(uint64_t /*segment*/, const std::shared_ptr<void>& /*owner*/,
                                       std::byte* /*data*/, uint64_t /*bytes*/) override {
    return built_without();
  }
  void drop_stale() noexcept override {}
  void close() noexcept override {}
};

class AbsentHost final : public RdmaHost {
 public:
  std::unique_ptr<RdmaPeer> open_peer() override { return std::make_unique<AbsentPeer>(); }
};

}  // namespace

Result<std::shared_ptr<RdmaClient>> open_rdma_client(const RdmaWish& /*wish*/) { return built_without(); }

std::shared_ptr<RdmaHost> open_rdma_host(const RdmaWish& /*wish*/) { return std::make_shared<AbsentHost>(); }

Result<RdmaLimits> query_rdma_limits(const std::string& /*device*/) { return built_without(); }

}  // namespace windlass
