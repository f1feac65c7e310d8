// The slots that a client may touch, as far as its volume has told it: for a transport that reaches memory on its own,
// so that nobody at the other end checks a token.
//
// What a session was granted ends with it: with the next one, all is forgotten, and an answer of the one before that
// comes late is not learned any more.
//
// Threads: any.
#pragma once

#include <cstdint>
#include <mutex>
#include <span>
#include <unordered_map>
#include <vector>

#include "base/status.hpp"
#include "transport/transport.hpp"

namespace windlass {

class GrantTable {
 public:
  // Nobody will ask: from here on nothing is taken down.
  void stop();

  // A session has begun, over the connection of this number.
  void begin(uint64_t connection);

  // Over that connection, slots were prepared; or leased.
  void add(uint64_t connection, std::span<const RemoteRange> prepared);
  void add_lease(uint64_t connection, uint64_t lease, std::span<const RemoteRange> leased);

  // They are no longer the client's: they were committed, or abandoned; released.
  void drop(std::span<const uint64_t> tokens) noexcept;
  void drop_leases(std::span<const uint64_t> leases) noexcept;

  // Whether a range may be touched over the connection of this number. Errors: kInvalidArgument (nobody granted it, or
  // not all of it); kUnavailable (that session has ended).
  Status check(uint64_t connection, const RemoteRange& range) const;

  size_t size() const;

 private:
  mutable std::mutex mutex_;  // guards what follows
  bool stopped_ = false;
  uint64_t connection_ = UINT64_MAX;
  std::unordered_map<uint64_t, RemoteRange> granted_;  // by token
  std::unordered_map<uint64_t, std::vector<uint64_t>> leases_;
};

}  // namespace windlass
