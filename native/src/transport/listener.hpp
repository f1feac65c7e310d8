// A socket that clients connect to.
//
// For a Unix address it makes the directory of names, private to the user, and replaces a socket file that a dead
// listener has left; with its end it removes its own.
//
// Threads: one at a time.
#pragma once

#include <cstdint>
#include <optional>

#include "base/owned_descriptor.hpp"
#include "base/status.hpp"
#include "transport/address.hpp"
#include "transport/stream.hpp"

namespace windlass {

class Listener {
 public:
  Listener() = default;
  ~Listener() { close(); }
  Listener(Listener&& other) noexcept;
  Listener& operator=(Listener&& other) noexcept;
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  // Errors: kState (somebody listens there); kPermission (the directory is somebody else's, or open to others; a port
  // that is not for us); kNotFound (a host that nobody knows); kInvalidArgument (a path that is not a socket); kIo.
  static Result<Listener> open(const Address& address, SocketCalls* calls = nullptr);

  // A connection that waits; none if none does. It never blocks. Errors: kNoMemory (too many open files: accept again
  // later, as the connection goes on waiting); kIo.
  Result<std::optional<Stream>> accept_now();

  bool valid() const noexcept { return descriptor_.valid(); }
  int descriptor() const noexcept { return descriptor_.number(); }
  // With the port that was free.
  const Address& address() const noexcept { return address_; }

  void close() noexcept;

 private:
  Listener(OwnedDescriptor descriptor, Address address, SocketCalls& calls) noexcept;
  static Result<Listener> open_unix(const Address& address, SocketCalls& calls);
  static Result<Listener> open_tcp(const Address& address, SocketCalls& calls);

  OwnedDescriptor descriptor_;
  Address address_;
  SocketCalls* calls_ = nullptr;
  // What the socket file was when it was bound, so that nobody else's is removed.
  uint64_t file_device_ = 0;
  uint64_t file_number_ = 0;
};

}  // namespace windlass
