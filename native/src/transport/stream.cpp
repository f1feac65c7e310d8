#include "transport/stream.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/text.hpp"

namespace windlass {

namespace {

// Newer than some headers.
constexpr int kPeerProcessOption = 77;  // SO_PEERPIDFD

// Room for the descriptors that come with one message: one is ours, a second is the peer's mistake.
struct ControlBuffer {
  alignas(cmsghdr) std::array<std::byte, CMSG_SPACE(sizeof(int))> bytes{};
};

bool is_out_of_memory(int error) noexcept {
  return error == ENOMEM || error == ENOBUFS || error == EMFILE || error == ENFILE;
}

Status connect_failure(const Address& address, int error) {
  const std::string to = address.to_string();
  if (error == EAGAIN || error == EINPROGRESS) {
    return Status::error(Code::kTimeout,
                         text(to, ": the connection was not made in time; the volume is busy, or hangs"), error);
  }
  if (error == EACCES || error == EPERM) {
    return Status::error(Code::kPermission, text(to, ": this user may not connect: ", errno_text(error)), error);
  }
  if (is_out_of_memory(error)) {
    return Status::error(Code::kNoMemory,
                         text(to, ": no socket: ", errno_text(error),
                              "; raise the limit of open files (ulimit -n), or free some memory"),
                         error);
  }
  return Status::error(Code::kUnavailable,
                       text(to, ": nobody answers: ", errno_text(error), "; is the volume running, and is it there?"),
                       error);
}

// Unix sockets that do not block cannot be waited for while the listener's queue is full; those that block can.
int connect_within(int descriptor, const sockaddr_un& target, Deadline deadline, SocketCalls& calls) {
  while (true) {
    const int64_t left_us = deadline.remaining().count() / 1000;
    if (left_us <= 0) return -EAGAIN;
    const timeval limit{left_us / 1'000'000, left_us % 1'000'000};
    if (const int set = calls.set_option(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit); set < 0)
      return set;
    const int done = calls.connect(descriptor, reinterpret_cast<const sockaddr*>(&target), sizeof target);
    if (done == -EISCONN) return 0;
    if (done != -EINTR) return done;
  }
}

Result<Stream> connect_unix(const Address& address, Deadline deadline, SocketCalls& calls) {
  OwnedDescriptor descriptor(calls.socket(AF_UNIX, SOCK_STREAM));
  if (!descriptor.valid()) return connect_failure(address, -descriptor.number());
  sockaddr_un target{};
  target.sun_family = AF_UNIX;
  if (address.path.size() >= sizeof target.sun_path) return connect_failure(address, ENAMETOOLONG);
  std::memcpy(target.sun_path, address.path.data(), address.path.size());
  int done = connect_within(descriptor.number(), target, deadline, calls);
  if (done == 0) done = calls.set_blocking(descriptor.number(), false);
  if (done < 0) return connect_failure(address, -done);
  Stream stream(std::move(descriptor), address.to_string(), calls);
  if (Status same = check_same_user(stream); !same.ok()) return same;
  return stream;
}

// Whether a socket is connected to itself, as can happen where nobody listens at a port that the system gives away.
bool is_own_peer(int descriptor, const ResolvedAddress& target, SocketCalls& calls) {
  sockaddr_storage own{};
  socklen_t bytes = sizeof own;
  if (calls.local_address(descriptor, reinterpret_cast<sockaddr*>(&own), &bytes) < 0) return false;
  if (own.ss_family == AF_INET && target.storage.ss_family == AF_INET) {
    const auto& one = reinterpret_cast<const sockaddr_in&>(own);
    const auto& other = reinterpret_cast<const sockaddr_in&>(target.storage);
    return one.sin_port == other.sin_port && one.sin_addr.s_addr == other.sin_addr.s_addr;
  }
  if (own.ss_family == AF_INET6 && target.storage.ss_family == AF_INET6) {
    const auto& one = reinterpret_cast<const sockaddr_in6&>(own);
    const auto& other = reinterpret_cast<const sockaddr_in6&>(target.storage);
    return one.sin6_port == other.sin6_port && std::memcmp(&one.sin6_addr, &other.sin6_addr, sizeof one.sin6_addr) == 0;
  }
  return false;
}

Result<Stream> connect_tcp(const Address& address, const ResolvedAddress& target, Deadline deadline,
                           SocketCalls& calls) {
  OwnedDescriptor descriptor(calls.socket(target.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK));
  if (!descriptor.valid()) return connect_failure(address, -descriptor.number());
  Stream stream(std::move(descriptor), address.to_string(), calls);
  const int begun = calls.connect(stream.descriptor(), target.get(), target.bytes);
  if (begun < 0 && begun != -EINPROGRESS && begun != -EINTR) return connect_failure(address, -begun);
  if (begun < 0) {
    if (!stream.wait_for(POLLOUT, deadline).ok()) return connect_failure(address, EINPROGRESS);
    int error = 0;
    socklen_t bytes = sizeof error;
    const int asked = calls.get_option(stream.descriptor(), SOL_SOCKET, SO_ERROR, &error, &bytes);
    if (asked < 0) error = -asked;
    if (error != 0) return connect_failure(address, error);
  }
  if (is_own_peer(stream.descriptor(), target, calls)) return connect_failure(address, ECONNREFUSED);
  tune_tcp(stream.descriptor(), calls);
  return stream;
}

// What a connection that stays on this machine may hold back to send. The system would let it grow to many megabytes,
// which have left the caches by the time they are received: that took half as long again.
constexpr int kNearSendBytes = 256 * 1024;

bool stays_on_machine(int descriptor, SocketCalls& calls) noexcept {
  sockaddr_storage own{};
  socklen_t bytes = sizeof own;
  if (calls.local_address(descriptor, reinterpret_cast<sockaddr*>(&own), &bytes) < 0) return false;
  if (own.ss_family == AF_INET) {
    return ntohl(reinterpret_cast<const sockaddr_in&>(own).sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
  }
  return own.ss_family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&reinterpret_cast<const sockaddr_in6&>(own).sin6_addr);
}

// Puts the first descriptor into received, and closes those that nobody expects.
void take_descriptors(msghdr& message, OwnedDescriptor* received) {
  for (cmsghdr* part = CMSG_FIRSTHDR(&message); part != nullptr; part = CMSG_NXTHDR(&message, part)) {
    if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
    const size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (size_t at = 0; at < count; ++at) {
      int number = -1;
      std::memcpy(&number, CMSG_DATA(part) + at * sizeof(int), sizeof number);
      OwnedDescriptor taken(number);
      if (received != nullptr && !received->valid()) *received = std::move(taken);
    }
  }
}

}  // namespace

Stream::Stream(OwnedDescriptor descriptor, std::string peer, SocketCalls& calls) noexcept
    : descriptor_(std::move(descriptor)), peer_(std::move(peer)), calls_(&calls) {}

Stream::Stream(Stream&& other) noexcept = default;
Stream& Stream::operator=(Stream&& other) noexcept = default;

Result<Stream> Stream::connect(const Address& address, Deadline deadline, SocketCalls* calls) {
  SocketCalls& used = calls != nullptr ? *calls : SocketCalls::system();
  if (address.kind == Address::Kind::kUnix) return connect_unix(address, deadline, used);
  Result<std::vector<ResolvedAddress>> targets = resolve(address, false);
  if (!targets.ok()) return targets.status();
  Status first_failure;
  for (size_t at = 0; at < targets->size(); ++at) {
    // An address that does not answer leaves time for the others.
    const auto share = deadline.remaining() / static_cast<int64_t>(targets->size() - at);
    Result<Stream> made = connect_tcp(address, (*targets)[at], Deadline::after(share), used);
    if (made.ok()) return made;
    if (first_failure.ok()) first_failure = made.status();
  }
  return first_failure;
}

Status Stream::send_all(std::span<iovec> pieces, Deadline deadline, int sent_descriptor) {
  pieces = advance_pieces(pieces, 0);
  while (!pieces.empty()) {
    Result<size_t> sent = send_now(pieces, sent_descriptor);
    if (!sent.ok()) return sent.status();
    if (*sent == 0) {
      if (Status waited = wait_for(POLLOUT, deadline); !waited.ok()) return waited;
      continue;
    }
    sent_descriptor = -1;
    pieces = advance_pieces(pieces, *sent);
  }
  return Status();
}

Status Stream::send_all(std::span<const std::byte> bytes, Deadline deadline, int sent_descriptor) {
  iovec piece = piece_of(bytes);
  return send_all(std::span(&piece, 1), deadline, sent_descriptor);
}

Status Stream::receive_exactly(std::span<std::byte> target, Deadline deadline) {
  while (!target.empty()) {
    Result<size_t> received = receive_some(target, deadline);
    if (!received.ok()) return received.status();
    target = target.subspan(*received);
  }
  return Status();
}

Result<size_t> Stream::receive_some(std::span<std::byte> target, Deadline deadline,
                                    OwnedDescriptor* received_descriptor) {
  while (true) {
    const iovec piece = piece_of(target);
    Result<size_t> received = receive_now(std::span(&piece, 1), received_descriptor);
    if (!received.ok() || *received != 0) return received;
    if (Status waited = wait_for(POLLIN, deadline); !waited.ok()) return waited;
  }
}

Result<size_t> Stream::send_now(std::span<const iovec> pieces, int sent_descriptor) {
  ControlBuffer control;
  msghdr message{};
  message.msg_iov = const_cast<iovec*>(pieces.data());  // sendmsg changes nothing there
  message.msg_iovlen = pieces.size();
  if (sent_descriptor >= 0) {
    message.msg_control = control.bytes.data();
    message.msg_controllen = control.bytes.size();
    cmsghdr* const part = CMSG_FIRSTHDR(&message);
    part->cmsg_level = SOL_SOCKET;
    part->cmsg_type = SCM_RIGHTS;
    part->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(part), &sent_descriptor, sizeof(int));
  }
  while (true) {
    const int64_t sent = calls_->send(descriptor(), message);
    if (sent >= 0) return static_cast<size_t>(sent);
    if (sent == -EAGAIN) return size_t{0};
    if (sent != -EINTR) return failure(static_cast<int>(-sent), "be sent to");
  }
}

