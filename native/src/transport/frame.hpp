// Frames: what is said over a connection, piece by piece.
//
//   0 magic "WLF1" | 4 type u16 | 6 flags u16 | 8 payload bytes u32 | 12 reserved u32, 0 | 16 id u64 | 24 payload
//
// All numbers are little-endian. The header is the same in all versions of the protocol. What types and flags mean is
// said by those who use them: the handshake, the control channel, the lanes.
//
// Threads: one at a time.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "base/bytes.hpp"
#include "base/status.hpp"

namespace windlass {

inline constexpr size_t kFrameHeaderBytes = 24;
inline constexpr uint32_t kFrameMagic = 0x31464C57;  // "WLF1"
inline constexpr uint32_t kMaxFramePayloadBytes = 64 * static_cast<uint32_t>(kMiB);

struct FrameHeader {
  uint16_t type = 0;
  uint16_t flags = 0;
  uint32_t payload_bytes = 0;
  uint64_t id = 0;
  friend bool operator==(const FrameHeader&, const FrameHeader&) = default;
};

using FrameHeaderBytes = std::array<std::byte, kFrameHeaderBytes>;

FrameHeaderBytes frame_header_bytes(const FrameHeader& header) noexcept;

// bytes: kFrameHeaderBytes of them. Errors: kCorrupt (a wrong magic, reserved bits, a payload beyond the limit).
Result<FrameHeader> parse_frame_header(std::span<const std::byte> bytes, uint32_t limit_bytes);

// A frame that has arrived. The payload is a view.
struct Frame {
  FrameHeader header;
  std::span<const std::byte> payload;
};

// Appends a frame to a buffer. Its payload is what is appended to the buffer until finish(), which writes the header.
class FrameWriter {
 public:
  FrameWriter(std::vector<std::byte>& out, uint16_t type, uint64_t id, uint16_t flags = 0);

  // Errors: kInvalidArgument (the payload is larger than limit_bytes; then the buffer is as before the frame).
  Status finish(uint32_t limit_bytes = kMaxFramePayloadBytes);

 private:
  std::vector<std::byte>& out_;
  const size_t start_;
  FrameHeader header_;
};

// Finds frames in bytes that arrive as they like.
//
//   while there are bytes: receive into room(), tell arrived(), take frames with next() until there is none.
//
// It grows with what has arrived, not with what a header promises, and shrinks again when it is empty.
class FrameReader {
 public:
  explicit FrameReader(uint32_t limit_bytes = kMaxFramePayloadBytes) noexcept : limit_bytes_(limit_bytes) {}

  // For frames whose header has not been seen yet.
  void set_limit(uint32_t limit_bytes) noexcept { limit_bytes_ = limit_bytes; }

  // Where the next bytes go; never empty. Ends the views of frames.
  std::span<std::byte> room();
  // So many bytes have been put there.
  void arrived(size_t bytes) noexcept { end_ += bytes; }

  // The next frame that is there whole. Its payload is valid until room() or the reader's end. Errors: kCorrupt; then
  // the connection is lost, as nobody knows where the next frame begins.
  Result<std::optional<Frame>> next();

  // Whether a frame has begun and not ended.
  bool inside() const noexcept { return end_ != begin_; }
  // What has arrived and is in no frame yet.
  std::span<const std::byte> unread() const noexcept { return {buffer_.get() + begin_, end_ - begin_}; }

 private:
  uint32_t limit_bytes_;
  std::unique_ptr<std::byte[]> buffer_;
  size_t capacity_ = 0;
  size_t begin_ = 0;
  size_t end_ = 0;
};

}  // namespace windlass
