#include "transport/rdma/rdma_peer.hpp"

#include <utility>

#include "base/text.hpp"

namespace windlass {

namespace {

constexpr size_t kMostPairs = 64;

Status closed_peer() { return Status::error(Code::kState, "the session has ended, and its RDMA with it"); }

}  // namespace

VerbsPeer::~VerbsPeer() { close(); }

// With the lock held.
Status VerbsPeer::enter() {
  if (closed_) return closed_peer();
  if (opened_.has_value()) return Status();
  Result<VerbsHost::Opened> opened = host_->enter();
  if (!opened.ok()) return opened.status();
  opened_ = *std::move(opened);
  return Status();
}

Result<RdmaEndpoint> VerbsPeer::connect(const RdmaEndpoint& client) {
  if (client.version != kRdmaVersion) {
    return Status::error(Code::kVersion, text("the client's RDMA is of version ", client.version,
                                              ", and the volume's of ", kRdmaVersion, "; update the older of the two"));
  }
  const std::lock_guard lock(mutex_);
  if (Status ready = enter(); !ready.ok()) return ready;
  opened_->domain->context().take_events();
  if (pairs_.size() >= kMostPairs) {
    return Status::error(Code::kNoSpace, text("the session has ", pairs_.size(), " queue pairs already"));
  }
  QueuePairOptions options;
  options.path = opened_->path;
  options.answers = true;
  Result<std::unique_ptr<QueuePair>> pair = QueuePair::open(opened_->domain, options);
  if (!pair.ok()) return pair.status();
  if (Status connected = (*pair)->connect(client); !connected.ok()) return connected;
  RdmaEndpoint mine = (*pair)->endpoint();
  mine.nonce = client.nonce;
  mine.connection = last_connection_ + 1;
  pairs_.emplace(++last_connection_, *std::move(pair));
  return mine;
}

void VerbsPeer::disconnect(uint64_t connection) noexcept {
  const std::lock_guard lock(mutex_);
  pairs_.erase(connection);
}

Result<std::vector<RdmaPiece>> VerbsPeer::grant(uint64_t segment, const std::shared_ptr<void>& owner, std::byte* data,
                                                uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  if (Status ready = enter(); !ready.ok()) return ready;
  return host_->grant(segment, owner, data, bytes);
}

void VerbsPeer::close() noexcept {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  pairs_.clear();
  if (!opened_.has_value()) return;
  opened_.reset();
  host_->leave();
}

}  // namespace windlass
