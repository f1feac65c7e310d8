// The sessions of a server's clients, by the numbers that lanes name them by.
//
// Threads: any.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <span>

#include "base/status.hpp"
#include "transport/handshake.hpp"
#include "transport/lanes.hpp"
#include "volume/volume_session.hpp"

namespace windlass {

class SessionTable final : public LaneAccess {
 public:
  SessionTable() noexcept;

  // Numbers it, and gives it a key for its lanes. Errors: kIo (the machine has no randomness).
  Result<SessionGrant> add(std::shared_ptr<VolumeSession> session);

  // Errors: kUnavailable (there is no such session).
  Result<LaneKey> lane_key(uint64_t number) const;

  size_t size() const;
  // Null if there is none.
  std::shared_ptr<VolumeSession> find(uint64_t number) const;
  // Lanes do not find it any more.
  std::shared_ptr<VolumeSession> take(uint64_t number) noexcept;
  // Ends all of them.
  void end_all() noexcept;

  Result<std::unique_ptr<LaneHold>> hold(uint64_t session, std::span<const RemoteRange> ranges,
                                         MapFor purpose) override;

 private:
  struct Entry {
    std::shared_ptr<VolumeSession> session;
    LaneKey key{};
  };

  mutable std::mutex mutex_;  // guards what follows
  std::map<uint64_t, Entry> sessions_;
  uint64_t last_number_;
};

}  // namespace windlass
