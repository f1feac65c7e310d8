#include "volume/control_hub.hpp"

#include <sys/epoll.h>

#include <algorithm>
#include <future>
#include <utility>

#include "base/clock.hpp"
#include "base/contain.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "volume/control_client.hpp"
#include "volume/door.hpp"

namespace windlass {

namespace {

constexpr uint32_t kMostClients = 4096;
constexpr uint64_t kSlowTimeoutNs = 10'000'000'000;
constexpr uint64_t kLongestSweepNs = 1'000'000'000;
constexpr uint64_t kShortestSweepNs = 5'000'000;
constexpr size_t kLeastSecretBytes = 16;
constexpr uint64_t kLanesPerClient = 64;

}  // namespace

// A session whose client is gone as far as its connection says, until the client's process has ended.
class ControlHub::Orphan final : public EventLoop::Handler {
 public:
  Orphan(ControlHub& hub, std::shared_ptr<VolumeSession> session, OwnedDescriptor process, std::string peer)
      : hub_(hub), session_(std::move(session)), process_(std::move(process)), peer_(std::move(peer)) {}

  Status start(std::shared_ptr<Orphan> self) { return hub_.loop_->watch(process_.number(), EPOLLIN, std::move(self)); }
  bool has_process() const noexcept { return process_.valid(); }

  void ready(uint32_t /*events*/) override {
    log(LogLevel::kInfo, "volume", text(peer_, " has ended: what it had is free again"));
    end();
  }
  void failed(const Status& cause) noexcept override {
    log(LogLevel::kError, "volume", cause.message());
    end();
  }

 private:
  void end() noexcept {
    hub_.loop_->forget(process_.number());
    session_->end();
    --hub_.orphans_now_;
    hub_.orphans_.erase(this);
  }

