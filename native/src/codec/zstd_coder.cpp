#include "codec/zstd_coder.hpp"

#define ZSTD_STATIC_LINKING_ONLY
#include <zstd.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <memory>

namespace windlass {

namespace {

constexpr int kAnyBytesLevel = 1;

struct Setting {
  ZSTD_cParameter parameter;
  int value;
};

// A step of 4096 between two looks for a repetition still finds long runs, such as those of zeros.
constexpr std::array kPlaneSettings = {
    Setting{ZSTD_c_windowLog, 17},       Setting{ZSTD_c_hashLog, 12},
    Setting{ZSTD_c_minMatch, 7},         Setting{ZSTD_c_targetLength, 4096},
    Setting{ZSTD_c_strategy, ZSTD_fast}, Setting{ZSTD_c_literalCompressionMode, ZSTD_ps_enable},
};

// What follows the frame's start is checked by whoever stores it; the frame needs no checksum of its own.
bool set_up(ZSTD_CCtx* context, ZstdUse use) noexcept {
  bool fine = ZSTD_isError(ZSTD_CCtx_reset(context, ZSTD_reset_session_and_parameters)) == 0;
  if (use == ZstdUse::kAnyBytes) {
    return fine && ZSTD_isError(ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, kAnyBytesLevel)) == 0;
  }
  for (const Setting& setting : kPlaneSettings) {
    fine = fine && ZSTD_isError(ZSTD_CCtx_setParameter(context, setting.parameter, setting.value)) == 0;
  }
  return fine;
}

size_t context_bytes() noexcept {
  ZSTD_compressionParameters plane{};
  plane.windowLog = 17;
  plane.chainLog = ZSTD_CHAINLOG_MIN;
  plane.hashLog = 12;
  plane.searchLog = ZSTD_SEARCHLOG_MIN;
  plane.minMatch = 7;
  plane.targetLength = 4096;
  plane.strategy = ZSTD_fast;
  // An eighth more, for the alignment of what lies within.
  const size_t bytes = std::max(ZSTD_estimateCCtxSize(kAnyBytesLevel), ZSTD_estimateCCtxSize_usingCParams(plane));
  return bytes + bytes / 8;
}

// The start of the memory that is aligned as zstd wants it; the memory has a line to spare.
constexpr size_t kAlignment = 64;

std::span<std::byte> aligned(std::vector<std::byte>& memory) noexcept {
  void* start = memory.data();
  size_t bytes = memory.size();
  start = std::align(kAlignment, memory.size() - kAlignment, start, bytes);
  assert(start != nullptr);
  return {static_cast<std::byte*>(start), bytes};
}

}  // namespace

ZstdEncoder::ZstdEncoder() : memory_(context_bytes() + kAlignment) {
  const std::span<std::byte> place = aligned(memory_);
  context_ = ZSTD_initStaticCCtx(place.data(), place.size());
  assert(context_ != nullptr);
}

std::optional<size_t> ZstdEncoder::encode(ZstdUse use, std::span<const std::byte> source,
                                          std::span<std::byte> target) noexcept {
  if (set_for_ != use) {
    set_for_.reset();
    if (context_ == nullptr || !set_up(context_, use)) return std::nullopt;
    set_for_ = use;
  }
  const size_t bytes = ZSTD_compress2(context_, target.data(), target.size(), source.data(), source.size());
  if (ZSTD_isError(bytes) != 0) return std::nullopt;
  return bytes;
}

ZstdDecoder::ZstdDecoder() : memory_(ZSTD_estimateDCtxSize() + kAlignment) {
  const std::span<std::byte> place = aligned(memory_);
  context_ = ZSTD_initStaticDCtx(place.data(), place.size());
  assert(context_ != nullptr);
}

bool ZstdDecoder::decode(std::span<const std::byte> source, std::span<std::byte> target) noexcept {
  if (context_ == nullptr) return false;
  const size_t bytes = ZSTD_decompressDCtx(context_, target.data(), target.size(), source.data(), source.size());
  return ZSTD_isError(bytes) == 0 && bytes == target.size();
}

}  // namespace windlass
