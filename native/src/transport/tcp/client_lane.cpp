#include "transport/tcp/client_lane.hpp"

#include <poll.h>

#include <algorithm>

#include "base/text.hpp"
#include "transport/status_fields.hpp"
#include "transport/wire.hpp"

namespace windlass {

namespace {

// Asked for ahead, so that the volume always has the next to send.
constexpr size_t kReadsAhead = 3;

}  // namespace

Result<std::unique_ptr<ClientLane>> ClientLane::open(const LaneRoute& route, Deadline deadline, SocketCalls& calls) {
  Result<Stream> stream = Stream::connect(route.address, deadline, &calls);
  if (!stream.ok()) return stream.status();
  const Greeting greeting{Purpose::kLane, route.secret, route.grant};
  const Deadline limit = Deadline::after(std::min<std::chrono::nanoseconds>(deadline.remaining(), kHandshakeTimeout));
  Result<Welcome> welcome = shake_hands(*stream, greeting, limit);
  if (!welcome.ok()) return welcome.status();
  return std::make_unique<ClientLane>(*std::move(stream));
}

void ClientLane::begin(SliceSource& source, Deadline deadline) noexcept {
  source_ = &source;
  deadline_ = deadline;
  state_ = State::kBusy;
  ++batch_;
  sent_slices_ = false;
  sent_end_ = false;
  directed_ = false;
  refusal_ = Status();
}

int16_t ClientLane::wanted_events() const noexcept {
  if (output_.empty()) return POLLIN;
  // While it answers reads, the volume may wait for us before it takes further ones.
  return static_cast<int16_t>(reading_.empty() ? POLLOUT : POLLOUT | POLLIN);
}

bool ClientLane::usable() noexcept {
  if (state_ != State::kIdle || !input_.held().empty()) return false;
  // Nothing comes on an idle lane but its end.
  pollfd asked{descriptor(), POLLIN, 0};
  return stream_.calls().poll(std::span(&asked, 1), 0) == 0;
}

Result<bool> ClientLane::go_on() {
  Result<bool> done = step();
  if (!done.ok()) state_ = State::kBroken;
  if (done.ok() && *done) {
    state_ = State::kIdle;
    source_ = nullptr;
  }
  return done;
}

Result<bool> ClientLane::step() { return source_->writing() ? step_write() : step_read(); }

Result<bool> ClientLane::step_write() {
  while (!sent_end_ || !output_.empty()) {
    if (Status timely = check_time(); !timely.ok()) return timely;
    if (output_.empty()) fill_write();
    if (output_.empty()) return true;  // the others took everything
    Result<bool> flushed = flush();
    if (!flushed.ok() || !*flushed) return flushed;
  }
  return take_reply_head(LaneFrame::kDone);
}

void ClientLane::fill_write() {
  output_.clear();
  std::vector<std::byte>& heads = output_.heads();
  if (source_->next(writing_)) {
    append_slices(heads, LaneFrame::kWrite, batch_, writing_.ranges);
    output_.add_head(0);
    for (const std::span<std::byte> part : writing_.parts) output_.add(part);
    sent_slices_ = true;
  }
  // With the last bytes, so that a small batch is one call.
  if (sent_slices_ && source_->exhausted()) {
    const size_t from = heads.size();
    append_end(heads, batch_);
    output_.add_head(from);
    sent_end_ = true;
  }
  output_.ready();
}

Result<bool> ClientLane::step_read() {
  while (true) {
    if (Status timely = check_time(); !timely.ok()) return timely;
    // Asking comes first, so that the next is on its way while this one arrives.
    while (output_.empty() && reading_.size() < kReadsAhead && fill_read()) {
      Result<bool> flushed = flush();
      if (!flushed.ok()) return flushed;
    }
    if (!output_.empty()) {
      Result<bool> flushed = flush();
      if (!flushed.ok()) return flushed;
    }
    if (reading_.empty()) return output_.empty();
    if (!directed_) {
      Result<bool> headed = take_reply_head(LaneFrame::kBytes);
      if (!headed.ok() || !*headed) return headed;
      continue;
    }
    while (!input_.arrived()) {
      Result<size_t> received = input_.receive(stream_);
      if (!received.ok()) return received.status();
      if (*received == 0) return false;
    }
    directed_ = false;
    reading_.pop_front();
  }
}

bool ClientLane::fill_read() {
  output_.clear();
  SliceBatch next;
  if (!source_->next(next)) return false;
  reading_.push_back(std::move(next));
  append_slices(output_.heads(), LaneFrame::kRead, batch_, reading_.back().ranges);
  output_.add_head(0);
  output_.ready();
  return true;
}

Result<bool> ClientLane::flush() {
  while (!output_.empty()) {
    Result<size_t> sent = output_.send(stream_);
    if (!sent.ok()) return sent.status();
    if (*sent == 0) return false;
  }
  return true;
}

Result<bool> ClientLane::receive_held(size_t bytes) {
  while (input_.held().size() < bytes) {
    Result<size_t> received = input_.receive(stream_);
    if (!received.ok()) return received.status();
    if (*received == 0) return false;
  }
  return true;
}

// Takes the header and the status of the next reply; of BYTES, what follows is directed to where it shall go. Returns
// false if it has not arrived yet.
Result<bool> ClientLane::take_reply_head(LaneFrame expected) {
  Result<bool> there = receive_held(kFrameHeaderBytes);
  if (!there.ok() || !*there) return there;
  Result<FrameHeader> header = parse_frame_header(input_.held().first(kFrameHeaderBytes), kMaxLanePayloadBytes);
  if (!header.ok()) return header.status().with_prefix(stream_.peer());
  if (header->type != static_cast<uint16_t>(expected) || header->flags != 0 || header->id != batch_) {
    return malformed("an answer to something that was not asked came");
  }
  const uint64_t data_bytes = expected == LaneFrame::kBytes ? reading_.front().bytes : 0;
  there = receive_held(kFrameHeaderBytes + kStatusBytes);
  if (!there.ok() || !*there) return there;
  // Bytes follow an OK, and a message anything else.
  const bool success = load_number<uint32_t>(input_.held().data() + kFrameHeaderBytes) == 0;
  const size_t status_bytes = success ? kStatusBytes : header->payload_bytes;
  if (success ? header->payload_bytes != kStatusBytes + data_bytes : status_bytes > kMaxStatusBytes) {
    return malformed("an answer that is not as long as was asked came");
  }
  there = receive_held(kFrameHeaderBytes + status_bytes);
  if (!there.ok() || !*there) return there;
  Decoder in(input_.held().subspan(kFrameHeaderBytes, status_bytes));
  Status said = decode_status(in);
  if (!in.finished() || said.ok() != success) return malformed("an answer with a malformed status came");
  input_.take(kFrameHeaderBytes + status_bytes);
  if (!said.ok()) {
    if (refusal_.ok()) refusal_ = said.with_prefix(stream_.peer());
    source_->stop();
    if (expected == LaneFrame::kBytes) reading_.pop_front();
  } else if (expected == LaneFrame::kBytes) {
    input_.direct(reading_.front().parts);
    directed_ = true;
  }
  return true;
}

// For a peer that keeps a lane busy for longer than the call may take.
Status ClientLane::check_time() const {
  if (!deadline_.expired()) return Status();
  return Status::error(Code::kTimeout, text(stream_.peer(),
                                            ": not all bytes were moved in time; give more time, or see "
                                            "what keeps the volume busy"));
}

Status ClientLane::malformed(std::string_view what) const {
  return Status::error(Code::kCorrupt,
                       text(stream_.peer(), ": ", what, " over a lane; the volume does not keep to the protocol"));
}

}  // namespace windlass
