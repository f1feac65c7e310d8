#include "transport/tcp/lane_buffers.hpp"

#include <algorithm>
#include <cassert>
#include <cstring>

namespace windlass {

namespace {

// Received beyond what is directed: enough for the next frame's header and a few slices. What comes of the slices'
// bytes with them is copied, so that it must not be much.
constexpr size_t kBeyondBytes = 4 * kKiB;

}  // namespace

void LaneInput::take(size_t bytes) noexcept {
  begin_ += bytes;
  if (begin_ == end_) {
    begin_ = 0;
    end_ = 0;
  }
}

void LaneInput::direct(std::span<const std::span<std::byte>> targets) {
  targets_.clear();
  targets_.reserve(targets.size() + 1);
  for (std::span<std::byte> target : targets) {
    const size_t here = std::min(target.size(), held().size());
    if (here != 0) std::memcpy(target.data(), held().data(), here);
    take(here);
    if (here != target.size()) targets_.push_back(piece_of(target.subspan(here)));
  }
  waiting_ = targets_;
}

Result<size_t> LaneInput::receive(Stream& stream) {
  if (begin_ != 0) {
    std::memmove(store_.data(), store_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  if (end_ == store_.size()) return Status::error(Code::kCorrupt, "a frame's beginning is longer than any may be");
  const bool directed = !arrived();
  const size_t beyond = directed ? std::min(kBeyondBytes, store_.size() - end_) : store_.size() - end_;
  const iovec last = piece_of(std::span(store_).subspan(end_, beyond));
  Result<size_t> received = size_t{0};
  if (directed) {
    // Behind the targets, where direct() has kept room for it.
    targets_.push_back(last);
    received = stream.receive_now({waiting_.data(), waiting_.size() + 1});
    targets_.pop_back();
  } else {
    received = stream.receive_now(std::span(&last, 1));
  }
  if (!received.ok()) return received;
  size_t left = *received;
  if (directed) {
    size_t wanted = 0;
    for (const iovec& target : waiting_) wanted += target.iov_len;
    waiting_ = advance_pieces(waiting_, std::min(left, wanted));
    left -= std::min(left, wanted);
  }
  end_ += left;
  return received;
}

Status LaneInput::put(std::span<const std::byte> bytes) {
  if (bytes.size() > store_.size() - end_) {
    return Status::error(Code::kCorrupt, "more came with the handshake than a lane may say before it is let in");
  }
  if (!bytes.empty()) std::memcpy(store_.data() + end_, bytes.data(), bytes.size());
  end_ += bytes.size();
  return Status();
}

void LaneOutput::clear() noexcept {
  assert(empty());
  heads_.clear();
  pieces_.clear();
}

void LaneOutput::add_head(size_t from) {
  assert(heads_.size() <= kMostHeadBytes);
  add(std::span<const std::byte>(heads_).subspan(from));
}

void LaneOutput::add(std::span<const std::byte> bytes) {
  if (!bytes.empty()) pieces_.push_back(piece_of(bytes));
}

Result<size_t> LaneOutput::send(Stream& stream) {
  Result<size_t> sent = stream.send_now(waiting_);
  if (sent.ok()) waiting_ = advance_pieces(waiting_, *sent);
  return sent;
}

}  // namespace windlass
