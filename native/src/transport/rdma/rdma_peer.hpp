// A session's end at the volume, over verbs: see rdma_ends.hpp.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "transport/rdma/queue_pair.hpp"
#include "transport/rdma/rdma_ends.hpp"

namespace windlass {

class VerbsPeer final : public RdmaPeer {
 public:
  explicit VerbsPeer(RdmaPath path) noexcept : path_(std::move(path)) {}
  ~VerbsPeer() override;

  Result<RdmaEndpoint> connect(const RdmaEndpoint& client) override;
  void disconnect(uint64_t connection) noexcept override;
  Result<std::vector<RdmaPiece>> grant(uint64_t segment, const std::shared_ptr<void>& owner, std::byte* data,
                                       uint64_t bytes) override;
  void drop_stale() noexcept override;
  void close() noexcept override;

 private:
  struct Granted {
    std::weak_ptr<void> owner;
    std::vector<RdmaPiece> pieces;
    std::vector<std::unique_ptr<Registration>> registrations;
  };

  Status open_domain();

  const RdmaPath path_;
  std::mutex mutex_;  // guards what follows
  bool closed_ = false;
  std::shared_ptr<RdmaDomain> domain_;  // once a client has connected
  std::map<uint64_t, Granted> granted_;
  std::map<uint64_t, std::unique_ptr<QueuePair>> pairs_;
  uint64_t last_connection_ = 0;
};

}  // namespace windlass
