#include "transport/tcp/server_lane.hpp"

#include <sys/epoll.h>

#include <algorithm>
#include <utility>

#include "base/clock.hpp"
#include "base/contain.hpp"
#include "base/log.hpp"
#include "base/text.hpp"

namespace windlass {

namespace {

// What one lane moves before the loop's others have their turn.
constexpr uint64_t kBudgetBytes = 8 * kMiB;
constexpr size_t kDroppedBytes = 64 * kKiB;

}  // namespace

ServerLane::ServerLane(Stream stream, Place place) : stream_(std::move(stream)), place_(std::move(place)) {
  ranges_.reserve(kMaxSlices);
  place_.totals->open.fetch_add(1);
  place_.totals->opened.fetch_add(1);
}

ServerLane::~ServerLane() { place_.totals->open.fetch_sub(1); }

void ServerLane::start() {
  open_ = true;
  watched_events_ = EPOLLIN;
  progress_ns_ = now_ns();
  if (Status watched = place_.loop.watch(stream_.descriptor(), watched_events_, shared_from_this()); !watched.ok()) {
    cut_off(watched);
    return;
  }
  // What came with the handshake is in no socket that would tell of it.
  ready(EPOLLIN);
}

void ServerLane::ready(uint32_t) {
  if (!open_) return;
  budget_bytes_ = kBudgetBytes;
  Result<Progress> gone = go_on();
  if (!gone.ok()) {
    cut_off(gone.status());
    return;
  }
  if (*gone == Progress::kDone) {
    // The budget is spent, and what is held already is in no socket that would tell of it.
    place_.loop.post([lane = weak_from_this()] {
      if (const std::shared_ptr<ServerLane> here = lane.lock()) here->ready(0);
    });
  }
  if (Status updated = update_events(); !updated.ok()) {
    cut_off(updated);
    return;
  }
  watch_progress();
}

void ServerLane::failed(const Status& cause) noexcept { cut_off(cause); }

void ServerLane::close() noexcept {
  if (!std::exchange(open_, false)) return;
  const std::shared_ptr<ServerLane> kept = weak_from_this().lock();
  place_.loop.forget(stream_.descriptor());
  if (timer_ != 0) place_.loop.cancel_timer(std::exchange(timer_, 0));
  stream_.close();
  hold_.reset();
  place_.closed();
}

// Does what can be done without waiting. Returns kDone when the budget is spent.
Result<ServerLane::Progress> ServerLane::go_on() {
  while (budget_bytes_ != 0) {
    if (!output_.empty()) {
      Result<Progress> sent = send();
      if (!sent.ok() || *sent == Progress::kWaits) return sent;
      hold_.reset();
    }
    if (state_ != State::kFrame) {
      if (!input_.arrived()) {
        Result<Progress> received = receive();
        if (!received.ok() || *received == Progress::kWaits) return received;
      }
      if (input_.arrived()) end_write();
      continue;
    }
    Result<Progress> taken = take_frame();
    if (!taken.ok()) return taken;
    if (*taken == Progress::kDone) continue;
    Result<Progress> received = receive();
    if (!received.ok() || *received == Progress::kWaits) return received;
  }
  return Progress::kDone;
}

Result<ServerLane::Progress> ServerLane::receive() {
  Result<size_t> received = input_.receive(stream_);
  if (!received.ok()) return received.status();
  if (*received == 0) return Progress::kWaits;
  progress_ns_ = now_ns();
  budget_bytes_ -= std::min<uint64_t>(budget_bytes_, *received);
  place_.totals->received_bytes.fetch_add(*received, std::memory_order_relaxed);
  return Progress::kDone;
}

Result<ServerLane::Progress> ServerLane::send() {
  while (!output_.empty()) {
    Result<size_t> sent = output_.send(stream_);
    if (!sent.ok()) return sent.status();
    if (*sent == 0) return Progress::kWaits;
    progress_ns_ = now_ns();
    budget_bytes_ -= std::min<uint64_t>(budget_bytes_, *sent);
    place_.totals->sent_bytes.fetch_add(*sent, std::memory_order_relaxed);
  }
  return Progress::kDone;
}

// Begins what the next frame asks for; kWaits if it has not arrived yet.
Result<ServerLane::Progress> ServerLane::take_frame() {
  const std::span<const std::byte> held = input_.held();
  if (held.size() < kFrameHeaderBytes) return Progress::kWaits;
  Result<FrameHeader> header = parse_frame_header(held.first(kFrameHeaderBytes), kMaxLanePayloadBytes);
  if (!header.ok()) return header.status();
  if (header->flags != 0) return Status::error(Code::kCorrupt, text("a frame has the flags ", header->flags));
  switch (static_cast<LaneFrame>(header->type)) {
    case LaneFrame::kWrite:
    case LaneFrame::kRead:
      return take_slices(*header);
    case LaneFrame::kEnd: {
      if (Status taken = take_end(*header); !taken.ok()) return taken;
      return Progress::kDone;
    }
    case LaneFrame::kDone:
    case LaneFrame::kBytes:
      break;
  }
  return Status::error(Code::kCorrupt, text("a frame of type ", header->type, ", which a lane does not take, came"));
}

Result<ServerLane::Progress> ServerLane::take_slices(const FrameHeader& header) {
  const std::span<const std::byte> payload = input_.held().subspan(kFrameHeaderBytes);
  if (header.payload_bytes < kTableHeadBytes) {
    return Status::error(Code::kCorrupt, text("a frame of type ", header.type, " is too short for its table"));
  }
  if (payload.size() < kTableHeadBytes) return Progress::kWaits;
  Result<size_t> table_bytes = parse_table_bytes(header, payload.first(kTableHeadBytes));
  if (!table_bytes.ok()) return table_bytes.status();
  if (payload.size() < *table_bytes) return Progress::kWaits;
  Result<uint64_t> bytes = parse_slices(header, payload.first(*table_bytes), ranges_);
  if (!bytes.ok()) return bytes.status();
  input_.take(kFrameHeaderBytes + *table_bytes);
  const bool writing = header.type == static_cast<uint16_t>(LaneFrame::kWrite);
  if (Status begun = writing ? begin_write(header, *bytes) : begin_read(header, *bytes); !begun.ok()) return begun;
  return Progress::kDone;
}

Status ServerLane::begin_write(const FrameHeader& header, uint64_t bytes) {
  if (in_batch_ && header.id != batch_) {
    return Status::error(Code::kCorrupt, text("batch ", header.id, " began before batch ", batch_, " ended"));
  }
  if (!std::exchange(in_batch_, true)) refusal_ = Status();
  batch_ = header.id;
  Result<std::unique_ptr<LaneHold>> held = place_.access.hold(place_.session, ranges_, MapFor::kWriting);
  if (!held.ok()) {
    if (refusal_.ok()) refusal_ = held.status();
    drop_bytes(bytes);
    return Status();
  }
  hold_ = *std::move(held);
  state_ = State::kWriting;
  input_.direct(hold_->parts());
  return Status();
}

void ServerLane::drop_bytes(uint64_t bytes) {
  dropped_.resize(kDroppedBytes);
  std::vector<std::span<std::byte>> targets;
  for (uint64_t left = bytes; left != 0;) {
    const size_t part = static_cast<size_t>(std::min<uint64_t>(left, kDroppedBytes));
    targets.emplace_back(dropped_.data(), part);
    left -= part;
  }
  state_ = State::kDropping;
  input_.direct(targets);
}

void ServerLane::end_write() noexcept {
  if (state_ == State::kWriting) hold_->finish();
  hold_.reset();
  state_ = State::kFrame;
}

Status ServerLane::take_end(const FrameHeader& header) {
  if (header.payload_bytes != 0 || (in_batch_ && header.id != batch_)) {
    return Status::error(Code::kCorrupt, text("the end of batch ", header.id, " is not the end of what was begun"));
  }
  input_.take(kFrameHeaderBytes);
  output_.clear();
  append_done(output_.heads(), header.id, in_batch_ ? refusal_ : Status());
  output_.add_head(0);
  output_.ready();
  in_batch_ = false;
  refusal_ = Status();
  return Status();
}

Status ServerLane::begin_read(const FrameHeader& header, uint64_t bytes) {
  if (in_batch_) return Status::error(Code::kCorrupt, text("a read came before batch ", batch_, " of writes ended"));
  Result<std::unique_ptr<LaneHold>> held = place_.access.hold(place_.session, ranges_, MapFor::kReading);
  output_.clear();
  append_bytes_head(output_.heads(), header.id, held.status(), bytes);
  output_.add_head(0);
  if (held.ok()) {
    hold_ = *std::move(held);
    for (const std::span<std::byte> part : hold_->parts()) output_.add(part);
  }
  output_.ready();
  return Status();
}

bool ServerLane::busy() const noexcept { return !output_.empty() || state_ != State::kFrame || !input_.held().empty(); }

// A lane that is in the middle of something is looked at again when it may have been so for too long.
void ServerLane::watch_progress() {
  if (timer_ != 0 || !open_ || !busy()) return;
  timer_ = place_.loop.set_timer(progress_ns_ + place_.slow_timeout_ns, [lane = weak_from_this()] {
    if (const std::shared_ptr<ServerLane> here = lane.lock()) here->check_progress();
  });
}

void ServerLane::check_progress() {
  timer_ = 0;
  if (!open_ || !busy()) return;
  if (now_ns() < progress_ns_ + place_.slow_timeout_ns) {
    watch_progress();
    return;
  }
  cut_off(Status::error(
      Code::kTimeout, output_.empty() ? "it began a frame and does not end it" : "it does not read what it asked for"));
}

Status ServerLane::update_events() {
  const uint32_t wanted = output_.empty() ? static_cast<uint32_t>(EPOLLIN) : static_cast<uint32_t>(EPOLLOUT);
  if (wanted == watched_events_) return Status();
  watched_events_ = wanted;
  return place_.loop.change(stream_.descriptor(), wanted);
}

// Ends the lane for a reason; one that its client ended between two frames just ends.
void ServerLane::cut_off(const Status& cause) noexcept {
  if (!open_) return;
  const bool by_client = cause.code() == Code::kUnavailable;
  if (!by_client) place_.totals->cut_off.fetch_add(1);
  if (!by_client || busy() || in_batch_) {
    const Status told = contain([&] {
      log(LogLevel::kWarning, "transport",
          text("a lane of session ", place_.session, " from ", stream_.peer(),
               by_client ? " broke: " : " was cut off: ", cause.message()));
      return Status();
    });
    static_cast<void>(told);
  }
  close();
}

}  // namespace windlass
