#include "volume/control_client.hpp"

#include <sys/epoll.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/clock.hpp"
#include "base/contain.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "volume/control_hub.hpp"
#include "volume/door.hpp"

namespace windlass {

namespace {

// With so much that it has not taken yet, a client is not read from.
constexpr size_t kMostBacklogBytes = 4 * kMiB;
// After so many, others have their turn.
constexpr uint32_t kRequestsAtOnce = 64;
// What counts as getting on, in the middle of something large.
constexpr uint64_t kProgressBytes = 64 * kKiB;
constexpr size_t kKeptOutputBytes = kMiB;

}  // namespace

struct ControlClient::Work {
  std::shared_ptr<ControlClient> client;
  Frame frame;  // in the client's reader, which is left alone meanwhile
  std::vector<std::byte> reply;
  Answer answer;
  Status outcome;
};

ControlClient::ControlClient(ControlHub& hub, std::shared_ptr<Door> door, Stream stream, bool is_unix)
    : hub_(hub), door_(std::move(door)), stream_(std::move(stream)), is_unix_(is_unix), greeting_(make_greeting()) {
  mark_ns_ = now_ns();
}

ControlClient::~ControlClient() = default;

std::unique_ptr<ControlClient::Greeting> ControlClient::make_greeting() {
  auto greeting = std::make_unique<Greeting>();
  greeting->host.secret = door_->secret();
  greeting->host.volume_nonce = hub_.volume().nonce();
  greeting->host.unix_path = hub_.unix_path();
  greeting->host.open_session = [this] { return open_session(); };
  greeting->host.lane_key = [this](uint64_t session) { return hub_.sessions().lane_key(session); };
  return greeting;
}

Status ControlClient::start() {
  watched_ = EPOLLIN;
  return hub_.loop().watch(stream_.descriptor(), watched_, shared_from_this());
}

SessionOptions ControlClient::session_options() const {
  return {.peer = stream_.peer(), .counts_bytes = !is_unix_, .gives_segments = is_unix_, .rdma = door_->rdma()};
}

// For a control connection that has proved itself.
Result<SessionGrant> ControlClient::open_session() {
  if (Status place = door_->take_place(); !place.ok()) return place;
  Status opened = contain([&]() -> Status {
    Result<std::shared_ptr<VolumeSession>> session = hub_.volume().open_session(session_options());
    if (!session.ok()) return session.status();
    Result<SessionGrant> grant = hub_.sessions().add(*session);
    if (!grant.ok()) return grant.status();
    session_ = *std::move(session);
    session_number_ = grant->session;
    return Status();
  });
  if (!opened.ok()) {
    door_->give_place();
    return opened;
  }
  if (is_unix_) {
    Result<OwnedDescriptor> process = stream_.peer_process();
    process_ended_ = process.status().code() == Code::kNotFound;
    if (process.ok()) process_ = *std::move(process);
  }
  hub_.count_admitted();
  return SessionGrant{session_number_, *hub_.sessions().lane_key(session_number_)};
}

void ControlClient::ready(uint32_t events) {
  const std::shared_ptr<ControlClient> self = shared_from_this();
  if ((events & EPOLLOUT) != 0 && !flush()) return peer_ended();
  if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) {
    if (may_read()) {
      receive();
    } else if ((events & (EPOLLHUP | EPOLLERR)) != 0) {
      return peer_ended();
    }
  }
  pump();
}

void ControlClient::failed(const Status& cause) noexcept {
  log(LogLevel::kError, "volume", cause.message());
  close(false);
}

bool ControlClient::may_read() const noexcept {
  return state_ == State::kGreeting || (state_ == State::kServing && backlog() < kMostBacklogBytes);
}

void ControlClient::receive() {
  const bool greets = state_ == State::kGreeting;
  const iovec room = piece_of(greets ? greeting_->handshake.room() : reader_.room());
  Result<size_t> received = stream_.receive_now(std::span(&room, 1));
  if (!received.ok()) return peer_ended();
  if (*received == 0) return;
  if (greets) return take_greeting(*received);
  reader_.arrived(*received);
  note_progress(*received, false);
}

