// Two connected Unix sockets, each with calls of its own.
#pragma once

#include <sys/socket.h>

#include "base/owned_descriptor.hpp"
#include "transport/socket_calls.hpp"
#include "transport/stream.hpp"

namespace windlass::fake {

struct StreamPair {
  Stream one;
  Stream other;

  explicit StreamPair(SocketCalls& calls = SocketCalls::system(), SocketCalls& other_calls = SocketCalls::system()) {
    int numbers[2] = {-1, -1};
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, numbers) != 0) return;
    one = Stream(OwnedDescriptor(numbers[0]), "one", calls);
    other = Stream(OwnedDescriptor(numbers[1]), "other", other_calls);
  }
};

}  // namespace windlass::fake
