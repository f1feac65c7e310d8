// Where a volume listens, as people write it:
//
//   shm://NAME          a Unix socket in the user's directory of names
//   shm:///PATH         a Unix socket there
//   tcp://HOST:PORT     HOST is an IPv4 address, an IPv6 one in brackets, or a name
//
// The directory of names is $XDG_RUNTIME_DIR/windlass or, where there is none, /tmp/windlass-UID; it is the user's own,
// and nobody else may look into it.
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.hpp"

namespace windlass {

struct Address {
  enum class Kind { kUnix, kTcp };

  Kind kind = Kind::kUnix;
  std::string name;  // kUnix: the NAME it was made of; empty if it was a path
  std::string path;  // kUnix: absolute
  std::string host;  // kTcp: without brackets
  uint16_t port = 0;

  // As it is parsed.
  std::string to_string() const;
  friend bool operator==(const Address&, const Address&) = default;
};

// What names may be: letters, digits and "._-", 1 to 64, not beginning with a dot.
inline constexpr size_t kMaxNameBytes = 64;

// Port 0 is for listening at any that is free. Errors: kInvalidArgument (what is wrong, and what it should be).
Result<Address> parse_address(std::string_view uri);

// Of a path, as a volume tells it of itself. Errors: kInvalidArgument (not absolute, or too long for a socket).
Result<Address> address_of_path(std::string_view path);

// A host's address, as sockets take it.
struct ResolvedAddress {
  sockaddr_storage storage{};
  socklen_t bytes = 0;

  const sockaddr* get() const noexcept { return reinterpret_cast<const sockaddr*>(&storage); }
};

// What a kTcp address stands for, the likeliest first; at least one. Errors: kNotFound (nobody knows the name). Blocks:
// as long as the system's resolver takes for a name.
Result<std::vector<ResolvedAddress>> resolve(const Address& address, bool for_listening);

// Whether whoever listens there is heard on this machine only. A name counts by what it stands for now, which is asked
// of the system's resolver. Errors: kNotFound (nobody knows the name).
Result<bool> is_local_only(const Address& address);

}  // namespace windlass
