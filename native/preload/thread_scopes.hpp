// The scopes that the calling thread has entered, with what they amount to.
//
// A thread that ends leaves those that it has not left. After that, while its other thread-local objects end, it has
// none and enters none: an allocation that one of their destructors makes is as outside every scope.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "base/status.hpp"
#include "preload/backup_choice.hpp"
#include "region/region_set.hpp"

namespace windlass {

// One scope.
struct EnteredScope {
  std::weak_ptr<RegionSet> set;
  const RegionSet* set_address = nullptr;  // to compare with, of a set that lives
  uint64_t number = 0;
  bool enabled = true;
  BackupChoice backup;
};

namespace thread_scopes {

// The innermost one of the set; null if there is none. Valid until the thread enters or leaves a scope.
const EnteredScope* innermost(const RegionSet& set) noexcept;

// Enters a scope of the set. Errors: kState (the thread is ending, or in too many); those of RegionSet::enter.
Result<uint64_t> enter(const std::shared_ptr<RegionSet>& set, const ScopeSettings& settings, EnteredScope scope);

// Errors: as RegionSet::leave.
Status leave(RegionSet& set, uint64_t number);

}  // namespace thread_scopes

}  // namespace windlass
