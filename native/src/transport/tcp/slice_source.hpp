// What is to be moved, cut into frames that lanes take one by one, each when it is ready for the next: a faster lane
// moves more.
//
// Threads: any.
#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <span>

#include "transport/tcp/lane_frames.hpp"
#include "transport/transport.hpp"

namespace windlass {

class SliceSource {
 public:
  // The moves stay until it is dropped. lanes: how many will take from it.
  SliceSource(std::span<const WriteMove> moves, size_t lanes) noexcept;
  SliceSource(std::span<const ReadMove> moves, size_t lanes) noexcept;

  bool writing() const noexcept { return writing_; }

  // The next frame's slices. Returns false if there are none any more.
  bool next(SliceBatch& batch);
  bool exhausted() const noexcept;

  // There are none any more: something failed.
  void stop() noexcept;

 private:
  struct Move {
    std::byte* memory;
    const RemoteRange& remote;
  };

  Move move(size_t at) const noexcept;
  size_t count() const noexcept { return writing_ ? writes_.size() : reads_.size(); }
  void pass_empty() noexcept;

  const bool writing_;
  const std::span<const WriteMove> writes_;
  const std::span<const ReadMove> reads_;
  uint64_t frame_bytes_;
  mutable std::mutex mutex_;  // guards what follows
  size_t at_ = 0;             // the first move that is not taken whole
  uint64_t done_bytes_ = 0;   // of it
};

// The sum of all moves' bytes.
template <typename Moves>
uint64_t bytes_of(const Moves& moves) noexcept {
  uint64_t sum = 0;
  for (const auto& move : moves) sum += move.remote.bytes;
  return sum;
}

}  // namespace windlass
