#include "volume/control_channel.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/contain.hpp"
#include "base/text.hpp"
#include "volume/replies.hpp"

namespace windlass {

namespace {

// A volume that owes so many answers will not give them any more.
constexpr size_t kMostForgotten = 4096;
constexpr std::chrono::hours kLongestWait{1};

bool changes_something(Message type) noexcept {
  return type == Message::kCommit || type == Message::kPutInline || type == Message::kRemove;
}

template <typename Predicate>
bool wait_until(std::condition_variable& changed, std::unique_lock<std::mutex>& lock, Deadline deadline,
                Predicate&& predicate) {
  while (!predicate()) {
    if (deadline.expired()) return false;
    changed.wait_for(lock, std::min<std::chrono::nanoseconds>(deadline.remaining(), kLongestWait));
  }
  return true;
}

}  // namespace

ControlChannel::ControlChannel(Stream stream, const Welcome& welcome, uint64_t number)
    : stream_(std::move(stream)), welcome_(welcome), number_(number) {}

bool ControlChannel::alive() {
  Lock lock(mutex_);
  if (!broken_.ok()) return false;
  if (reading_) return true;
  reading_ = true;
  Result<size_t> came = read_now(lock);
  reading_ = false;
  if (!came.ok()) break_off(came.status());
  let_read();
  return came.ok();
}

Result<ChannelReply> ControlChannel::call(std::span<const std::byte> frame, uint64_t id, Message type,
                                          Deadline deadline) {
  Lock lock(mutex_);
  if (!broken_.ok()) return broken_status(type);
  Waiting mine;
  mine.type = type;
  waiting_.emplace(id, &mine);
  Status outcome = send(lock, frame, deadline);
  const bool sent = outcome.ok();
  if (sent) outcome = await(lock, mine, deadline);
  waiting_.erase(id);
  if (mine.done) {
    give_back_late(lock);
    return std::move(mine.reply);
  }
  if (!broken_.ok() && outcome.code() != Code::kTimeout) return broken_status(type);
  if (sent && broken_.ok()) {
    forgotten_.emplace(id, type);
    if (forgotten_.size() > kMostForgotten) {
      break_off(Status::error(Code::kUnavailable, text(peer(), ": the volume does not answer")));
    }
  }
  return Status::error(Code::kTimeout,
                       text(peer(), ": no answer to ", message_name(static_cast<uint16_t>(type)),
                            " within the time limit; the volume is busy, or hangs",
                            changes_something(type) && sent ? "; it may be carried out all the same" : ""));
}

Status ControlChannel::post(std::span<const std::byte> frame, Deadline deadline) {
  Lock lock(mutex_);
  if (!broken_.ok()) return broken_;
  return send(lock, frame, deadline);
}

// A frame that was sent in part is the end of the channel; one that was not begun is not.
Status ControlChannel::send(Lock& lock, std::span<const std::byte> frame, Deadline deadline) {
  if (!wait_until(send_turn_, lock, deadline, [this] { return !sending_ || !broken_.ok(); })) {
    return Status::error(Code::kTimeout, text(peer(), ": others are still sending"));
  }
  if (!broken_.ok()) return broken_;
  sending_ = true;
  lock.unlock();
  Status sent = send_pieces(frame, deadline);
  lock.lock();
  sending_ = false;
  send_turn_.notify_one();
  if (!sent.ok()) break_off(sent);
  return sent;
}

Status ControlChannel::send_pieces(std::span<const std::byte> frame, Deadline deadline) {
  while (!frame.empty()) {
    const iovec piece = piece_of(frame);
    Result<size_t> sent = stream_.send_now(std::span(&piece, 1));
    if (!sent.ok()) return sent.status();
    frame = frame.subspan(*sent);
    if (*sent != 0) continue;
    // The volume does not read as long as its own answers are not read: if nobody does, it is up to us.
    Lock lock(mutex_);
    const bool reads = !reading_;
    if (reads) reading_ = true;
    lock.unlock();
    Status waited = stream_.wait_for(static_cast<int16_t>(reads ? POLLIN | POLLOUT : POLLOUT), deadline);
    if (reads) {
      lock.lock();
      Result<size_t> came = read_now(lock);
      reading_ = false;
      let_read();
      if (!came.ok()) return came.status();
    }
    if (!waited.ok()) return waited;
  }
  return Status();
}

Status ControlChannel::await(Lock& lock, Waiting& mine, Deadline deadline) {
  while (!mine.done && broken_.ok()) {
    if (!reading_) return read_for(lock, mine, deadline);
    const bool in_time =
        wait_until(mine.changed, lock, deadline, [this, &mine] { return mine.done || !reading_ || !broken_.ok(); });
    if (!in_time) return Status::error(Code::kTimeout, "the time is over");
  }
  return broken_;
}

// Reads until the own reply has come, or the time is over.
Status ControlChannel::read_for(Lock& lock, Waiting& mine, Deadline deadline) {
  reading_ = true;
  Status outcome;
  vigil_.begin();
  while (!mine.done && broken_.ok()) {
    Result<size_t> came = read_now(lock);
    if (!came.ok()) {
      break_off(came.status());
      outcome = broken_;
    } else if (*came == 0) {
      lock.unlock();
      if (vigil_.looks_on()) {
        lock.lock();
        continue;
      }
      outcome = stream_.wait_for(POLLIN, deadline);
      lock.lock();
      if (!outcome.ok()) break;
    }
  }
  vigil_.end();
  reading_ = false;
  let_read();
  return outcome;
}

Result<size_t> ControlChannel::read_now(Lock& lock) {
  lock.unlock();
  size_t bytes = 0;
  Status outcome = contain([&]() -> Status {
    const iovec room = piece_of(reader_.room());
    OwnedDescriptor descriptor;
    Result<size_t> came = stream_.receive_now(std::span(&room, 1), &descriptor);
    if (descriptor.valid()) descriptors_.push_back(std::move(descriptor));
    if (!came.ok()) return came.status();
    bytes = *came;
    reader_.arrived(bytes);
    return Status();
  });
  lock.lock();
  if (outcome.ok() && bytes != 0) outcome = contain([this] { return take_frames(); });
  if (!outcome.ok()) return outcome;
  return bytes;
}

Status ControlChannel::take_frames() {
  while (true) {
    Result<std::optional<Frame>> frame = reader_.next();
    if (!frame.ok()) return frame.status();
    if (!frame->has_value()) return Status();
    if (Status taken = take_reply(**frame); !taken.ok()) return taken;
  }
}

Status ControlChannel::take_reply(const Frame& frame) {
  const auto found = waiting_.find(frame.header.id);
  const auto forgotten = forgotten_.find(frame.header.id);
  const bool is_waited_for = found != waiting_.end() && !found->second->done;
  if (!is_waited_for && forgotten == forgotten_.end()) {
    return Status::error(Code::kCorrupt, text("the volume answers request ", frame.header.id, ", which nobody made"));
  }
  const Message type = is_waited_for ? found->second->type : forgotten->second;
  if (frame.header.type != (static_cast<uint16_t>(type) | kReplyBit) || frame.header.flags != 0) {
    return Status::error(Code::kCorrupt, text("the volume answers ", message_name(static_cast<uint16_t>(type)),
                                              " with a frame of type ", hex_text(frame.header.type)));
  }
  OwnedDescriptor descriptor;
  const bool succeeded = frame.payload.size() >= 4 && load_number<uint32_t>(frame.payload.data()) == 0;
  if (type == Message::kSegment && succeeded && !descriptors_.empty()) {
    descriptor = std::move(descriptors_.front());
    descriptors_.pop_front();
  }
  if (!is_waited_for) {
    forgotten_.erase(forgotten);
    if (succeeded) note_late(type, frame.payload);
    return Status();
  }
  Waiting& waiting = *found->second;
  waiting.reply.payload.assign(frame.payload.begin(), frame.payload.end());
  waiting.reply.descriptor = std::move(descriptor);
  waiting.done = true;
  waiting.changed.notify_one();
  return Status();
}

// What a reply grants to a caller who is gone.
void ControlChannel::note_late(Message type, std::span<const std::byte> payload) {
  const auto note_tokens = [this](const std::vector<RemoteRange>& ranges) {
    for (const RemoteRange& range : ranges) {
      if (range.token != 0) late_tokens_.push_back(range.token);
    }
  };
  if (type == Message::kPrepare) {
    if (const auto prepared = decode_prepared(payload); prepared.ok()) note_tokens(*prepared);
  } else if (type == Message::kCommit) {
    if (const auto committed = decode_committed(payload); committed.ok()) note_tokens(committed->next);
  } else if (type == Message::kAcquire) {
    const auto acquired = decode_acquired(payload);
    if (acquired.ok() && acquired->lease != 0) late_leases_.push_back(acquired->lease);
  }
}

void ControlChannel::give_back_late(Lock& lock) {
  const auto give_back = [&](Message type, std::vector<uint64_t>& numbers) {
    if (numbers.empty() || !broken_.ok()) return;
    std::vector<uint64_t> taken;
    taken.swap(numbers);
    std::vector<std::byte> bytes;
    FrameWriter frame(bytes, static_cast<uint16_t>(type), 0, kNoReply);
    Encoder out(bytes);
    encode_numbers(taken, out);
    if (frame.finish().ok()) static_cast<void>(send(lock, bytes, Deadline::after(std::chrono::seconds(1))).ok());
  };
  give_back(Message::kAbandon, late_tokens_);
  give_back(Message::kRelease, late_leases_);
}

// Somebody else shall read, if there is somebody.
void ControlChannel::let_read() noexcept {
  for (const auto& [id, waiting] : waiting_) {
    if (waiting->done) continue;
    waiting->changed.notify_one();
    return;
  }
}

void ControlChannel::break_off(const Status& cause) noexcept {
  if (!broken_.ok()) return;
  broken_ = cause;
  stream_.shut_down();
  for (const auto& [id, waiting] : waiting_) waiting->changed.notify_one();
  send_turn_.notify_all();
}

Status ControlChannel::broken_status(Message type) const {
  const Code code = broken_.code() == Code::kCorrupt ? Code::kCorrupt : Code::kUnavailable;
  return Status::error(code,
                       text(peer(), ": the connection broke before ", message_name(static_cast<uint16_t>(type)),
                            " was answered: ", broken_.message(),
                            changes_something(type) ? "; nobody knows whether it was carried out" : ""),
                       broken_.system_code());
}

}  // namespace windlass
