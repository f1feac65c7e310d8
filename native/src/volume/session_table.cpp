#include "volume/session_table.hpp"

#include <utility>

#include "base/nonce.hpp"
#include "base/text.hpp"

namespace windlass {

namespace {

class TableHold final : public LaneHold {
 public:
  explicit TableHold(SlotHold hold) noexcept : hold_(std::move(hold)) {}
  std::span<const std::span<std::byte>> parts() const noexcept override { return hold_.parts(); }
  void finish() noexcept override { hold_.finish(); }

 private:
  SlotHold hold_;
};

Status no_session(uint64_t number) {
  return Status::error(Code::kUnavailable,
                       text("session ", hex_text(number), " has ended at the volume; connect again"));
}

}  // namespace

// They begin somewhere else in each volume, so that what is left of one finds nothing in the next.
SessionTable::SessionTable() noexcept : last_number_(fresh_nonce() >> 1) {}

Result<SessionGrant> SessionTable::add(std::shared_ptr<VolumeSession> session) {
  Result<LaneKey> key = fresh_lane_key();
  if (!key.ok()) return key.status();
  const std::lock_guard lock(mutex_);
  sessions_.emplace(last_number_ + 1, Entry{std::move(session), *key});
  return SessionGrant{++last_number_, *key};
}

Result<LaneKey> SessionTable::lane_key(uint64_t number) const {
  const std::lock_guard lock(mutex_);
  const auto found = sessions_.find(number);
  if (found == sessions_.end()) return no_session(number);
  return found->second.key;
}

size_t SessionTable::size() const {
  const std::lock_guard lock(mutex_);
  return sessions_.size();
}

std::shared_ptr<VolumeSession> SessionTable::find(uint64_t number) const {
  const std::lock_guard lock(mutex_);
  const auto found = sessions_.find(number);
  return found == sessions_.end() ? nullptr : found->second.session;
}

std::shared_ptr<VolumeSession> SessionTable::take(uint64_t number) noexcept {
  const std::lock_guard lock(mutex_);
  const auto found = sessions_.find(number);
  if (found == sessions_.end()) return nullptr;
  std::shared_ptr<VolumeSession> taken = std::move(found->second.session);
  sessions_.erase(found);
  return taken;
}

void SessionTable::end_all() noexcept {
  std::map<uint64_t, Entry> all;
  {
    const std::lock_guard lock(mutex_);
    all.swap(sessions_);
  }
  for (auto& [number, entry] : all) entry.session->end();
}

Result<std::unique_ptr<LaneHold>> SessionTable::hold(uint64_t session, std::span<const RemoteRange> ranges,
                                                     MapFor purpose) {
  const std::shared_ptr<VolumeSession> found = find(session);
  if (found == nullptr) return no_session(session);
  Result<SlotHold> held = found->hold(ranges, purpose);
  if (!held.ok()) return held.status();
  return std::unique_ptr<LaneHold>(std::make_unique<TableHold>(*std::move(held)));
}

}  // namespace windlass
