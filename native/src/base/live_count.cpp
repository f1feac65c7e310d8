#include "base/live_count.hpp"

#include <array>
#include <atomic>
#include <cstddef>

namespace windlass {

namespace {

// Counters of the whole process, which is what they are for: a test that ends with a count above zero has leaked.
std::atomic<uint64_t>& counter(Kind kind) noexcept {
  static std::array<std::atomic<uint64_t>, kLastKind + 1> counters{};
  return counters[static_cast<size_t>(kind)];
}

}  // namespace

const char* kind_name(Kind kind) noexcept {
  switch (kind) {
    case Kind::kDevice:
      return "device";
    case Kind::kRegion:
      return "region";
    case Kind::kPagePool:
      return "page pool";
    case Kind::kLog:
      return "log";
    case Kind::kRegionSet:
      return "region set";
    case Kind::kBackupDirectory:
      return "backup directory";
    case Kind::kExport:
      return "export";
    case Kind::kImport:
      return "import";
    case Kind::kVolume:
      return "volume";
    case Kind::kStore:
      return "store";
    case Kind::kLease:
      return "lease";
    case Kind::kBuffer:
      return "buffer";
    case Kind::kArchiveJob:
      return "archive job";
    case Kind::kOffer:
      return "offer";
    case Kind::kPlan:
      return "plan";
  }
  return "unknown";
}

LiveCount::LiveCount(Kind kind) noexcept : kind_(kind) { counter(kind).fetch_add(1, std::memory_order_relaxed); }

LiveCount::~LiveCount() { counter(kind_).fetch_sub(1, std::memory_order_relaxed); }

uint64_t LiveCount::of(Kind kind) noexcept { return counter(kind).load(std::memory_order_relaxed); }

}  // namespace windlass
