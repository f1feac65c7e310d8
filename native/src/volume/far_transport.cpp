#include "volume/far_transport.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/text.hpp"
#include "volume/rdma_messages.hpp"
#include "volume/replies.hpp"

namespace windlass {

namespace {

// Asks over the connection of one session, and never over the next.
class ChannelLink final : public RdmaLink {
 public:
  ChannelLink(VolumeClient& client, uint64_t connection) noexcept : client_(client), connection_(connection) {}

  Result<RdmaEndpoint> connect(const RdmaEndpoint& mine, Deadline deadline) override {
    Result<ChannelReply> reply = client_.ask_same(connection_, Message::kRdmaConnect, deadline,
                                                  [&](Encoder& out) { encode_rdma_endpoint(mine, out); });
    if (!reply.ok()) return reply.status();
    return decode_rdma_connected(reply->payload);
  }

  Result<std::vector<RdmaPiece>> segment(uint64_t segment, Deadline deadline) override {
    Result<ChannelReply> reply = client_.ask_same(connection_, Message::kRdmaSegment, deadline,
                                                  [&](Encoder& out) { encode_rdma_number(segment, out); });
    if (!reply.ok()) return reply.status();
    return decode_rdma_pieces(reply->payload);
  }

  Status disconnect(uint64_t connection, Deadline deadline) override {
    Result<ChannelReply> reply = client_.ask_same(connection_, Message::kRdmaDisconnect, deadline,
                                                  [&](Encoder& out) { encode_rdma_number(connection, out); });
    if (!reply.ok()) return reply.status();
    return decode_done(reply->payload);
  }

 private:
  VolumeClient& client_;
  const uint64_t connection_;
};

}  // namespace

void RdmaInUse::renew(const ControlChannel& channel) {
  grants_->begin(channel.number());
  std::shared_ptr<Transport> old;  // goes without the lock, and once those who move over it have ended
  const std::lock_guard lock(mutex_);
  connection_ = channel.number();
  old.swap(transport_);
}

Result<std::shared_ptr<RdmaClient>> RdmaInUse::end() {
  {
    const std::lock_guard lock(mutex_);
    if (end_ != nullptr) return end_;
  }
  Result<std::shared_ptr<RdmaClient>> opened = open_rdma_client(wish_);
  const std::lock_guard lock(mutex_);
  if (opened.ok()) end_ = *opened;
  return opened;
}

Result<RdmaInUse::Current> RdmaInUse::current(Deadline deadline) {
  const auto there = [this] {
    const std::lock_guard lock(mutex_);
    return Current{transport_, connection_};
  };
  if (Current found = there(); found.transport != nullptr) return found;
  const std::lock_guard opening(opening_);
  Current found = there();
  if (found.transport != nullptr) return found;
  Result<std::shared_ptr<RdmaClient>> from = end();
  if (!from.ok()) return from.status();
  Result<std::unique_ptr<Transport>> opened =
      (*from)->open_transport(std::make_unique<ChannelLink>(*client_, found.connection), deadline);
  const std::lock_guard lock(mutex_);
  // A device that has failed is opened anew the next time.
  if (opened.status().code() == Code::kDevice) end_ = nullptr;
  if (!opened.ok()) return opened.status();
  found.transport = *std::move(opened);
  if (connection_ == found.connection) transport_ = found.transport;
  return found;
}

RegistrationStatistics RdmaInUse::registrations() const {
  const std::lock_guard lock(mutex_);
  return end_ == nullptr ? RegistrationStatistics() : end_->statistics();
}

template <typename Move>
Status FarTransport::check(uint64_t connection, std::span<const Move> moves) const {
  for (const Move& move : moves) {
    if (move.remote.bytes == 0) continue;
    if (Status granted = rdma_->grants().check(connection, move.remote); !granted.ok()) return granted;
  }
  return Status();
}

Status FarTransport::write(std::span<const WriteMove> moves, Deadline deadline) {
  Result<RdmaInUse::Current> current = rdma_->current(deadline);
  if (!current.ok()) return current.status();
  if (Status granted = check(current->connection, moves); !granted.ok()) return granted;
  return current->transport->write(moves, deadline);
}

Status FarTransport::read(std::span<const ReadMove> moves, Deadline deadline) {
  const auto is_offered = [](const ReadMove& move) { return move.remote.offered(); };
  const auto count = static_cast<size_t>(std::count_if(moves.begin(), moves.end(), is_offered));
  if (count == 0) return read_own(moves, deadline);
  if (count == moves.size()) return over_lanes_.read(moves, deadline);
  std::vector<ReadMove> sorted(moves.begin(), moves.end());
  std::stable_partition(sorted.begin(), sorted.end(), is_offered);
  if (Status done = over_lanes_.read(std::span(sorted).first(count), deadline); !done.ok()) return done;
  return read_own(std::span(sorted).subspan(count), deadline);
}

Status FarTransport::read_own(std::span<const ReadMove> moves, Deadline deadline) {
  Result<RdmaInUse::Current> current = rdma_->current(deadline);
  if (!current.ok()) return current.status();
  if (Status granted = check(current->connection, moves); !granted.ok()) return granted;
  return current->transport->read(moves, deadline);
}

Result<std::unique_ptr<SlotMapping>> FarTransport::map(const RemoteRange& /*range*/, MapFor /*purpose*/,
                                                       bool /*populate*/, Deadline /*deadline*/) {
  return Status::error(
      Code::kUnsupported,
      "nothing can be mapped over RDMA; read it into memory, or connect over shm:// on the same machine");
}

Result<std::unique_ptr<LentMemory>> FarTransport::lend(uint64_t bytes) {
  const Result<std::shared_ptr<RdmaClient>> end = rdma_->end();
  return end.ok() ? (*end)->lend(bytes) : end.status();
}

bool FarTransport::keeps_ready(const std::byte* data, uint64_t bytes) const {
  const Result<std::shared_ptr<RdmaClient>> end = rdma_->end();
  return end.ok() && (*end)->keeps_ready(data, bytes);
}

}  // namespace windlass