void ControlClient::take_greeting(size_t bytes) {
  Result<bool> admitted = greeting_->handshake.arrived(bytes, output_);
  if (!admitted.ok()) {
    hub_.count_refused();
    log(LogLevel::kWarning, "volume",
        text(door_->address().to_string(), ": refused ", stream_.peer(), ": ", admitted.status().message()));
    state_ = State::kEnding;
  } else if (*admitted) {
    admit();
  }
}

void ControlClient::admit() {
  if (greeting_->handshake.purpose() == Purpose::kLane) {
    // It goes once WELCOME has been sent, which the sockets's empty buffer takes at once.
    if (!flush() || backlog() != 0) return peer_ended();
    return hand_over_lane();
  }
  const std::span<const std::byte> unread = greeting_->handshake.unread();
  for (std::span<const std::byte> left = unread; !left.empty();) {
    const std::span<std::byte> room = reader_.room();
    const size_t bytes = std::min(room.size(), left.size());
    std::memcpy(room.data(), left.data(), bytes);
    reader_.arrived(bytes);
    left = left.subspan(bytes);
  }
  greeting_.reset();
  state_ = State::kServing;
  note_progress(0, true);
}

void ControlClient::hand_over_lane() {
  hub_.loop().forget(stream_.descriptor());
  const std::string peer = stream_.peer();
  Status admitted = hub_.admit_lane(std::move(stream_), greeting_->handshake.session(), greeting_->handshake.unread());
  if (!admitted.ok()) log(LogLevel::kWarning, "volume", text("no lane for ", peer, ": ", admitted.message()));
  close(false);
}

// Serves and sends as long as both get on.
void ControlClient::pump() {
  bool goes_on = true;
  while (goes_on) {
    goes_on = serve();
    if (state_ == State::kClosed) return;
    if (!flush()) return peer_ended();
    goes_on = goes_on && backlog() < kMostBacklogBytes;
  }
  if (state_ == State::kEnding && backlog() == 0) return close(goodbye_);
  update_watch();
}

// Returns whether it stopped because of what waits to be sent, and might go on once that is gone.
bool ControlClient::serve() {
  uint32_t count = 0;
  while (state_ == State::kServing) {
    if (backlog() >= kMostBacklogBytes) return true;
    if (++count > kRequestsAtOnce) {
      if (std::exchange(will_go_on_, true)) return false;
      hub_.loop().post([self = shared_from_this()] {
        self->will_go_on_ = false;
        if (self->state_ != State::kClosed) self->pump();
      });
      return false;
    }
    Result<std::optional<Frame>> frame = reader_.next();
    if (!frame.ok()) {
      cut_off(frame.status());
      return false;
    }
    if (!frame->has_value()) return false;
    note_progress(0, true);
    if (Status taken = take_request(**frame); !taken.ok()) {
      cut_off(taken);
      return false;
    }
  }
  return false;
}

Status ControlClient::take_request(const Frame& frame) {
  if (frame.payload.size() > kLargeRequestBytes) return start_work(frame);
  const size_t position = output_.size();
  Result<Answer> answer = answer_request(frame, *session_, hub_.scratch(), false, output_);
  if (!answer.ok()) return answer.status();
  switch (answer->what) {
    case Answer::What::kWouldWait:
      return start_work(frame);
    case Answer::What::kGoodbye:
      goodbye_ = true;
      state_ = State::kEnding;
      break;
    case Answer::What::kReply:
      if (answer->descriptor.valid()) passengers_.push_back({position, std::move(answer->descriptor)});
      break;
    case Answer::What::kNone:
      break;
  }
  return Status();
}

Status ControlClient::start_work(const Frame& frame) {
  auto work = std::make_shared<Work>();
  work->client = shared_from_this();
  work->frame = frame;
  state_ = State::kWorking;
  Status started = hub_.run_later([work, session = session_, &loop = hub_.loop()] {
    work->outcome = contain([&]() -> Status {
      RequestScratch scratch;
      Result<Answer> answer = answer_request(work->frame, *session, scratch, true, work->reply);
      if (!answer.ok()) return answer.status();
      work->answer = *std::move(answer);
      return Status();
    });
    loop.post([work] { work->client->finish_work(*work); });
  });
  if (!started.ok()) state_ = State::kServing;
  return started;
}

