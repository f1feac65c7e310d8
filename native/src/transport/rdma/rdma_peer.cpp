#include "transport/rdma/rdma_peer.hpp"

#include <algorithm>
#include <utility>

#include "base/text.hpp"

namespace windlass {

namespace {

constexpr size_t kMostPairs = 64;

Status closed_peer() { return Status::error(Code::kState, "the session has ended, and its RDMA with it"); }

}  // namespace

VerbsPeer::~VerbsPeer() { close(); }

// With the lock held.
Status VerbsPeer::open_domain() {
  if (closed_) return closed_peer();
  if (domain_ != nullptr) return Status();
  Result<std::shared_ptr<RdmaContext>> context = RdmaContext::open(path_.device);
  if (!context.ok()) return context.status();
  Result<std::shared_ptr<RdmaDomain>> domain = RdmaDomain::open(*std::move(context));
  if (!domain.ok()) return domain.status();
  domain_ = *std::move(domain);
  return Status();
}

Result<RdmaEndpoint> VerbsPeer::connect(const RdmaEndpoint& client) {
  if (client.version != kRdmaVersion) {
    return Status::error(Code::kVersion, text("the client's RDMA is of version ", client.version,
                                              ", and the volume's of ", kRdmaVersion, "; update the older of the two"));
  }
  const std::lock_guard lock(mutex_);
  if (Status ready = open_domain(); !ready.ok()) return ready;
  domain_->context().take_events();
  if (pairs_.size() >= kMostPairs) {
    return Status::error(Code::kNoSpace, text("the session has ", pairs_.size(), " queue pairs already"));
  }
  QueuePairOptions options;
  options.path = path_;
  options.answers = true;
  Result<std::unique_ptr<QueuePair>> pair = QueuePair::open(domain_, options);
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
  drop_stale();
  const std::lock_guard lock(mutex_);
  if (Status ready = open_domain(); !ready.ok()) return ready;
  if (const auto found = granted_.find(segment); found != granted_.end()) return found->second.pieces;
  Granted made;
  made.owner = owner;
  constexpr uint32_t kAccess =
      access_bits(RegistrationAccess::kRemoteRead) | access_bits(RegistrationAccess::kRemoteWrite);
  for (uint64_t offset = 0; offset < bytes;) {
    const uint64_t part = std::min(bytes - offset, domain_->most_bytes());
    Result<std::unique_ptr<Registration>> registered = domain_->register_memory(data + offset, part, kAccess);
    if (!registered.ok()) return registered.status().with_prefix("the volume");
    made.pieces.push_back({offset, part, reinterpret_cast<uint64_t>(data + offset), (*registered)->remote_key()});
    made.registrations.push_back(*std::move(registered));
    offset += part;
  }
  return granted_.emplace(segment, std::move(made)).first->second.pieces;
}

void VerbsPeer::drop_stale() noexcept {
  const std::lock_guard lock(mutex_);
  if (domain_ != nullptr) domain_->context().take_events();
  for (auto at = granted_.begin(); at != granted_.end();) {
    at = at->second.owner.expired() ? granted_.erase(at) : std::next(at);
  }
}

void VerbsPeer::close() noexcept {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  pairs_.clear();
  granted_.clear();
  domain_.reset();
}

}  // namespace windlass
