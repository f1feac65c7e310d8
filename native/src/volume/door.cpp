#include "volume/door.hpp"

#include <sys/epoll.h>

#include <optional>
#include <utility>

#include "base/clock.hpp"
#include "base/contain.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "volume/control_client.hpp"
#include "volume/control_hub.hpp"

namespace windlass {

namespace {

// Connections that are still in their handshake, or are being refused, beyond those that may have a session.
constexpr uint64_t kSpareConnections = 128;
constexpr uint32_t kAcceptsAtOnce = 64;
constexpr uint64_t kPauseNs = 100'000'000;

}  // namespace

Door::Door(ControlHub& hub, Listener listener, const ListenOptions& options)
    : hub_(hub), listener_(std::move(listener)), options_(options) {
  if (!options_.rdma || is_unix()) return;
  RdmaWish wish;
  wish.device = options_.rdma_device;
  wish.address = address().host;
  rdma_ = open_rdma_host(wish);
}

Status Door::open() { return hub_.loop().watch(listener_.descriptor(), EPOLLIN, shared_from_this()); }

void Door::ready(uint32_t /*events*/) {
  for (uint32_t count = 0; count < kAcceptsAtOnce; ++count) {
    if (connections_ >= options_.most_clients + kSpareConnections) return pause(0);
    Result<std::optional<Stream>> accepted = listener_.accept_now();
    if (!accepted.ok()) {
      log(LogLevel::kWarning, "volume",
          text(address().to_string(), ": nobody can be let in for now: ", accepted.status().message()));
      return pause(now_ns() + kPauseNs);
    }
    if (!accepted->has_value()) return;
    accept_one(**std::move(accepted));
  }
}

void Door::accept_one(Stream stream) {
  if (is_unix()) {
    if (Status same = check_same_user(stream); !same.ok()) {
      hub_.count_refused();
      log(LogLevel::kWarning, "volume", text(address().to_string(), ": refused ", stream.peer(), ": ", same.message()));
      return;
    }
  }
  auto client = std::make_shared<ControlClient>(hub_, shared_from_this(), std::move(stream), is_unix());
  hub_.add(client);
  ++connections_;
  if (Status started = client->start(); !started.ok()) client->failed(started);
}

void Door::failed(const Status& cause) noexcept {
  log(LogLevel::kError, "volume", cause.message());
  // Memory ran out while somebody was let in, which is no reason to let nobody in for ever.
  const Status set = contain([this] {
    hub_.loop().set_timer(now_ns() + kPauseNs, [door = shared_from_this()] {
      if (Status opened = door->open(); !opened.ok()) door->failed(opened);
    });
    return Status();
  });
  if (!set.ok()) log(LogLevel::kError, "volume", "nobody is let in any more at an address, as memory ran out");
}

Status Door::take_place() {
  if (places_taken_ >= options_.most_clients) {
    return Status::error(Code::kUnavailable, text("the volume has ", places_taken_,
                                                  " clients, the most it lets in at this address; close one, or open "
                                                  "the volume with more"));
  }
  ++places_taken_;
  return Status();
}

void Door::connection_ended() noexcept {
  --connections_;
  if (paused_) resume();
}

// again_ns: when to try again at the latest; 0: when a connection has ended.
void Door::pause(uint64_t again_ns) {
  paused_ = true;
  static_cast<void>(hub_.loop().change(listener_.descriptor(), 0).ok());
  if (again_ns == 0) return;
  hub_.loop().set_timer(again_ns, [door = shared_from_this()] { door->resume(); });
}

void Door::resume() noexcept {
  if (!paused_) return;
  paused_ = false;
  static_cast<void>(hub_.loop().change(listener_.descriptor(), EPOLLIN).ok());
}

}  // namespace windlass
