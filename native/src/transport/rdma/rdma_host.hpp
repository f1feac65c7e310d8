// What the sessions of one address share at the volume, over verbs: see rdma_ends.hpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "transport/rdma/rdma_context.hpp"
#include "transport/rdma/rdma_ends.hpp"

namespace windlass {

class VerbsHost final : public RdmaHost, public std::enable_shared_from_this<VerbsHost> {
 public:
  explicit VerbsHost(RdmaWish wish) noexcept : wish_(std::move(wish)) {}

  std::unique_ptr<RdmaPeer> open_peer() override;

  // For its peers.
  //
  // A peer connects for the first time, and is counted; each that was says so when it has closed. Errors: why there is
  // no RDMA here.
  struct Opened {
    std::shared_ptr<RdmaDomain> domain;
    RdmaPath path;
  };
  Result<Opened> enter();
  void leave() noexcept;
  // While one is counted. Errors: of Registrar.
  Result<std::vector<RdmaPiece>> grant(uint64_t segment, const std::shared_ptr<void>& owner, std::byte* data,
                                       uint64_t bytes);
  void drop_stale() noexcept;

 private:
  struct Granted {
    std::weak_ptr<void> owner;
    std::vector<RdmaPiece> pieces;
    std::vector<std::unique_ptr<Registration>> registrations;
  };

  Status open();

  const RdmaWish wish_;
  std::mutex mutex_;  // guards what follows
  uint64_t peers_ = 0;
  RdmaPath path_;
  std::shared_ptr<RdmaDomain> domain_;  // while there are peers
  std::map<uint64_t, Granted> granted_;
};

}  // namespace windlass
