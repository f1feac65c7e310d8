#include "volume/lane_transport.hpp"

#include <utility>
#include <vector>

namespace windlass {

namespace {

template <typename Move>
std::vector<Move> unsalted(std::span<const Move> moves, uint64_t salt) {
  std::vector<Move> plain(moves.begin(), moves.end());
  for (Move& move : plain) {
    if (move.remote.token != 0) move.remote.token ^= salt;
  }
  return plain;
}

}  // namespace

Status LanesInUse::renew(const Address& address, const ControlChannel& channel) {
  // Over a Unix socket the user is what counts.
  const std::string secret = address.kind == Address::Kind::kUnix ? std::string() : options_.secret;
  Result<std::unique_ptr<Transport>> opened =
      open_lane_transport({.address = address, .secret = secret, .grant = channel.welcome().grant},
                          {.lanes = options_.lanes, .calls = options_.calls});
  if (!opened.ok()) return opened.status();
  const std::lock_guard lock(mutex_);
  lanes_ = *std::move(opened);
  salt_ = channel.salt();
  return Status();
}

LanesInUse::Current LanesInUse::current() const {
  const std::lock_guard lock(mutex_);
  return {lanes_, salt_};
}

Status LaneTransport::write(std::span<const WriteMove> moves, Deadline deadline) {
  const LanesInUse::Current current = lanes_->current();
  if (current.salt == 0) return current.lanes->write(moves, deadline);
  return current.lanes->write(unsalted(moves, current.salt), deadline);
}

Status LaneTransport::read(std::span<const ReadMove> moves, Deadline deadline) {
  const LanesInUse::Current current = lanes_->current();
  if (current.salt == 0) return current.lanes->read(moves, deadline);
  return current.lanes->read(unsalted(moves, current.salt), deadline);
}

Result<std::unique_ptr<SlotMapping>> LaneTransport::map(const RemoteRange& range, MapFor purpose, bool populate,
                                                        Deadline deadline) {
  return lanes_->current().lanes->map(range, purpose, populate, deadline);
}

}  // namespace windlass
