// Whole zstd frames, of any level, as other tools write and read them.
//
// A frame that is written says how long its content is, and ends with the content's checksum. Contexts take their
// memory when a frame is first coded, and keep it. Threads: one at a time for each.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/status.hpp"

struct ZSTD_CCtx_s;
struct ZSTD_DCtx_s;

namespace windlass {

inline constexpr int kLeastZstdLevel = -7;
inline constexpr int kMostZstdLevel = 19;

class FrameEncoder {
 public:
  explicit FrameEncoder(int level) noexcept : level_(level) {}

  // The most that a frame of so much content takes.
  static size_t bound(size_t bytes) noexcept;

  // Returns how many bytes of the target the frame took, which must have room for bound(). Errors: kNoMemory;
  // kInternal.
  Result<size_t> encode(std::span<const std::byte> source, std::span<std::byte> target);

 private:
  struct Free {
    void operator()(ZSTD_CCtx_s* context) const noexcept;
  };

  const int level_;
  std::unique_ptr<ZSTD_CCtx_s, Free> context_;
};

class FrameDecoder {
 public:
  // The source is one frame, and fills the target exactly; its checksum is not looked at, since the caller has one of
  // his own. Errors: kCorrupt; kNoMemory.
  Status decode(std::span<const std::byte> source, std::span<std::byte> target);

 private:
  friend class StreamDecoder;
  struct Free {
    void operator()(ZSTD_DCtx_s* context) const noexcept;
  };
  static std::unique_ptr<ZSTD_DCtx_s, Free> make_context(bool check);

  std::unique_ptr<ZSTD_DCtx_s, Free> context_;
};

// Frame after frame, piece by piece; frames that are to be skipped are, and checksums are looked at.
class StreamDecoder {
 public:
  struct Step {
    size_t taken = 0;  // of the source
    size_t made = 0;   // of the target
  };

  // Errors: kCorrupt; kNoMemory.
  Result<Step> decode(std::span<const std::byte> source, std::span<std::byte> target);

  // Whether nothing is begun: the source may end here.
  bool between_frames() const noexcept { return between_frames_; }

 private:
  std::unique_ptr<ZSTD_DCtx_s, FrameDecoder::Free> context_;
  bool between_frames_ = true;
};

}  // namespace windlass