  ControlHub& hub_;
  const std::shared_ptr<VolumeSession> session_;
  const OwnedDescriptor process_;
  const std::string peer_;
};

Result<std::shared_ptr<ControlHub>> ControlHub::open(std::shared_ptr<Volume> volume, SocketCalls* calls) {
  Result<std::shared_ptr<EventLoop>> loop = EventLoop::open("volume control", calls, Vigil::kPatient);
  if (!loop.ok()) return loop.status();
  return std::make_shared<ControlHub>(std::move(volume), *std::move(loop),
                                      calls != nullptr ? *calls : SocketCalls::system());
}

ControlHub::ControlHub(std::shared_ptr<Volume> volume, std::shared_ptr<EventLoop> loop, SocketCalls& calls)
    : volume_(std::move(volume)),
      loop_(std::move(loop)),
      calls_(calls),
      sweep_ns_(kLongestSweepNs),
      worker_("volume", [this] { return do_work(); }) {}

ControlHub::~ControlHub() { close(); }

Result<Address> ControlHub::check_address(std::string_view uri, const ListenOptions& options) const {
  Result<Address> address = parse_address(uri);
  if (!address.ok()) return address;
  if (!options.secret.empty() && options.secret.size() < kLeastSecretBytes) {
    return Status::error(Code::kInvalidArgument, text(uri, ": the secret has ", options.secret.size(),
                                                      " bytes; give at least ", kLeastSecretBytes));
  }
  if (address->kind == Address::Kind::kTcp && options.secret.empty()) {
    Result<bool> local = is_local_only(*address);
    if (!local.ok()) return local.status();
    if (!*local) {
      return Status::error(Code::kPermission,
                           text(uri,
                                " can be reached from other machines, and no secret was given: anybody could read "
                                "and write; give a secret, or listen at 127.0.0.1"));
    }
  }
  return address;
}

Result<std::string> ControlHub::listen(std::string_view uri, const ListenOptions& given) {
  Result<Address> address = check_address(uri, given);
  if (!address.ok()) return address.status();
  ListenOptions options = given;
  if (options.most_clients == 0) options.most_clients = kMostClients;
  if (options.slow_timeout_ns == 0) options.slow_timeout_ns = kSlowTimeoutNs;
  const bool is_unix = address->kind == Address::Kind::kUnix;
  if (is_unix) options.secret.clear();  // there the user is what counts
  const std::lock_guard lock(open_mutex_);
  if (closed_) return Status::error(Code::kState, text(uri, ": the volume does not listen any more; it is closed"));
  Result<Listener> listener = Listener::open(*address, &calls_);
  if (!listener.ok()) return listener.status();
  auto door = std::make_shared<Door>(*this, *std::move(listener), options);
  std::string told = door->address().to_string();
  Status opened = on_loop([this, &door, &options, is_unix] {
    lane_timeout_ns_ = options.slow_timeout_ns;
    // Over Unix sockets lanes are rare.
    if (Status ready = is_unix ? Status() : open_lanes(); !ready.ok()) return ready;
    if (Status watched = door->open(); !watched.ok()) return watched;
    doors_.push_back(door);
    if (door->is_unix() && unix_path_.empty()) unix_path_ = door->address().path;
    sweep_ns_ = std::min(sweep_ns_, std::max(options.slow_timeout_ns / 4, kShortestSweepNs));
    return Status();
  });
  if (!opened.ok()) return opened;
  log(LogLevel::kInfo, "volume", text("listens at ", told));
  return told;
}

// The loop ends only under the same lock that its callers hold, so that the work is done.
Status ControlHub::on_loop(const std::function<Status()>& work) {
  std::promise<Status> done;
  const bool posted = loop_->post([&] { done.set_value(contain(work)); });
  if (!posted) return Status::error(Code::kState, "the volume does not listen any more; it is closed");
  return done.get_future().get();
}

ServerCounts ControlHub::counts() const noexcept {
  return {clients_now_.load(), admitted_.load(), refused_.load(), cut_off_.load(), orphans_now_.load()};
}

void ControlHub::close() noexcept {
  const std::lock_guard lock(open_mutex_);
  if (std::exchange(closed_, true)) return;
  loop_->end();
  worker_.end();
  // Nobody is on the loop's thread any more, so that all of it is ours. Without the loop a client ends its session
  // alone.
  work_.clear();
  doors_.clear();
  clients_.clear();
  lanes_.reset();
  sessions_.end_all();
  orphans_.clear();
  clients_now_ = 0;
  orphans_now_ = 0;
}

void ControlHub::add(const std::shared_ptr<ControlClient>& client) {
  clients_.emplace(client.get(), client);
  ++clients_now_;
  set_sweep();
}

void ControlHub::remove(ControlClient& client) noexcept {
  if (clients_.erase(&client) != 0) --clients_now_;
}

Status ControlHub::open_lanes() {
  if (lanes_ != nullptr) return Status();
  Result<std::unique_ptr<LaneServer>> lanes =
      open_lane_server(sessions_, {.slow_timeout_ns = lane_timeout_ns_, .calls = &calls_});
  if (!lanes.ok()) return lanes.status();
  lanes_ = *std::move(lanes);
  return Status();
}

Status ControlHub::admit_lane(Stream stream, uint64_t session, std::span<const std::byte> unread) {
  if (Status ready = open_lanes(); !ready.ok()) return ready;
  if (lanes_->counts().open >= kLanesPerClient * (sessions_.size() + 1)) {
    return Status::error(Code::kUnavailable, text("there are ", lanes_->counts().open, " lanes already"));
  }
  return lanes_->admit(std::move(stream), session, unread);
}

void ControlHub::end_session(uint64_t number, bool may_touch, OwnedDescriptor process, const std::string& peer) {
  std::shared_ptr<VolumeSession> session = sessions_.take(number);
  if (session == nullptr) return;
  if (lanes_ != nullptr) lanes_->end_session(number);
  const uint64_t slots = may_touch ? session->orphan() : 0;
  if (slots == 0) return session->end();
  adopt(std::move(session), slots, std::move(process), peer);
}

void ControlHub::adopt(std::shared_ptr<VolumeSession> session, uint64_t slots, OwnedDescriptor process,
                       const std::string& peer) {
  const bool watched = process.valid();
  log(watched ? LogLevel::kInfo : LogLevel::kWarning, "volume",
      text("the connection of ", peer, " ended without goodbye: ", slots,
           " slots that it may have mapped are kept until ",
           watched ? "its process has ended" : "the volume closes, as its process cannot be watched"));
  auto orphan = std::make_shared<Orphan>(*this, std::move(session), std::move(process), peer);
  orphans_.emplace(orphan.get(), orphan);
  ++orphans_now_;
  if (!orphan->has_process()) return;
  if (Status started = orphan->start(orphan); !started.ok()) log(LogLevel::kWarning, "volume", started.message());
}

Status ControlHub::run_later(std::function<void()> work) {
  {
    const std::lock_guard lock(work_mutex_);
    work_.push_back(std::move(work));
  }
  Status woken = worker_.wake();
  if (woken.ok()) return woken;
  const std::lock_guard lock(work_mutex_);
  work_.pop_back();
  return woken;
}

bool ControlHub::do_work() {
  std::function<void()> work;
  {
    const std::lock_guard lock(work_mutex_);
    if (work_.empty()) return false;
    work = std::move(work_.front());
    work_.pop_front();
  }
  work();
  return true;
}

void ControlHub::set_sweep() {
  if (sweeping_ || clients_.empty()) return;
  sweeping_ = true;
  loop_->set_timer(now_ns() + sweep_ns_, [this] {
    sweeping_ = false;
    sweep();
    set_sweep();
  });
}

void ControlHub::sweep() {
  const uint64_t now = now_ns();
  // Those who are cut off leave the table.
  for (auto at = clients_.begin(); at != clients_.end();) {
    const std::shared_ptr<ControlClient> client = (at++)->second;
    client->check_progress(now);
  }
}

}  // namespace windlass
