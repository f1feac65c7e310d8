#include "volume/grant_table.hpp"

#include "base/bytes.hpp"
#include "base/text.hpp"

namespace windlass {

void GrantTable::stop() {
  const std::lock_guard lock(mutex_);
  stopped_ = true;
  granted_.clear();
  leases_.clear();
}

void GrantTable::begin(uint64_t connection) {
  const std::lock_guard lock(mutex_);
  connection_ = connection;
  granted_.clear();
  leases_.clear();
}

void GrantTable::add(uint64_t connection, std::span<const RemoteRange> prepared) {
  const std::lock_guard lock(mutex_);
  if (stopped_ || connection != connection_) return;
  for (const RemoteRange& range : prepared) {
    if (range.token != 0) granted_[range.token] = range;
  }
}

void GrantTable::add_lease(uint64_t connection, uint64_t lease, std::span<const RemoteRange> leased) {
  const std::lock_guard lock(mutex_);
  if (stopped_ || connection != connection_ || lease == 0) return;
  std::vector<uint64_t>& tokens = leases_[lease];
  tokens.reserve(leased.size());
  for (const RemoteRange& range : leased) {
    if (range.token == 0) continue;
    granted_[range.token] = range;
    tokens.push_back(range.token);
  }
}

void GrantTable::drop(std::span<const uint64_t> tokens) noexcept {
  const std::lock_guard lock(mutex_);
  for (const uint64_t token : tokens) granted_.erase(token);
}

void GrantTable::drop_leases(std::span<const uint64_t> leases) noexcept {
  const std::lock_guard lock(mutex_);
  for (const uint64_t lease : leases) {
    const auto found = leases_.find(lease);
    if (found == leases_.end()) continue;
    for (const uint64_t token : found->second) granted_.erase(token);
    leases_.erase(found);
  }
}

Status GrantTable::check(uint64_t connection, const RemoteRange& range) const {
  const std::lock_guard lock(mutex_);
  if (connection != connection_) {
    return Status::error(Code::kUnavailable,
                         "the connection to the volume was made anew, and what was granted before is gone");
  }
  const auto found = granted_.find(range.token);
  if (found == granted_.end()) {
    return Status::error(Code::kInvalidArgument,
                         text("the token ", hex_text(range.token), " stands for nothing that the volume has granted"));
  }
  const RemoteRange& whole = found->second;
  const bool inside = range.segment == whole.segment && range.offset >= whole.offset &&
                      in_range(range.offset - whole.offset, range.bytes, whole.bytes);
  if (inside) return Status();
  return Status::error(Code::kInvalidArgument,
                       text("bytes ", range.offset, " to ", range.offset + range.bytes, " of segment ", range.segment,
                            " do not lie in the slot of token ", hex_text(range.token)));
}

size_t GrantTable::size() const {
  const std::lock_guard lock(mutex_);
  return granted_.size();
}

}  // namespace windlass
