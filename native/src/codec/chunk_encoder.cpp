#include "codec/chunk_encoder.hpp"

#include <lz4.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <cstring>

#include "codec/entropy.hpp"
#include "codec/planes.hpp"

namespace windlass {

namespace {

// A sample is this many slices, spread over the chunk. Slices begin at multiples of their size, so that whole numbers
// stay whole.
constexpr size_t kSliceBytes = 4 * kKiB;
constexpr size_t kSlices = 16;
constexpr size_t kSampleBytes = kSlices * kSliceBytes;

// A plane's own sample is smaller: it only tells noise from the rest.
constexpr size_t kPlaneSlices = 8;
constexpr size_t kPlaneSliceBytes = 512;

// What is not below this is stored raw.
constexpr double kWorthwhile = 0.97;

// lz4 is decoded so much faster that it may be larger by this.
constexpr double kLz4Favour = 1.05;

// How long a choice holds, if nothing speaks against it. Nothing ever speaks against raw, so that it holds shortly.
constexpr uint32_t kChoiceChunks = 64;
constexpr uint32_t kRawChoiceChunks = 4;
constexpr double kStillGood = 1.05;

// A sample flatters a method with more planes, so that it must be clearly better than what was found before.
constexpr double kClearlyBetter = 0.99;

// Planes of count bytes, side by side.
Planes4 planes_at(Method method, std::byte* start, size_t count) noexcept {
  Planes4 planes{};
  for (size_t plane = 0; plane < plane_count(method); ++plane) planes[plane] = start + plane * count;
  return planes;
}

void split(Method method, const Planes4& planes, const std::byte* source, size_t count) noexcept {
  if (method == Method::kFloat32) {
    split4(planes, source, count);
  } else {
    split2({planes[0], planes[1]}, source, count);
  }
}

uint64_t put_raw(std::span<const std::byte> raw, std::span<std::byte> target) noexcept {
  ChunkHeader header;
  header.raw_bytes = static_cast<uint32_t>(raw.size());
  header.part_bytes[0] = header.raw_bytes;
  write_header(target, header);
  if (!raw.empty()) std::memcpy(target.data() + kChunkHeaderBytes, raw.data(), raw.size());
  return kChunkHeaderBytes + raw.size();
}

uint64_t put_coded(Method method, size_t raw_bytes, size_t coded_bytes, std::span<std::byte> target) noexcept {
  ChunkHeader header;
  header.method = method;
  header.coded_parts = 1;
  header.raw_bytes = static_cast<uint32_t>(raw_bytes);
  header.part_bytes[0] = static_cast<uint32_t>(coded_bytes);
  write_header(target, header);
  return kChunkHeaderBytes + coded_bytes;
}

// The most that a result may take to be worthwhile, without its header.
size_t most_worthwhile(size_t raw_bytes) noexcept {
  return static_cast<size_t>(kWorthwhile * static_cast<double>(raw_bytes));
}

// Whether a plane shrinks, judged by some of the numbers that it will be made of.
bool plane_shrinks(Method method, size_t plane, std::span<const std::byte> raw) noexcept {
  const size_t width = plane_count(method);
  const size_t count = raw.size() / width;
  std::array<std::byte, kPlaneSlices * kPlaneSliceBytes> bytes{};
  std::array<std::byte, kMostPlanes * kPlaneSliceBytes> planes{};
  const size_t slice_numbers = std::min(kPlaneSliceBytes, count / kPlaneSlices);
  size_t taken = 0;
  for (size_t slice = 0; slice < kPlaneSlices; ++slice) {
    const size_t first = count / kPlaneSlices * slice;
    const Planes4 parts = planes_at(method, planes.data(), slice_numbers);
    split(method, parts, raw.data() + first * width, slice_numbers);
    std::memcpy(bytes.data() + taken, parts[plane], slice_numbers);
    taken += slice_numbers;
  }
  return entropy_bits(std::span(bytes).first(taken)) < 8 * kWorthwhile;
}

}  // namespace

ChunkEncoder::ChunkEncoder(uint64_t most_chunk_bytes)
    : lz4_state_(static_cast<size_t>(LZ4_sizeofState()) + sizeof(uint64_t)),
      planes_(most_chunk_bytes),
      sample_(std::min<uint64_t>(kSampleBytes, most_chunk_bytes)),
      sample_out_(sample_.size()) {
  assert(most_chunk_bytes <= kMostChunkBytes);
}

uint64_t ChunkEncoder::encode(std::optional<Method> method, std::span<const std::byte> raw,
                              std::span<std::byte> target) noexcept {
  assert(raw.size() <= planes_.size() && target.size() >= encoded_bound(raw.size()));
  if (!method) return encode_chosen(raw, target);
  if (*method == Method::kRaw || estimate(*method, raw) >= kWorthwhile) return put_raw(raw, target);
  return encode_as(*method, raw, target);
}

double ChunkEncoder::estimate(Method method, std::span<const std::byte> raw) noexcept {
  take_sample(raw);
  return estimate_sample(method);
}

void ChunkEncoder::take_sample(std::span<const std::byte> raw) noexcept {
  sample_bytes_ = std::min(raw.size(), sample_.size());
  if (raw.size() <= kSampleBytes) {
    if (!raw.empty()) std::memcpy(sample_.data(), raw.data(), raw.size());
    return;
  }
  const size_t stride = raw.size() / kSlices / kSliceBytes * kSliceBytes;
  for (size_t slice = 0; slice < kSlices; ++slice) {
    std::memcpy(sample_.data() + slice * kSliceBytes, raw.data() + slice * stride, kSliceBytes);
  }
}

double ChunkEncoder::estimate_sample(Method method) noexcept {
  if (sample_bytes_ == 0 || method == Method::kRaw) return 1;
  const std::span<const std::byte> sample(sample_.data(), sample_bytes_);
  std::optional<size_t> bytes;
  switch (method) {
    case Method::kLz4: {
      const int made = LZ4_compress_fast_extState(lz4_state_.data(), reinterpret_cast<const char*>(sample.data()),
                                                  reinterpret_cast<char*>(sample_out_.data()),
                                                  static_cast<int>(sample.size()), static_cast<int>(sample.size()), 1);
      if (made > 0) bytes = static_cast<size_t>(made);
      break;
    }
    case Method::kZstd:
      bytes = zstd_.encode(ZstdUse::kAnyBytes, sample, sample_out_);
      break;
    default:
      return estimate_planes(method);
  }
  return bytes ? static_cast<double>(*bytes) / static_cast<double>(sample_bytes_) : 1;
}

double ChunkEncoder::estimate_planes(Method method) noexcept {
  const size_t planes = plane_count(method);
  const size_t count = sample_bytes_ / planes;
  const Planes4 parts = planes_at(method, sample_out_.data(), count);
  split(method, parts, sample_.data(), count);
  double bits = 0;
  for (size_t plane = 0; plane < planes; ++plane) {
    const double plane_bits = entropy_bits({parts[plane], count});
    bits += plane_bits < 8 * kWorthwhile ? plane_bits : 8;
  }
  return count == 0 ? 1 : bits / (8 * static_cast<double>(planes));
}

Method ChunkEncoder::choose() noexcept {
  Method best = Method::kRaw;
  double best_ratio = kWorthwhile;
  for (const Method method : {Method::kFloat16, Method::kFloat32, Method::kZstd}) {
    const double ratio = estimate_sample(method);
    if (ratio >= best_ratio * (best == Method::kRaw ? 1 : kClearlyBetter)) continue;
    best = method;
    best_ratio = ratio;
  }
  const double lz4_ratio = estimate_sample(Method::kLz4);
  return lz4_ratio < kWorthwhile && lz4_ratio < best_ratio * kLz4Favour ? Method::kLz4 : best;
}

uint64_t ChunkEncoder::encode_chosen(std::span<const std::byte> raw, std::span<std::byte> target) noexcept {
  const bool fresh = choice_.chunks_left == 0;
  if (fresh) {
    take_sample(raw);
    choice_.method = choose();
    choice_.chunks_left = choice_.method == Method::kRaw ? kRawChoiceChunks : kChoiceChunks;
  }
  --choice_.chunks_left;
  const uint64_t bytes = encode_as(choice_.method, raw, target);
  const double ratio = raw.empty() ? 1 : static_cast<double>(bytes) / static_cast<double>(raw.size());
  if (fresh) {
    choice_.ratio = ratio;
  } else if (ratio > choice_.ratio * kStillGood) {
    choice_.chunks_left = 0;
  }
  return bytes;
}

uint64_t ChunkEncoder::encode_as(Method method, std::span<const std::byte> raw, std::span<std::byte> target) noexcept {
  std::optional<uint64_t> bytes;
  if (method == Method::kLz4) bytes = encode_lz4(raw, target);
  if (method == Method::kZstd) bytes = encode_zstd(raw, target);
  if (plane_count(method) > 1 && raw.size() >= kPlaneSlices * plane_count(method)) {
    bytes = encode_planes(method, raw, target);
  }
  return bytes && *bytes <= kChunkHeaderBytes + most_worthwhile(raw.size()) ? *bytes : put_raw(raw, target);
}

std::optional<uint64_t> ChunkEncoder::encode_lz4(std::span<const std::byte> raw, std::span<std::byte> target) noexcept {
  const int made =
      LZ4_compress_fast_extState(lz4_state_.data(), reinterpret_cast<const char*>(raw.data()),
                                 reinterpret_cast<char*>(target.data() + kChunkHeaderBytes),
                                 static_cast<int>(raw.size()), static_cast<int>(most_worthwhile(raw.size())), 1);
  if (made <= 0) return std::nullopt;
  return put_coded(Method::kLz4, raw.size(), static_cast<size_t>(made), target);
}

std::optional<uint64_t> ChunkEncoder::encode_zstd(std::span<const std::byte> raw,
                                                  std::span<std::byte> target) noexcept {
  const std::optional<size_t> made =
      zstd_.encode(ZstdUse::kAnyBytes, raw, target.subspan(kChunkHeaderBytes, most_worthwhile(raw.size())));
  if (!made) return std::nullopt;
  return put_coded(Method::kZstd, raw.size(), *made, target);
}

uint64_t ChunkEncoder::encode_planes(Method method, std::span<const std::byte> raw,
                                     std::span<std::byte> target) noexcept {
  const size_t planes = plane_count(method);
  const size_t count = raw.size() / planes;
  ChunkHeader header;
  header.method = method;
  header.raw_bytes = static_cast<uint32_t>(raw.size());
  // Raw planes at the start have their place already, and are split straight to it; the others wait to be coded.
  std::array<bool, kMostPlanes> shrinks{};
  Planes4 parts{};
  bool in_place = true;
  for (size_t plane = 0; plane < planes; ++plane) {
    shrinks[plane] = plane_shrinks(method, plane, raw);
    in_place = in_place && !shrinks[plane];
    parts[plane] = (in_place ? target.data() + kChunkHeaderBytes : planes_.data()) + plane * count;
  }
  split(method, parts, raw.data(), count);

  size_t at = kChunkHeaderBytes;
  for (size_t plane = 0; plane < planes; ++plane) {
    // Coded, a plane must be smaller than raw: this leaves the planes behind it the room they need at worst.
    std::optional<size_t> coded;
    if (shrinks[plane]) coded = zstd_.encode(ZstdUse::kPlane, {parts[plane], count}, target.subspan(at, count - 1));
    if (coded) {
      header.coded_parts = static_cast<uint8_t>(header.coded_parts | 1U << plane);
    } else if (parts[plane] != target.data() + at) {
      std::memcpy(target.data() + at, parts[plane], count);
    }
    header.part_bytes[plane] = static_cast<uint32_t>(coded.value_or(count));
    at += header.part_bytes[plane];
  }
  const std::span<const std::byte> tail = raw.subspan(planes * count);
  std::copy(tail.begin(), tail.end(), target.begin() + static_cast<std::ptrdiff_t>(at));
  write_header(target, header);
  return at + tail.size();
}

}  // namespace windlass
