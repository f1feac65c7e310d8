#include "transport/frame.hpp"

#include <algorithm>
#include <cstring>

#include "base/text.hpp"
#include "transport/wire.hpp"

namespace windlass {

namespace {

constexpr size_t kFirstBytes = 16 * kKiB;
constexpr size_t kLeastRoomBytes = 4 * kKiB;

}  // namespace

FrameHeaderBytes frame_header_bytes(const FrameHeader& header) noexcept {
  FrameHeaderBytes bytes{};
  store_number(bytes.data(), kFrameMagic);
  store_number(bytes.data() + 4, header.type);
  store_number(bytes.data() + 6, header.flags);
  store_number(bytes.data() + 8, header.payload_bytes);
  store_number(bytes.data() + 12, uint32_t{0});
  store_number(bytes.data() + 16, header.id);
  return bytes;
}

Result<FrameHeader> parse_frame_header(std::span<const std::byte> bytes, uint32_t limit_bytes) {
  Decoder in(bytes);
  const uint32_t magic = in.u32();
  FrameHeader header;
  header.type = in.u16();
  header.flags = in.u16();
  header.payload_bytes = in.u32();
  const uint32_t reserved = in.u32();
  header.id = in.u64();
  if (!in.ok()) return Status::error(Code::kCorrupt, "a frame's header ends early");
  if (magic != kFrameMagic) {
    return Status::error(Code::kCorrupt,
                         text("no frame begins with ", hex_text(magic), "; the peer does not speak this protocol"));
  }
  if (reserved != 0) {
    return Status::error(Code::kCorrupt, text("a frame of type ", header.type, " has reserved bits set"));
  }
  if (header.payload_bytes > limit_bytes) {
    return Status::error(Code::kCorrupt,
                         text("a frame of type ", header.type, " announces ", bytes_text(header.payload_bytes),
                              "; at most ", bytes_text(limit_bytes), " are taken"));
  }
  return header;
}

FrameWriter::FrameWriter(std::vector<std::byte>& out, uint16_t type, uint64_t id, uint16_t flags)
    : out_(out), start_(out.size()), header_{type, flags, 0, id} {
  out_.resize(start_ + kFrameHeaderBytes);
}

Status FrameWriter::finish(uint32_t limit_bytes) {
  const size_t payload_bytes = out_.size() - start_ - kFrameHeaderBytes;
  if (payload_bytes > limit_bytes) {
    out_.resize(start_);
    return Status::error(Code::kInvalidArgument, text("a message of ", bytes_text(payload_bytes), " is larger than ",
                                                      bytes_text(limit_bytes), "; ask for less at once"));
  }
  header_.payload_bytes = static_cast<uint32_t>(payload_bytes);
  const FrameHeaderBytes bytes = frame_header_bytes(header_);
  std::copy(bytes.begin(), bytes.end(), out_.begin() + static_cast<std::ptrdiff_t>(start_));
  return Status();
}

std::span<std::byte> FrameReader::room() {
  const size_t held = end_ - begin_;
  const bool roomy = capacity_ - end_ >= kLeastRoomBytes;
  const bool oversized = capacity_ > 4 * kFirstBytes && held < kFirstBytes / 2;
  if (!roomy || oversized) {
    // Doubling with what is there: a header alone makes nobody reserve what it promises.
    const size_t wanted = std::max(kFirstBytes, held + std::max(held, kLeastRoomBytes));
    if (oversized || wanted > capacity_ || begin_ < capacity_ / 2) {
      std::unique_ptr<std::byte[]> grown = std::make_unique_for_overwrite<std::byte[]>(wanted);
      if (held != 0) std::memcpy(grown.get(), buffer_.get() + begin_, held);
      buffer_ = std::move(grown);
      capacity_ = wanted;
    } else {
      std::memmove(buffer_.get(), buffer_.get() + begin_, held);
    }
    begin_ = 0;
    end_ = held;
  }
  return {buffer_.get() + end_, capacity_ - end_};
}

Result<std::optional<Frame>> FrameReader::next() {
  const std::span<const std::byte> held = unread();
  if (held.size() < kFrameHeaderBytes) return std::optional<Frame>();
  Result<FrameHeader> header = parse_frame_header(held.first(kFrameHeaderBytes), limit_bytes_);
  if (!header.ok()) return header.status();
  if (held.size() - kFrameHeaderBytes < header->payload_bytes) return std::optional<Frame>();
  const Frame frame{*header, held.subspan(kFrameHeaderBytes, header->payload_bytes)};
  begin_ += kFrameHeaderBytes + header->payload_bytes;
  if (begin_ == end_) {
    begin_ = 0;
    end_ = 0;
  }
  return std::optional<Frame>(frame);
}

}  // namespace windlass
