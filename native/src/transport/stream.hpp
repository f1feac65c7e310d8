// A connected socket, Unix or TCP.
//
// The calls with a deadline block until it; those named _now never do, and are for event loops. A call that failed, or
// ran into its deadline half-way, leaves a stream with which nothing more can be done: close it.
//
// Threads: one may send while another receives; shut_down and the questions may come from any.
#pragma once

#include <sys/types.h>
#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "base/deadline.hpp"
#include "base/owned_descriptor.hpp"
#include "base/status.hpp"
#include "transport/address.hpp"
#include "transport/socket_calls.hpp"

namespace windlass {

// A buffer, as sendmsg and recvmsg name it.
inline iovec piece_of(std::span<std::byte> bytes) noexcept { return {bytes.data(), bytes.size()}; }
inline iovec piece_of(std::span<const std::byte> bytes) noexcept {
  return {const_cast<std::byte*>(bytes.data()), bytes.size()};  // only sent from
}

// Whoever is at the other end of a Unix socket, or was when it was connected.
struct PeerIdentity {
  pid_t process = 0;
  uid_t user = 0;
};

class Stream {
 public:
  Stream() = default;
  // descriptor: a connected socket that does not block. peer: whom messages name. calls outlive it.
  Stream(OwnedDescriptor descriptor, std::string peer, SocketCalls& calls) noexcept;
  ~Stream() { close(); }
  Stream(Stream&& other) noexcept;
  Stream& operator=(Stream&& other) noexcept;
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  // Connects; over a Unix socket also makes sure that the listener is this user, or root. calls null: the system's.
  // Errors: kUnavailable (nobody listens there); kPermission; kTimeout; kNotFound (a host that nobody knows);
  // kNoMemory. Blocks: until the deadline, or as long as the system's resolver takes for a name.
  static Result<Stream> connect(const Address& address, Deadline deadline, SocketCalls* calls = nullptr);

  bool valid() const noexcept { return descriptor_.valid(); }
  int descriptor() const noexcept { return descriptor_.number(); }
  const std::string& peer() const noexcept { return peer_; }
  void set_peer(std::string peer) noexcept { peer_ = std::move(peer); }
  SocketCalls& calls() const noexcept { return *calls_; }

  // Sends all of all pieces, which it changes. sent_descriptor, unless it is -1, goes with the first byte (Unix only).
  // Errors: kUnavailable (the peer is gone); kTimeout.
  Status send_all(std::span<iovec> pieces, Deadline deadline, int sent_descriptor = -1);
  Status send_all(std::span<const std::byte> bytes, Deadline deadline, int sent_descriptor = -1);

  // Errors: kUnavailable (the peer ended, or is gone); kTimeout.
  Status receive_exactly(std::span<std::byte> target, Deadline deadline);
  // At least one byte. A descriptor that comes along is put into received_descriptor; if that is null, or one came
  // before and is still there, it is closed.
  Result<size_t> receive_some(std::span<std::byte> target, Deadline deadline,
                              OwnedDescriptor* received_descriptor = nullptr);

  // How many bytes went; 0: the peer must read first. The descriptor went if any byte did. Pieces are as before.
  // Errors: kUnavailable.
  Result<size_t> send_now(std::span<const iovec> pieces, int sent_descriptor = -1);
  // How many bytes came; 0: there are none now. Errors: kUnavailable (the peer has ended, or is gone).
  Result<size_t> receive_now(std::span<const iovec> pieces, OwnedDescriptor* received_descriptor = nullptr);

  // Waits for POLLIN or POLLOUT, or both. Errors: kTimeout.
  Status wait_for(int16_t events, Deadline deadline);

  // Whoever waits in a call, and all later ones, get kUnavailable.
  void shut_down() noexcept;
  void close() noexcept;

  // Errors: kUnsupported (not a Unix socket).
  Result<PeerIdentity> identity() const;
  // A descriptor of the peer's process, which becomes readable when it has ended. Errors: kUnsupported (the machine
  // gives none, or the process is not to be seen from here); kNotFound (it has ended).
  Result<OwnedDescriptor> peer_process() const;

 private:
  Status failure(int error, std::string_view what) const;

  OwnedDescriptor descriptor_;
  std::string peer_;
  SocketCalls* calls_ = nullptr;
};

// What every TCP connection of ours has: no waiting for more to send, and a peer that vanished is found out; one over
// loopback holds no more back than fits into the caches. What the system refuses is done without.
void tune_tcp(int descriptor, SocketCalls& calls) noexcept;

// Whether the peer is this user, or root. Errors: kPermission (who it is); as identity.
Status check_same_user(const Stream& stream);

// Takes bytes that are done off the pieces, those from before first included. Returns the first that is not done.
std::span<iovec> advance_pieces(std::span<iovec> pieces, size_t bytes) noexcept;

}  // namespace windlass
