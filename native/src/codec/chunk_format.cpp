#include "codec/chunk_format.hpp"

#include <cassert>

#include "base/text.hpp"

namespace windlass {

namespace {

// The first byte of every chunk, so that what is none is seldom taken for one.
constexpr uint8_t kMark = 0xC5;

constexpr size_t kMethodAt = 1;
constexpr size_t kCodedAt = 2;
constexpr size_t kReservedAt = 3;
constexpr size_t kRawBytesAt = 4;
constexpr size_t kPartBytesAt = 8;

void put_number(std::byte* target, uint32_t number) noexcept {
  for (size_t i = 0; i < sizeof number; ++i) target[i] = static_cast<std::byte>(number >> (8 * i));
}

uint32_t get_number(const std::byte* source) noexcept {
  uint32_t number = 0;
  for (size_t i = 0; i < sizeof number; ++i) number |= static_cast<uint32_t>(source[i]) << (8 * i);
  return number;
}

Status damaged(const char* why) {
  return Status::error(Code::kCorrupt, text("a compressed chunk is damaged: ", why, "; restore it from another copy"));
}

// Whether what the header says of each part can be.
bool parts_fit(const ChunkHeader& header) noexcept {
  const size_t planes = plane_count(header.method);
  const uint32_t part_raw_bytes = header.raw_bytes / static_cast<uint32_t>(planes);
  for (size_t part = 0; part < kMostPlanes; ++part) {
    const uint32_t bytes = header.part_bytes[part];
    if (part >= planes) {
      if (bytes != 0 || header.coded(part)) return false;
    } else if (header.coded(part) ? bytes >= part_raw_bytes : bytes != part_raw_bytes) {
      return false;
    }
  }
  return header.coded_parts >> kMostPlanes == 0;
}

}  // namespace

const char* method_name(Method method) noexcept {
  switch (method) {
    case Method::kRaw:
      return "raw";
    case Method::kLz4:
      return "lz4";
    case Method::kZstd:
      return "zstd";
    case Method::kFloat16:
      return "float16";
    case Method::kFloat32:
      return "float32";
  }
  return "unknown";
}

void write_header(std::span<std::byte> target, const ChunkHeader& header) noexcept {
  assert(target.size() >= kChunkHeaderBytes);
  target[0] = std::byte{kMark};
  target[kMethodAt] = static_cast<std::byte>(header.method);
  target[kCodedAt] = static_cast<std::byte>(header.coded_parts);
  target[kReservedAt] = std::byte{0};
  put_number(&target[kRawBytesAt], header.raw_bytes);
  for (size_t part = 0; part < kMostPlanes; ++part) {
    put_number(&target[kPartBytesAt + part * sizeof(uint32_t)], header.part_bytes[part]);
  }
}

Result<ChunkHeader> read_header(std::span<const std::byte> encoded) {
  if (encoded.size() < kChunkHeaderBytes) return damaged("it is shorter than a header");
  const auto method = static_cast<uint8_t>(encoded[kMethodAt]);
  if (encoded[0] != std::byte{kMark} || encoded[kReservedAt] != std::byte{0} || method > kLastMethod) {
    return damaged("it does not begin with a header that this version knows");
  }
  ChunkHeader header;
  header.method = static_cast<Method>(method);
  header.coded_parts = static_cast<uint8_t>(encoded[kCodedAt]);
  header.raw_bytes = get_number(&encoded[kRawBytesAt]);
  uint64_t bytes = kChunkHeaderBytes + header.tail_bytes();
  for (size_t part = 0; part < kMostPlanes; ++part) {
    header.part_bytes[part] = get_number(&encoded[kPartBytesAt + part * sizeof(uint32_t)]);
    bytes += header.part_bytes[part];
  }
  const bool needs_coding = header.method == Method::kLz4 || header.method == Method::kZstd;
  if (!parts_fit(header) || (header.method == Method::kRaw && header.coded(0)) || (needs_coding && !header.coded(0))) {
    return damaged("its header contradicts itself");
  }
  if (bytes != encoded.size()) return damaged("its parts are longer or shorter than its header says");
  return header;
}

}  // namespace windlass
