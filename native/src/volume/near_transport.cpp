#include "volume/near_transport.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/text.hpp"
#include "transport/shm/process_memory.hpp"

namespace windlass {

namespace {

constexpr size_t kMostAddresses = 1024;

}  // namespace

void OfferingProcess::renew(const ControlChannel& channel) {
  Result<PeerIdentity> peer = channel.identity();
  Status readable = peer.ok() ? check_process_memory(peer->process) : peer.status();
  if (!may_be_read_) readable = Status::error(Code::kUnsupported, "it was asked for");
  const std::lock_guard lock(mutex_);
  process_ = readable.ok() ? peer->process : 0;
  why_not_ = readable.message();
}

pid_t OfferingProcess::readable() const {
  const std::lock_guard lock(mutex_);
  return process_;
}

std::string OfferingProcess::way() const {
  const std::lock_guard lock(mutex_);
  return process_ != 0 ? text("out of process ", process_) : text("over lanes, as ", why_not_);
}

NearTransport::NearTransport(std::shared_ptr<VolumeControl> client, std::shared_ptr<ShmTransport> shm,
                             std::shared_ptr<LanesInUse> lanes, std::shared_ptr<OfferingProcess> process)
    : client_(std::move(client)),
      shm_(std::move(shm)),
      process_(std::move(process)),
      over_lanes_(client_, std::move(lanes)),
      workers_(WorkerPool::default_thread_count()) {}

Status NearTransport::read(std::span<const ReadMove> moves, Deadline deadline) {
  const auto is_offered = [](const ReadMove& move) { return move.remote.offered(); };
  const auto count = static_cast<size_t>(std::count_if(moves.begin(), moves.end(), is_offered));
  if (count == 0) return shm_->read(moves, deadline);
  if (count == moves.size()) return read_offered(moves, deadline);
  std::vector<ReadMove> sorted(moves.begin(), moves.end());
  std::stable_partition(sorted.begin(), sorted.end(), is_offered);
  if (Status done = read_offered(std::span(sorted).first(count), deadline); !done.ok()) return done;
  return shm_->read(std::span(sorted).subspan(count), deadline);
}

Status NearTransport::read_offered(std::span<const ReadMove> moves, Deadline deadline) {
  const pid_t process = process_->readable();
  if (process == 0) return over_lanes_.read(moves, deadline);
  Status done = read_process(process, moves, deadline);
  if (done.code() == Code::kTimeout) return done;
  std::vector<uint64_t> tokens;
  tokens.reserve(moves.size());
  for (const ReadMove& move : moves) {
    if (move.remote.token != 0 && (tokens.empty() || tokens.back() != move.remote.token)) {
      tokens.push_back(move.remote.token);
    }
  }
  // Why it failed is known best by the volume, if that is still there.
  if (Status vouched = client_->vouch(tokens, deadline); !vouched.ok()) return vouched;
  return done;
}

Status NearTransport::read_process(pid_t process, std::span<const ReadMove> moves, Deadline deadline) {
  std::vector<ProcessRead> reads;
  reads.reserve(moves.size());
  uint64_t segment = 0;
  uint64_t base = 0;
  for (const ReadMove& move : moves) {
    if (move.remote.bytes == 0) continue;
    if (move.remote.segment != segment) {
      Result<uint64_t> found = address_of(move.remote.segment, deadline);
      if (!found.ok()) return found.status();
      segment = move.remote.segment;
      base = *found;
    }
    reads.push_back({move.target, base + move.remote.offset, move.remote.bytes});
  }
  return read_process_memory(process, reads, workers_, deadline);
}

Result<uint64_t> NearTransport::address_of(uint64_t segment, Deadline deadline) {
  {
    const std::lock_guard lock(mutex_);
    if (const auto found = addresses_.find(segment); found != addresses_.end()) return found->second;
  }
  Result<uint64_t> told = client_->offered_address(segment, deadline);
  if (!told.ok()) return told;
  const std::lock_guard lock(mutex_);
  // Ids only grow within a volume: the lowest is the likeliest to be of no use.
  if (addresses_.size() >= kMostAddresses) addresses_.erase(addresses_.begin());
  addresses_.emplace(segment, *told);
  return told;
}

Result<std::unique_ptr<SlotMapping>> NearTransport::map(const RemoteRange& range, MapFor purpose, bool populate,
                                                        Deadline deadline) {
  if (!range.offered()) return shm_->map(range, purpose, populate, deadline);
  return Status::error(Code::kUnsupported, "memory that is offered is not mapped, as it may be taken back; read it");
}

}  // namespace windlass
