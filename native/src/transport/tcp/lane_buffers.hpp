// How a lane's bytes come and go, without being copied on the way.
//
// A LaneInput receives into memory that it is directed to and, in the same call, a little beyond into a store of its
// own, where the next frame's header then is already. A LaneOutput sends a frame's own bytes and memory of others' in
// one call.
//
// Threads: one at a time.
#pragma once

#include <sys/uio.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/bytes.hpp"
#include "base/status.hpp"
#include "transport/stream.hpp"

namespace windlass {

class LaneInput {
 public:
  static constexpr size_t kStoreBytes = 16 * kKiB;

  // What has arrived and was not directed anywhere.
  std::span<const std::byte> held() const noexcept { return {store_.data() + begin_, end_ - begin_}; }
  // Drops the first of it.
  void take(size_t bytes) noexcept;

  // The next bytes go there; what is held of them goes at once.
  void direct(std::span<const std::span<std::byte>> targets);
  // Whether all that was directed has arrived.
  bool arrived() const noexcept { return waiting_.empty(); }

  // Receives once. Returns how many bytes came; 0: there are none now. Errors: as Stream::receive_now; kCorrupt
  // (nothing takes what is held).
  Result<size_t> receive(Stream& stream);

  // For bytes that somebody else received before. Errors: kCorrupt (more than the store takes).
  Status put(std::span<const std::byte> bytes);

 private:
  std::array<std::byte, kStoreBytes> store_{};
  size_t begin_ = 0;
  size_t end_ = 0;
  std::vector<iovec> targets_;  // and a last one, for the store
  std::span<iovec> waiting_;    // what of them has not arrived
};

class LaneOutput {
 public:
  LaneOutput() { heads_.reserve(kMostHeadBytes); }

  bool empty() const noexcept { return waiting_.empty(); }
  // Begins anew. It must be empty.
  void clear() noexcept;
  // Where a frame's own bytes are appended; at most kMostHeadBytes in all. Call add_head() with the size before.
  std::vector<std::byte>& heads() noexcept { return heads_; }
  void add_head(size_t from);
  // Memory that stays until it is sent.
  void add(std::span<const std::byte> bytes);
  // Nothing is added any more.
  void ready() noexcept { waiting_ = pieces_; }

  // Sends what the socket takes. Returns how much; all went when it is empty. Errors: as Stream::send_now.
  Result<size_t> send(Stream& stream);

 private:
  static constexpr size_t kMostHeadBytes = 16 * kKiB;

  std::vector<std::byte> heads_;
  std::vector<iovec> pieces_;
  std::span<iovec> waiting_;
};

}  // namespace windlass
