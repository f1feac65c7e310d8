// A session's end at the volume, over verbs: see rdma_ends.hpp.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "transport/rdma/queue_pair.hpp"
#include "transport/rdma/rdma_ends.hpp"
#include "transport/rdma/rdma_host.hpp"

namespace windlass {

class VerbsPeer final : public RdmaPeer {
 public:
  explicit VerbsPeer(std::shared_ptr<VerbsHost> host) noexcept : host_(std::move(host)) {}
  ~VerbsPeer() override;

  Result<RdmaEndpoint> connect(const RdmaEndpoint& client) override;
  void disconnect(uint64_t connection) noexcept override;
  Result<std::vector<RdmaPiece>> grant(uint64_t segment, const std::shared_ptr<void>& owner, std::byte* data,
                                       uint64_t bytes) override;
  void drop_stale() noexcept override { host_->drop_stale(); }
  void close() noexcept override;

 private:
  Status enter();

  const std::shared_ptr<VerbsHost> host_;
  std::mutex mutex_;  // guards what follows
  bool closed_ = false;
  std::optional<VerbsHost::Opened> opened_;  // once it has been asked for something
  std::map<uint64_t, std::unique_ptr<QueuePair>> pairs_;
  uint64_t last_connection_ = 0;
};

}  // namespace windlass