Result<size_t> Stream::receive_now(std::span<const iovec> pieces, OwnedDescriptor* received_descriptor) {
  ControlBuffer control;
  msghdr message{};
  message.msg_iov = const_cast<iovec*>(pieces.data());  // recvmsg changes what they point to
  message.msg_iovlen = pieces.size();
  if (received_descriptor != nullptr) {
    message.msg_control = control.bytes.data();
    message.msg_controllen = control.bytes.size();
  }
  while (true) {
    const int64_t received = calls_->receive(descriptor(), message);
    if (received > 0) {
      if (received_descriptor != nullptr) take_descriptors(message, received_descriptor);
      return static_cast<size_t>(received);
    }
    if (received == 0) {
      return Status::error(Code::kUnavailable, text(peer_, ": the peer ended the connection"));
    }
    if (received == -EAGAIN) return size_t{0};
    if (received != -EINTR) return failure(static_cast<int>(-received), "be received from");
  }
}

Status Stream::wait_for(int16_t events, Deadline deadline) {
  pollfd waited{descriptor(), events, 0};
  while (true) {
    const int ready = calls_->poll(std::span(&waited, 1), deadline.remaining_ms());
    if (ready > 0) return Status();
    if (ready < 0 && ready != -EINTR) return failure(-ready, "be waited for");
    if (deadline.expired()) {
      return Status::error(Code::kTimeout, text(peer_, ": the peer did not answer in time; it is busy, or hangs"));
    }
  }
}

