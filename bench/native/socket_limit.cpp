#include "socket_limit.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <thread>
#include <utility>

#include "base/text.hpp"
#include "host_memory.hpp"
#include "measure.hpp"

namespace windlass::bench {

namespace {

// What a lane is asked: bytes, of which the highest bit says that they are to come from there.
constexpr uint64_t kFromThere = uint64_t{1} << 63;

bool send_all(int lane, const std::byte* source, uint64_t bytes) {
  while (bytes > 0) {
    const ssize_t sent = ::send(lane, source, bytes, MSG_NOSIGNAL);
    if (sent <= 0) return false;
    source += sent;
    bytes -= static_cast<uint64_t>(sent);
  }
  return true;
}

bool receive_all(int lane, std::byte* target, uint64_t bytes) {
  while (bytes > 0) {
    const ssize_t received = ::recv(lane, target, bytes, MSG_WAITALL);
    if (received <= 0) return false;
    target += received;
    bytes -= static_cast<uint64_t>(received);
  }
  return true;
}

// The other side of a lane, until it is closed.
void serve(int lane, std::byte* memory) {
  uint64_t request = 0;
  while (receive_all(lane, reinterpret_cast<std::byte*>(&request), sizeof request)) {
    const uint64_t bytes = request & ~kFromThere;
    const std::byte done{1};
    const bool moved = (request & kFromThere) != 0 ? send_all(lane, memory, bytes)
                                                   : receive_all(lane, memory, bytes) && send_all(lane, &done, 1);
    if (!moved) return;
  }
}

[[noreturn]] void serve_all(const std::vector<OwnedDescriptor>& lanes, uint64_t bytes) {
  HostMemory memory(bytes, Pages::kSmall);
  memory.populate();
  std::vector<std::thread> threads;
  const uint64_t share = bytes / lanes.size();
  for (size_t i = 0; i < lanes.size(); ++i) threads.emplace_back(serve, lanes[i].number(), memory.data() + i * share);
  for (std::thread& each : threads) each.join();
  _exit(0);
}

Status failure(const char* what) { return Status::error(Code::kIo, text(what, ": ", errno_text(errno)), errno); }

// Two ends of a connection over loopback.
Status connect_pair(OwnedDescriptor* here, OwnedDescriptor* there) {
  const OwnedDescriptor listener(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  if (bind(listener.number(), generic, length) != 0 || listen(listener.number(), 1) != 0 ||
      getsockname(listener.number(), generic, &length) != 0) {
    return failure("listening on loopback");
  }
  *here = OwnedDescriptor(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (connect(here->number(), generic, length) != 0) return failure("connecting over loopback");
  *there = OwnedDescriptor(accept4(listener.number(), nullptr, nullptr, SOCK_CLOEXEC));
  if (!there->valid()) return failure("accepting");
  const int yes = 1;
  for (const int end : {here->number(), there->number()}) {
    if (setsockopt(end, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes) != 0) return failure("TCP_NODELAY");
  }
  return Status();
}

}  // namespace

Result<std::unique_ptr<SocketLimit>> SocketLimit::start(uint32_t lanes, uint64_t bytes) {
  std::vector<OwnedDescriptor> here(lanes);
  std::vector<OwnedDescriptor> there(lanes);
  for (uint32_t i = 0; i < lanes; ++i) {
    if (Status connected = connect_pair(&here[i], &there[i]); !connected.ok()) return connected;
  }
  const pid_t process = fork();
  if (process < 0) return failure("fork");
  if (process == 0) {
    here.clear();
    serve_all(there, bytes);
  }
  return std::make_unique<SocketLimit>(process, std::move(here));
}

SocketLimit::SocketLimit(pid_t process, std::vector<OwnedDescriptor> lanes) noexcept
    : process_(process), lanes_(std::move(lanes)) {}

SocketLimit::~SocketLimit() {
  lanes_.clear();
  while (waitpid(process_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

double SocketLimit::cpu_seconds() const { return process_cpu_seconds(process_); }

Status SocketLimit::send(const std::byte* source, uint64_t bytes) {
  std::vector<std::thread> threads;
  std::vector<char> sent(lanes_.size());
  const uint64_t share = bytes / lanes_.size();
  const auto lane = [&](size_t index) {
    const uint64_t first = index * share;
    const uint64_t count = index + 1 == lanes_.size() ? bytes - first : share;
    std::byte done{};
    sent[index] = send_all(lanes_[index].number(), reinterpret_cast<const std::byte*>(&count), sizeof count) &&
                  send_all(lanes_[index].number(), source + first, count) &&
                  receive_all(lanes_[index].number(), &done, 1);
  };
  for (size_t i = 1; i < lanes_.size(); ++i) threads.emplace_back(lane, i);
  lane(0);
  for (std::thread& each : threads) each.join();
  return std::count(sent.begin(), sent.end(), 0) == 0 ? Status() : failure("sending");
}

Status SocketLimit::receive(std::byte* target, uint64_t bytes) {
  std::vector<std::thread> threads;
  std::vector<char> received(lanes_.size());
  const uint64_t share = bytes / lanes_.size();
  const auto lane = [&](size_t index) {
    const uint64_t first = index * share;
    const uint64_t count = index + 1 == lanes_.size() ? bytes - first : share;
    const uint64_t request = count | kFromThere;
    received[index] = send_all(lanes_[index].number(), reinterpret_cast<const std::byte*>(&request), sizeof request) &&
                      receive_all(lanes_[index].number(), target + first, count);
  };
  for (size_t i = 1; i < lanes_.size(); ++i) threads.emplace_back(lane, i);
  lane(0);
  for (std::thread& each : threads) each.join();
  return std::count(received.begin(), received.end(), 0) == 0 ? Status() : failure("receiving");
}

}  // namespace windlass::bench
