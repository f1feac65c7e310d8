#include "preload/thread_scopes.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/contain.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "preload/limits.hpp"

namespace windlass::thread_scopes {

namespace {

// Outlives the list itself, as it needs no destructor: the list may be asked for only while it is there.
enum class Phase { kNone, kThere, kEnded };
thread_local Phase phase = Phase::kNone;

class List {
 public:
  List() noexcept { phase = Phase::kThere; }
  ~List() {
    phase = Phase::kEnded;
    while (!scopes.empty()) {
      const EnteredScope& last = scopes.back();
      if (const std::shared_ptr<RegionSet> set = last.set.lock()) {
        Status left = contain([&] { return set->leave(last.number); });
        if (!left.ok()) log(LogLevel::kError, "preload", left.message());
      }
      scopes.pop_back();
    }
  }
  List(const List&) = delete;
  List& operator=(const List&) = delete;

  std::vector<EnteredScope> scopes;
};

// To be called only where the phase is not kEnded.
List& list() {
  thread_local List scopes;
  return scopes;
}

bool is_of(const EnteredScope& scope, const RegionSet& set) noexcept {
  return scope.set_address == &set && !scope.set.expired();
}

}  // namespace

const EnteredScope* innermost(const RegionSet& set) noexcept {
  if (phase != Phase::kThere) return nullptr;
  const std::vector<EnteredScope>& scopes = list().scopes;
  const auto found =
      std::find_if(scopes.rbegin(), scopes.rend(), [&](const EnteredScope& each) { return is_of(each, set); });
  return found != scopes.rend() ? &*found : nullptr;
}

Result<uint64_t> enter(const std::shared_ptr<RegionSet>& set, const ScopeSettings& settings, EnteredScope scope) {
  if (phase == Phase::kEnded) {
    return Status::error(Code::kState, "preload scope: the thread is ending, and enters no scope any more");
  }
  // The set's own list of this thread's scopes is made first, so that it ends after ours, which leaves them.
  (void)set->current();
  std::vector<EnteredScope>& scopes = list().scopes;
  scopes.erase(std::remove_if(scopes.begin(), scopes.end(), [](const auto& each) { return each.set.expired(); }),
               scopes.end());
  if (scopes.size() >= kMostScopes) {
    return Status::error(Code::kState, text("preload scope: this thread is in ", scopes.size(),
                                            " scopes already; leave each scope that is entered"));
  }
  scope.set = set;
  scope.set_address = set.get();
  scopes.push_back(std::move(scope));
  uint64_t number = 0;
  Status done = contain([&] {
    Result<uint64_t> entered = set->enter(settings);
    if (entered.ok()) number = *entered;
    return entered.status();
  });
  if (!done.ok()) {
    scopes.pop_back();
    return done;
  }
  scopes.back().number = number;
  return number;
}

Status leave(RegionSet& set, uint64_t number) {
  if (Status left = set.leave(number); !left.ok()) return left;
  if (phase != Phase::kThere) return Status();
  std::vector<EnteredScope>& scopes = list().scopes;
  const auto found = std::find_if(scopes.rbegin(), scopes.rend(),
                                  [&](const EnteredScope& each) { return is_of(each, set) && each.number == number; });
  if (found != scopes.rend()) scopes.erase(std::next(found).base());
  return Status();
}

}  // namespace windlass::thread_scopes