void Stream::shut_down() noexcept {
  if (valid()) calls_->shut_down(descriptor());
}

void Stream::close() noexcept { descriptor_.reset(); }

Result<PeerIdentity> Stream::identity() const {
  ucred credentials{};
  socklen_t bytes = sizeof credentials;
  const int asked = calls_->get_option(descriptor(), SOL_SOCKET, SO_PEERCRED, &credentials, &bytes);
  // A TCP socket answers with nobody.
  if (asked < 0 || credentials.uid == static_cast<uid_t>(-1)) {
    return Status::error(Code::kUnsupported, text(peer_, ": the system does not say who the peer is"), -asked);
  }
  return PeerIdentity{credentials.pid, credentials.uid};
}

Result<OwnedDescriptor> Stream::peer_process() const {
  int number = -1;
  socklen_t bytes = sizeof number;
  if (calls_->get_option(descriptor(), SOL_SOCKET, kPeerProcessOption, &number, &bytes) == 0 && number >= 0) {
    return OwnedDescriptor(number);
  }
  Result<PeerIdentity> peer = identity();
  if (!peer.ok()) return peer.status();
  if (peer->process <= 0) {
    return Status::error(Code::kUnsupported, text(peer_, ": the peer's process is not to be seen from here"));
  }
  const int opened = calls_->process_open(peer->process);
  if (opened >= 0) return OwnedDescriptor(opened);
  if (opened == -ESRCH) {
    return Status::error(Code::kNotFound, text(peer_, ": process ", peer->process, " has ended"), -opened);
  }
  return Status::error(Code::kUnsupported,
                       text(peer_, ": process ", peer->process, " cannot be watched: ", errno_text(-opened)), -opened);
}

