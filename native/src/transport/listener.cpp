#include "transport/listener.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/deadline.hpp"
#include "base/text.hpp"

namespace windlass {

namespace {

constexpr int kBacklog = 4096;
constexpr std::chrono::seconds kLockTimeout{2};
constexpr std::chrono::seconds kProbeTimeout{2};

Status failure(const Address& address, std::string_view what, int error) {
  Code code = Code::kIo;
  if (error == EACCES || error == EPERM) code = Code::kPermission;
  if (error == EADDRINUSE) code = Code::kState;
  if (error == EADDRNOTAVAIL) code = Code::kNotFound;
  if (error == EMFILE || error == ENFILE || error == ENOMEM || error == ENOBUFS) code = Code::kNoMemory;
  const std::string_view way_out = code == Code::kState        ? "; somebody listens there: choose another address"
                                   : code == Code::kNotFound   ? "; the host is none of this machine's"
                                   : code == Code::kPermission ? "; choose an address that this user may use"
                                   : code == Code::kNoMemory   ? "; raise the limit of open files (ulimit -n)"
                                                               : "";
  return Status::error(code, text(address.to_string(), ": cannot ", what, ": ", errno_text(error), way_out), error);
}

std::string folder_of(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == 0 ? "/" : path.substr(0, slash);
}

// The directory of names: there, ours, and closed to others, so that nobody else puts a socket into it.
Status prepare_folder(const Address& address, SocketCalls& calls) {
  if (address.name.empty()) return Status();
  const std::string folder = folder_of(address.path);
  const int made = calls.make_directory(folder.c_str(), 0700);
  if (made < 0 && made != -EEXIST) return failure(address, text("make the directory ", folder), -made);
  struct stat found {};
  if (const int asked = calls.status(folder.c_str(), &found); asked < 0) {
    return failure(address, text("look at the directory ", folder), -asked);
  }
  if (!S_ISDIR(found.st_mode) || found.st_uid != geteuid() || (found.st_mode & 077U) != 0) {
    return Status::error(Code::kPermission,
                         text(address.to_string(), ": ", folder, " must be a directory of user ", geteuid(),
                              " that is closed to others (mode 0700); remove it, or set XDG_RUNTIME_DIR"));
  }
  return Status();
}

// Keeps others from replacing a socket file at the same time; without a lock where the directory cannot be opened.
Result<OwnedDescriptor> lock_folder(const Address& address, SocketCalls& calls) {
  const std::string folder = folder_of(address.path);
  const Deadline deadline = Deadline::after(kLockTimeout);
  while (true) {
    const int locked = calls.lock_directory(folder.c_str());
    if (locked >= 0) return OwnedDescriptor(locked);
    if (locked == -ENOENT) return failure(address, text("open the directory ", folder), -locked);
    if (locked != -EWOULDBLOCK && locked != -EINTR) return OwnedDescriptor();
    if (deadline.expired()) {
      return Status::error(Code::kState, text(address.to_string(), ": somebody else has ", folder,
                                              " locked, to listen there too; try again"));
    }
    calls.poll({}, 5);
  }
}

// Removes a socket file that nobody listens at. Errors: kState; kInvalidArgument (it is no socket).
Status remove_dead(const Address& address, SocketCalls& calls) {
  struct stat found {};
  const int asked = calls.status(address.path.c_str(), &found);
  if (asked == -ENOENT) return Status();
  if (asked < 0) return failure(address, "look at the socket", -asked);
  if (!S_ISSOCK(found.st_mode)) {
    return Status::error(Code::kInvalidArgument,
                         text(address.to_string(), ": ", address.path, " is there, and is no socket; choose another"));
  }
  Result<Stream> alive = Stream::connect(address, Deadline::after(kProbeTimeout), &calls);
  // Whatever keeps us from connecting, save that nobody listens, is no proof that nobody does.
  if (alive.ok() || alive.status().system_code() != ECONNREFUSED) return failure(address, "listen", EADDRINUSE);
  const int removed = calls.unlink(address.path.c_str());
  return removed < 0 && removed != -ENOENT ? failure(address, "remove the dead socket", -removed) : Status();
}

std::string peer_text(const sockaddr_storage& from) {
  std::array<char, INET6_ADDRSTRLEN> host{};
  if (from.ss_family == AF_INET) {
    const auto& four = reinterpret_cast<const sockaddr_in&>(from);
    if (inet_ntop(AF_INET, &four.sin_addr, host.data(), host.size()) == nullptr) return "a TCP client";
    return text(host.data(), ":", ntohs(four.sin_port));
  }
  if (from.ss_family == AF_INET6) {
    const auto& six = reinterpret_cast<const sockaddr_in6&>(from);
    if (inet_ntop(AF_INET6, &six.sin6_addr, host.data(), host.size()) == nullptr) return "a TCP client";
    return text("[", host.data(), "]:", ntohs(six.sin6_port));
  }
  return "a client";
}

}  // namespace

Listener::Listener(OwnedDescriptor descriptor, Address address, SocketCalls& calls) noexcept
    : descriptor_(std::move(descriptor)), address_(std::move(address)), calls_(&calls) {}

Listener::Listener(Listener&& other) noexcept = default;

Listener& Listener::operator=(Listener&& other) noexcept {
  if (this == &other) return *this;
  close();
  descriptor_ = std::move(other.descriptor_);
  address_ = std::move(other.address_);
  calls_ = other.calls_;
  file_device_ = other.file_device_;
  file_number_ = other.file_number_;
  return *this;
}

Result<Listener> Listener::open(const Address& address, SocketCalls* calls) {
  SocketCalls& used = calls != nullptr ? *calls : SocketCalls::system();
  return address.kind == Address::Kind::kUnix ? open_unix(address, used) : open_tcp(address, used);
}

Result<Listener> Listener::open_unix(const Address& address, SocketCalls& calls) {
  if (Status ready = prepare_folder(address, calls); !ready.ok()) return ready;
  const Result<OwnedDescriptor> lock = lock_folder(address, calls);
  if (!lock.ok()) return lock.status();
  if (Status removed = remove_dead(address, calls); !removed.ok()) return removed;
  OwnedDescriptor descriptor(calls.socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK));
  if (!descriptor.valid()) return failure(address, "make a socket", -descriptor.number());
  sockaddr_un target{};
  target.sun_family = AF_UNIX;
  if (address.path.size() >= sizeof target.sun_path) return failure(address, "listen", ENAMETOOLONG);
  std::memcpy(target.sun_path, address.path.data(), address.path.size());
  const int bound = calls.bind(descriptor.number(), reinterpret_cast<const sockaddr*>(&target), sizeof target);
  if (bound < 0) return failure(address, "listen", -bound);
  // From here on the file is ours: the listener's end removes it.
  Listener listener(std::move(descriptor), address, calls);
  struct stat file {};
  if (const int asked = calls.status(address.path.c_str(), &file); asked < 0) {
    calls.unlink(address.path.c_str());
    return failure(address, "look at the socket", -asked);
  }
  listener.file_device_ = file.st_dev;
  listener.file_number_ = file.st_ino;
  int done = calls.set_mode(address.path.c_str(), 0600);
  if (done >= 0) done = calls.listen(listener.descriptor(), kBacklog);
  if (done < 0) return failure(address, "listen", -done);
  return listener;
}

