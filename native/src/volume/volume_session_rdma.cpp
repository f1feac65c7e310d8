// What a session has of RDMA: its end, opened when its client first asks for it.
#include <utility>

#include "base/text.hpp"
#include "volume/volume_core.hpp"
#include "volume/volume_session.hpp"

namespace windlass {

namespace {

Status ended_session() { return Status::error(Code::kUnavailable, "the session has ended; connect again"); }

}  // namespace

Result<RdmaEndpoint> VolumeSession::rdma_connect(const RdmaEndpoint& client) {
  const std::lock_guard lock(rdma_mutex_);
  if (rdma_ended_) return ended_session();
  if (state_->options.rdma == nullptr) {
    return Status::error(Code::kUnsupported, "the volume does without RDMA on this way; move the bytes over lanes");
  }
  if (rdma_ == nullptr) rdma_ = state_->options.rdma->open_peer();
  Result<RdmaEndpoint> connected = rdma_->connect(client);
  if (!connected.ok()) return connected.status().with_prefix("the volume");
  // From here on it writes without anybody's counting.
  const std::lock_guard core_lock(core_->mutex);
  state_->one_sided = true;
  return connected;
}

Result<std::vector<RdmaPiece>> VolumeSession::rdma_segment(uint64_t segment) {
  std::shared_ptr<SegmentFile> file;
  {
    const std::lock_guard lock(core_->mutex);
    if (Status open = core_->check_open(*state_); !open.ok()) return open;
    file = core_->slots.file_of(segment);
  }
  if (file == nullptr) {
    return Status::error(Code::kNotFound,
                         text("the volume has no segment ", segment, " any more; ask for the value anew"));
  }
  const std::lock_guard lock(rdma_mutex_);
  if (rdma_ended_) return ended_session();
  if (rdma_ == nullptr) return Status::error(Code::kState, "the client asks for a segment before it has connected");
  std::byte* const address = file->address();
  const uint64_t bytes = file->bytes();
  return rdma_->grant(segment, std::move(file), address, bytes);
}

void VolumeSession::rdma_disconnect(uint64_t connection) noexcept {
  const std::lock_guard lock(rdma_mutex_);
  if (rdma_ != nullptr) rdma_->disconnect(connection);
}

void VolumeSession::rdma_drop_stale() noexcept {
  const std::unique_lock lock(rdma_mutex_, std::try_to_lock);
  if (lock.owns_lock() && rdma_ != nullptr) rdma_->drop_stale();
}

// Once it returns, nothing of the client's arrives any more.
void VolumeSession::end_rdma() noexcept {
  const std::lock_guard lock(rdma_mutex_);
  rdma_ended_ = true;
  rdma_.reset();
}

}  // namespace windlass
