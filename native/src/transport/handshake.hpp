// What is said first over every connection, control or lane.
//
//   client HELLO ──▶ server CHALLENGE ──▶ client PROOF ──▶ server WELCOME; or REFUSED, at any of the server's turns
//
// Both prove that they know the secret, by an HMAC over both nonces, if the server has one. A lane also proves, in the
// same way, that its client has the session that it is for: the session's key was told to it by its WELCOME.
//
// Threads: one at a time.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/deadline.hpp"
#include "base/sha256.hpp"
#include "base/status.hpp"
#include "transport/frame.hpp"
#include "transport/stream.hpp"

namespace windlass {

inline constexpr uint16_t kLowestProtocol = 1;
inline constexpr uint16_t kHighestProtocol = 1;
inline constexpr uint32_t kMaxHandshakeBytes = 8 * static_cast<uint32_t>(kKiB);
inline constexpr std::chrono::seconds kHandshakeTimeout{5};

// The types of its frames. Those of the control channel and of lanes begin behind them.
enum class HandshakeFrame : uint16_t { kHello = 1, kChallenge = 2, kProof = 3, kWelcome = 4, kRefused = 5 };

enum class Purpose : uint8_t { kControl = 1, kLane = 2 };

using HandshakeNonce = std::array<std::byte, 16>;
using LaneKey = std::array<std::byte, 32>;

// A session as the volume gives it to a client.
struct SessionGrant {
  uint64_t session = 0;
  LaneKey lane_key{};
};

// What the client learns.
struct Welcome {
  uint16_t protocol = 0;
  SessionGrant grant;
  uint64_t volume_nonce = 0;
  uint64_t host = 0;      // host_id() of the volume's machine
  std::string unix_path;  // where it listens for those on the same machine; may be empty
};

// What the client says.
struct Greeting {
  Purpose purpose = Purpose::kControl;
  std::string_view secret;  // empty: none. With one, a volume that asks for none is not believed
  SessionGrant grant;       // for a lane: of its session
};

// Errors: kPermission (the secret is wrong, or missing on one side); kVersion (no protocol that both know); kCorrupt
// (the peer speaks something else); kTimeout; kUnavailable; what the server refuses it with. Blocks.
Result<Welcome> shake_hands(Stream& stream, const Greeting& greeting, Deadline deadline);

// What a server has to say. The functions are called by arrived(); they may refuse, with a status that the client gets.
struct HandshakeHost {
  std::string secret;  // empty: none is asked for
  uint64_t volume_nonce = 0;
  std::string unix_path;
  // A session for a client that has proved itself.
  std::function<Result<SessionGrant>()> open_session;
  // The key of a session that a lane is for. Errors: kUnavailable (there is no such session).
  std::function<Result<LaneKey>(uint64_t session)> lane_key;
};

// The server's side, for an event loop: it is told of bytes as they arrive.
//
// Time is its owner's affair: cut the connection off after kHandshakeTimeout.
class ServerHandshake {
 public:
  // host outlives it.
  explicit ServerHandshake(const HandshakeHost& host) noexcept : host_(host), reader_(kMaxHandshakeBytes) {}

  // Where the next bytes go.
  std::span<std::byte> room() { return reader_.room(); }
  // Takes in so many bytes, and appends what is to be sent to output. Returns whether the client has been admitted.
  // On an error, what is in output is still to be sent, then the connection ends: the status says why, for the log.
  // Errors: kCorrupt; kVersion; kPermission; what the host refused it with.
  Result<bool> arrived(size_t bytes, std::vector<std::byte>& output);

  // Once the client is admitted:
  Purpose purpose() const noexcept { return purpose_; }
  uint64_t session() const noexcept { return grant_.session; }
  uint16_t protocol() const noexcept { return protocol_; }
  // What it has sent already behind the handshake; empty, if it keeps to the protocol.
  std::span<const std::byte> unread() const noexcept { return reader_.unread(); }

 private:
  enum class State { kHello, kProof, kAdmitted, kRefused };

  Status take_hello(const Frame& frame, std::vector<std::byte>& output);
  Status take_proof(const Frame& frame, std::vector<std::byte>& output);

  const HandshakeHost& host_;
  FrameReader reader_;
  State state_ = State::kHello;
  Purpose purpose_ = Purpose::kControl;
  uint16_t lowest_ = 0;  // of what the client offered
  uint16_t highest_ = 0;
  uint16_t protocol_ = 0;
  SessionGrant grant_;
  HandshakeNonce client_nonce_{};
  HandshakeNonce server_nonce_{};
};

// Tells machines apart: the same for all processes of one, until it starts anew. 0: not known, like no other.
uint64_t host_id() noexcept;

// A key for a new session. Errors: kIo (the machine has no randomness).
Result<LaneKey> fresh_lane_key();

}  // namespace windlass