Result<Listener> Listener::open_tcp(const Address& address, SocketCalls& calls) {
  Result<std::vector<ResolvedAddress>> targets = resolve(address, true);
  if (!targets.ok()) return targets.status();
  Status first_failure;
  for (const ResolvedAddress& target : *targets) {
    OwnedDescriptor descriptor(calls.socket(target.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK));
    int done = descriptor.number();
    const int on = 1;
    if (done >= 0) done = calls.set_option(descriptor.number(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (done >= 0) done = calls.bind(descriptor.number(), target.get(), target.bytes);
    if (done >= 0) done = calls.listen(descriptor.number(), kBacklog);
    ResolvedAddress own;
    own.bytes = sizeof own.storage;
    if (done >= 0) {
      done = calls.local_address(descriptor.number(), reinterpret_cast<sockaddr*>(&own.storage), &own.bytes);
    }
    if (done < 0) {
      if (first_failure.ok()) first_failure = failure(address, "listen", -done);
      continue;
    }
    Address named = address;
    named.port = ntohs(own.storage.ss_family == AF_INET6 ? reinterpret_cast<const sockaddr_in6&>(own.storage).sin6_port
                                                         : reinterpret_cast<const sockaddr_in&>(own.storage).sin_port);
    return Listener(std::move(descriptor), std::move(named), calls);
  }
  return first_failure;
}

Result<std::optional<Stream>> Listener::accept_now() {
  while (true) {
    sockaddr_storage from{};
    socklen_t bytes = sizeof from;
    const int accepted = calls_->accept(descriptor(), reinterpret_cast<sockaddr*>(&from), &bytes);
    if (accepted >= 0) {
      Stream stream(OwnedDescriptor(accepted), peer_text(from), *calls_);
      if (address_.kind == Address::Kind::kTcp) {
        tune_tcp(accepted, *calls_);
      } else if (const Result<PeerIdentity> peer = stream.identity(); peer.ok()) {
        stream.set_peer(text("process ", peer->process, " of user ", peer->user));
      }
      return std::optional<Stream>(std::move(stream));
    }
    switch (-accepted) {
      case EINTR:
        continue;
      case EMFILE:
      case ENFILE:
      case ENOMEM:
      case ENOBUFS:
      case EBADF:
      case EINVAL:
      case ENOTSOCK:
        return failure(address_, "accept a connection", -accepted);
      default:
        // Nobody waits, or whoever did has gone, or what its network had to say of it.
        return std::optional<Stream>();
    }
  }
}

void Listener::close() noexcept {
  if (!valid()) return;
  // While it still listens, nobody takes the file for a dead one's and puts another there.
  if (file_number_ != 0) {
    struct stat file {};
    const bool ours =
        calls_->status(address_.path.c_str(), &file) == 0 && file.st_dev == file_device_ && file.st_ino == file_number_;
    if (ours) calls_->unlink(address_.path.c_str());
  }
  descriptor_.reset();
}

}  // namespace windlass
