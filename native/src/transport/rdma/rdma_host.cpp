#include "transport/rdma/rdma_host.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "transport/rdma/rdma_peer.hpp"

namespace windlass {

std::unique_ptr<RdmaPeer> VerbsHost::open_peer() { return std::make_unique<VerbsPeer>(shared_from_this()); }

Result<VerbsHost::Opened> VerbsHost::enter() {
  const std::lock_guard lock(mutex_);
  if (domain_ == nullptr) {
    if (Status opened = open(); !opened.ok()) return opened;
  }
  ++peers_;
  return Opened{domain_, path_};
}

// With the lock held.
Status VerbsHost::open() {
  Result<RdmaPath> path = find_rdma_path(wish_);
  if (!path.ok()) return path.status();
  Result<std::shared_ptr<RdmaDomain>> domain = RdmaDomain::open(path->device);
  if (!domain.ok()) return domain.status();
  path_ = *std::move(path);
  domain_ = *std::move(domain);
  return Status();
}

void VerbsHost::leave() noexcept {
  const std::lock_guard lock(mutex_);
  if (--peers_ != 0) return;
  granted_.clear();
  domain_.reset();
}

Result<std::vector<RdmaPiece>> VerbsHost::grant(uint64_t segment, const std::shared_ptr<void>& owner, std::byte* data,
                                                uint64_t bytes) {
  drop_stale();
  const std::lock_guard lock(mutex_);
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

// Never waits for another's registering, which takes seconds: what is stale goes the next time.
void VerbsHost::drop_stale() noexcept {
  const std::unique_lock lock(mutex_, std::try_to_lock);
  if (!lock.owns_lock()) return;
  if (domain_ != nullptr) domain_->context().take_events();
  for (auto at = granted_.begin(); at != granted_.end();) {
    at = at->second.owner.expired() ? granted_.erase(at) : std::next(at);
  }
}

}  // namespace windlass
