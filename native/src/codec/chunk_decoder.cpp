#include "codec/chunk_decoder.hpp"

#include <lz4.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <cstring>

#include "base/text.hpp"
#include "codec/planes.hpp"

namespace windlass {

ChunkDecoder::ChunkDecoder(uint64_t most_chunk_bytes) : planes_(most_chunk_bytes) {
  assert(most_chunk_bytes <= kMostChunkBytes);
}

Status ChunkDecoder::decode(std::span<const std::byte> encoded, std::span<std::byte> target) {
  const Result<ChunkHeader> header = read_header(encoded);
  if (!header.ok()) return header.status();
  if (header->raw_bytes != target.size() || target.size() > planes_.size()) {
    return Status::error(Code::kCorrupt,
                         text("a compressed chunk is damaged: it says that it holds ", header->raw_bytes,
                              " bytes, and should hold ", target.size(), "; restore it from another copy"));
  }
  if (decode_parts(*header, encoded.subspan(kChunkHeaderBytes), target)) return Status();
  return Status::error(Code::kCorrupt, text("a compressed chunk is damaged: its ", method_name(header->method),
                                            " data cannot be decoded; restore it from another copy"));
}

bool ChunkDecoder::decode_parts(const ChunkHeader& header, std::span<const std::byte> parts,
                                std::span<std::byte> target) noexcept {
  switch (header.method) {
    case Method::kRaw:
      if (!target.empty()) std::memcpy(target.data(), parts.data(), target.size());
      return true;
    case Method::kLz4: {
      const int made =
          LZ4_decompress_safe(reinterpret_cast<const char*>(parts.data()), reinterpret_cast<char*>(target.data()),
                              static_cast<int>(parts.size()), static_cast<int>(target.size()));
      return made >= 0 && static_cast<size_t>(made) == target.size();
    }
    case Method::kZstd:
      return zstd_.decode(parts, target);
    default:
      return decode_planes(header, parts, target);
  }
}

bool ChunkDecoder::decode_planes(const ChunkHeader& header, std::span<const std::byte> parts,
                                 std::span<std::byte> target) noexcept {
  const size_t planes = plane_count(header.method);
  const size_t count = target.size() / planes;
  ConstPlanes4 sources{};
  size_t at = 0;
  for (size_t plane = 0; plane < planes; ++plane) {
    const std::span<const std::byte> part = parts.subspan(at, header.part_bytes[plane]);
    at += part.size();
    sources[plane] = part.data();
    if (!header.coded(plane)) continue;
    const std::span<std::byte> decoded(planes_.data() + plane * count, count);
    if (!zstd_.decode(part, decoded)) return false;
    sources[plane] = decoded.data();
  }
  if (header.method == Method::kFloat32) {
    merge4(target.data(), sources, count);
  } else {
    merge2(target.data(), {sources[0], sources[1]}, count);
  }
  const std::span<const std::byte> tail = parts.subspan(at);
  std::copy(tail.begin(), tail.end(), target.begin() + static_cast<std::ptrdiff_t>(planes * count));
  return true;
}

}  // namespace windlass
