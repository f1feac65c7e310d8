#include "transport/tcp/slice_source.hpp"

#include <algorithm>

namespace windlass {

namespace {

// Small enough that all lanes get several, large enough to be worth a system call.
constexpr uint64_t kLeastFrameBytes = 256 * kKiB;
constexpr uint64_t kFramesOfLane = 8;

uint64_t frame_bytes_for(uint64_t total_bytes, size_t lanes) noexcept {
  if (lanes <= 1) return kMaxFrameDataBytes;
  const uint64_t share = round_up(total_bytes / (lanes * kFramesOfLane), 4 * kKiB);
  return std::clamp(share, kLeastFrameBytes, kMaxFrameDataBytes);
}

}  // namespace

SliceSource::SliceSource(std::span<const WriteMove> moves, size_t lanes) noexcept
    : writing_(true), writes_(moves), frame_bytes_(frame_bytes_for(bytes_of(moves), lanes)) {
  pass_empty();
}

SliceSource::SliceSource(std::span<const ReadMove> moves, size_t lanes) noexcept
    : writing_(false), reads_(moves), frame_bytes_(frame_bytes_for(bytes_of(moves), lanes)) {
  pass_empty();
}

SliceSource::Move SliceSource::move(size_t at) const noexcept {
  // What is written is only read from; SliceBatch knows one kind of memory.
  if (writing_) return {const_cast<std::byte*>(writes_[at].source), writes_[at].remote};
  return {reads_[at].target, reads_[at].remote};
}

void SliceSource::pass_empty() noexcept {
  while (at_ < count() && done_bytes_ == move(at_).remote.bytes) {
    ++at_;
    done_bytes_ = 0;
  }
}

bool SliceSource::next(SliceBatch& batch) {
  batch.clear();
  const std::lock_guard lock(mutex_);
  while (at_ < count() && batch.bytes < frame_bytes_ && batch.ranges.size() < kMaxSlices) {
    const Move from = move(at_);
    const uint64_t bytes = std::min(from.remote.bytes - done_bytes_, frame_bytes_ - batch.bytes);
    batch.ranges.push_back(from.remote.part(done_bytes_, bytes));
    batch.parts.emplace_back(from.memory + done_bytes_, bytes);
    batch.bytes += bytes;
    done_bytes_ += bytes;
    pass_empty();
  }
  return !batch.ranges.empty();
}

bool SliceSource::exhausted() const noexcept {
  const std::lock_guard lock(mutex_);
  return at_ >= count();
}

void SliceSource::stop() noexcept {
  const std::lock_guard lock(mutex_);
  at_ = count();
  done_bytes_ = 0;
}

}  // namespace windlass