Status Stream::failure(int error, std::string_view what) const {
  const Code code = is_out_of_memory(error) ? Code::kNoMemory : Code::kUnavailable;
  return Status::error(code, text(peer_, ": nothing can ", what, " the peer: ", errno_text(error)), error);
}

void tune_tcp(int descriptor, SocketCalls& calls) noexcept {
  struct Option {
    int level;
    int name;
    int value;
  };
  constexpr std::array<Option, 5> kOptions{{{IPPROTO_TCP, TCP_NODELAY, 1},
                                            {SOL_SOCKET, SO_KEEPALIVE, 1},
                                            {IPPROTO_TCP, TCP_KEEPIDLE, 30},
                                            {IPPROTO_TCP, TCP_KEEPINTVL, 10},
                                            {IPPROTO_TCP, TCP_KEEPCNT, 3}}};
  for (const Option& option : kOptions) {
    calls.set_option(descriptor, option.level, option.name, &option.value, sizeof option.value);
  }
  if (!stays_on_machine(descriptor, calls)) return;
  calls.set_option(descriptor, SOL_SOCKET, SO_SNDBUF, &kNearSendBytes, sizeof kNearSendBytes);
}

Status check_same_user(const Stream& stream) {
  Result<PeerIdentity> peer = stream.identity();
  if (!peer.ok()) return peer.status();
  if (peer->user == geteuid() || peer->user == 0) return Status();
  return Status::error(Code::kPermission, text(stream.peer(), ": the peer is user ", peer->user, ", and this is user ",
                                               geteuid(), "; only the same user is trusted"));
}

std::span<iovec> advance_pieces(std::span<iovec> pieces, size_t bytes) noexcept {
  while (!pieces.empty() && bytes >= pieces.front().iov_len) {
    bytes -= pieces.front().iov_len;
    pieces = pieces.subspan(1);
  }
  if (!pieces.empty()) {
    pieces.front().iov_base = static_cast<std::byte*>(pieces.front().iov_base) + bytes;
    pieces.front().iov_len -= bytes;
  }
  return pieces;
}

}  // namespace windlass