void ControlClient::finish_work(Work& work) {
  if (state_ != State::kWorking) return;  // it has ended meanwhile, and its session with it
  state_ = State::kServing;
  if (!work.outcome.ok()) return cut_off(work.outcome);
  const size_t position = output_.size();
  output_.insert(output_.end(), work.reply.begin(), work.reply.end());
  if (work.answer.descriptor.valid()) passengers_.push_back({position, std::move(work.answer.descriptor)});
  note_progress(0, true);
  pump();
}

bool ControlClient::flush() {
  while (backlog() != 0) {
    size_t end = output_.size();
    int descriptor = -1;
    if (!passengers_.empty()) {
      // A descriptor goes with its byte, and with none before.
      const bool boards = passengers_.front().position == sent_;
      if (boards) descriptor = passengers_.front().descriptor.number();
      const size_t next = boards ? 1 : 0;
      if (passengers_.size() > next) end = std::min(end, passengers_[next].position);
    }
    const iovec piece = piece_of(std::span<const std::byte>(output_).subspan(sent_, end - sent_));
    Result<size_t> sent = stream_.send_now(std::span(&piece, 1), descriptor);
    if (!sent.ok()) return false;
    if (*sent == 0) return true;
    if (descriptor >= 0) passengers_.pop_front();
    sent_ += *sent;
    note_progress(*sent, backlog() == 0);
  }
  output_.clear();
  sent_ = 0;
  if (output_.capacity() > kKeptOutputBytes) output_.shrink_to_fit();
  return true;
}

void ControlClient::update_watch() {
  uint32_t wanted = may_read() ? static_cast<uint32_t>(EPOLLIN) : 0U;
  if (backlog() != 0) wanted |= EPOLLOUT;
  if (wanted == watched_) return;
  if (Status changed = hub_.loop().change(stream_.descriptor(), wanted); !changed.ok()) return failed(changed);
  watched_ = wanted;
}

// A step is a frame, or all that was to be sent; in the middle of one, so many bytes count too.
void ControlClient::note_progress(size_t bytes, bool step_ended) noexcept {
  if (state_ == State::kGreeting) return;  // it has one time limit for all of it
  const bool in_middle = reader_.inside() || backlog() != 0;
  unmarked_bytes_ += bytes;
  if (step_ended || !was_in_middle_ || unmarked_bytes_ >= kProgressBytes) {
    mark_ns_ = now_ns();
    unmarked_bytes_ = 0;
  }
  was_in_middle_ = in_middle;
}

void ControlClient::check_progress(uint64_t now) {
  if (session_ != nullptr) session_->rdma_drop_stale();
  const bool greets = state_ == State::kGreeting;
  if (state_ == State::kClosed || state_ == State::kWorking) return;
  if (!greets && state_ != State::kEnding && !reader_.inside() && backlog() == 0) return;
  const uint64_t limit =
      greets ? static_cast<uint64_t>(std::chrono::nanoseconds(kHandshakeTimeout).count()) : door_->slow_timeout_ns();
  if (now < mark_ns_ + limit) return;
  const std::string_view what = greets           ? "its handshake did not end"
                                : backlog() != 0 ? "it does not take what it is told"
                                                 : "it began a frame and does not end it";
  cut_off(Status::error(Code::kTimeout, text(what, " within ", limit / 1'000'000, " ms")));
}

void ControlClient::cut_off(const Status& cause) {
  hub_.count_cut_off();
  log(LogLevel::kWarning, "volume", text("cut off ", stream_.peer(), ": ", cause.message()));
  close(false);
}

void ControlClient::peer_ended() { close(goodbye_); }

void ControlClient::close(bool said_goodbye) noexcept {
  if (std::exchange(state_, State::kClosed) == State::kClosed) return;
  const std::shared_ptr<ControlClient> self = weak_from_this().lock();
  const std::string& peer = stream_.peer();
  if (stream_.valid()) hub_.loop().forget(stream_.descriptor());
  if (session_number_ != 0) {
    const Status ended = contain([&] {
      hub_.end_session(session_number_, is_unix_ && !said_goodbye && !process_ended_, std::move(process_), peer);
      return Status();
    });
    if (!ended.ok()) log(LogLevel::kError, "volume", ended.message());
    door_->give_place();
  }
  stream_.close();
  passengers_.clear();
  session_.reset();
  hub_.remove(*this);
  door_->connection_ended();
}

}  // namespace windlass
