// The kinds of objects that the ABI names, and how many of each live in this process.
#pragma once

#include <cstdint>

namespace windlass {

enum class Kind : int32_t {
  kDevice = 1,
  kRegion = 2,
  kPagePool = 3,
  kLog = 4,
  kRegionSet = 5,
  kBackupDirectory = 6,
  kExport = 7,
  kImport = 8,
  kVolume = 9,
  kStore = 10,
  kLease = 11,
  kBuffer = 12,
  kArchiveJob = 13,
  kOffer = 14,
  kPlan = 15,
};
inline constexpr int32_t kLastKind = 15;

const char* kind_name(Kind kind) noexcept;

// A member of each object that counts: it exists as long as the object does.
class LiveCount {
 public:
  explicit LiveCount(Kind kind) noexcept;
  ~LiveCount();
  LiveCount(const LiveCount&) = delete;
  LiveCount& operator=(const LiveCount&) = delete;

  static uint64_t of(Kind kind) noexcept;

 private:
  const Kind kind_;
};

}  // namespace windlass
