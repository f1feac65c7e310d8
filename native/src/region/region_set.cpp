#include "region/region_set.hpp"

#include <algorithm>
#include <atomic>
#include <thread>
#include <utility>

#include "backup/host_backup.hpp"
#include "base/bytes.hpp"
#include "base/clock.hpp"
#include "base/contain.hpp"
#include "base/text.hpp"

namespace windlass {

namespace {

constexpr uint32_t kMostLanes = 4;  // more regions at once gain nothing: the copies share one memory, or one link

uint64_t next_set_id() noexcept {
  static std::atomic<uint64_t> last = 0;
  return ++last;
}

// The scopes that this thread is in, of all sets, the innermost last.
struct Entered {
  uint64_t set_id;
  uint64_t scope;
};

std::vector<Entered>& entered_scopes() noexcept {
  thread_local std::vector<Entered> scopes;
  return scopes;
}

// What is said in the inner settings, and where they are silent, in the outer ones.
ScopeSettings merged(const ScopeSettings& inner, const ScopeSettings& outer) {
  ScopeSettings both = inner;
  if (!both.tag.has_value()) both.tag = outer.tag;
  if (both.device == nullptr) both.device = outer.device;
  if (both.plan == nullptr) both.plan = outer.plan;
  if (!both.enabled.has_value()) both.enabled = outer.enabled;
  return both;
}

// In a member's keeping: ends its membership when it ends.
class Membership {
 public:
  explicit Membership(std::function<void()> end) : end_(std::move(end)) {}
  ~Membership() {
    (void)contain([&] {
      end_();
      return Status();
    });
  }
  Membership(const Membership&) = delete;
  Membership& operator=(const Membership&) = delete;

 private:
  std::function<void()> end_;
};

template <typename Report>
SetReport<Report> prepare_report(std::vector<std::shared_ptr<Region>>&& regions) {
  SetReport<Report> report;
  report.outcomes.reserve(regions.size());
  for (const std::shared_ptr<Region>& region : regions) {
    report.outcomes.push_back({region.get(), OutcomeKind::kUntouched, {}, {}});
  }
  report.regions = std::move(regions);
  return report;
}

}  // namespace

RegionSet::RegionSet(const RegionSetOptions& options) noexcept
    : id_(next_set_id()),
      margin_bytes_(options.margin_bytes),
      plan_(options.plan),
      lanes_(options.lanes != 0 ? options.lanes : std::clamp(std::thread::hardware_concurrency(), 1U, kMostLanes)) {}

std::shared_ptr<RegionSet> RegionSet::open(const RegionSetOptions& options) {
  return std::make_shared<RegionSet>(options);
}

Result<std::shared_ptr<Region>> RegionSet::open_region(uint64_t size_bytes, const ScopeSettings& given) {
  ScopeSettings settings = merged(given, current());
  if (settings.plan == nullptr) settings.plan = plan_;
  if (settings.device == nullptr) {
    return Status::error(Code::kInvalidArgument,
                         "region set: no device is given, and no scope of this thread names one; give one of both");
  }
  if (Status room = check_margin(*settings.device, size_bytes); !room.ok()) return room;
  std::unique_ptr<Backup> backup;
  RegionOptions options;
  if (settings.plan != nullptr) {
    Result<std::unique_ptr<Backup>> made = settings.plan->make_backup(settings.device);
    if (!made.ok()) return made.status();
    backup = *std::move(made);
    options = settings.plan->options;
  } else {
    backup = std::make_unique<HostBackup>(HostBackupOptions{});
  }
  options.tag = settings.tag.value_or("");
  Result<std::shared_ptr<Region>> region = Region::open(settings.device, size_bytes, std::move(backup), options);
  if (region.ok() && settings.enabled.value_or(true)) add(*region);
  return region;
}

Status RegionSet::check_margin(const Device& device, uint64_t size_bytes) const {
  const uint64_t margin = margin_bytes_;
  if (margin == 0) return Status();
  Result<DeviceMemory> memory = device.memory();
  if (!memory.ok()) return memory.status();
  const uint64_t free_bytes = memory->free_bytes;
  const uint64_t room = free_bytes - std::min(margin, free_bytes);
  // A region takes whole pages.
  if (size_bytes <= room && round_up(size_bytes, device.granularity_bytes()) <= room) return Status();
  return Status::error(Code::kNoMemory,
                       text("region of ", bytes_text(size_bytes), ": ", device.name(), " has ", bytes_text(free_bytes),
                            " free, of which ", bytes_text(margin), " are to stay free; ask for less, lower the ",
                            "set's margin, or pause or close a region"));
}

void RegionSet::add(const std::shared_ptr<Region>& region) {
  uint64_t number = 0;
  {
    const std::lock_guard lock(mutex_);
    number = ++last_member_;
    members_[region->tag()].emplace(number, region);
  }
  region->set_companion(std::make_shared<Membership>([set = weak_from_this(), tag = region->tag(), number] {
    const std::shared_ptr<RegionSet> alive = set.lock();
    if (alive == nullptr) return;
    const std::lock_guard lock(alive->mutex_);
    const auto tagged = alive->members_.find(tag);
    if (tagged == alive->members_.end()) return;
    tagged->second.erase(number);
    if (tagged->second.empty()) alive->members_.erase(tagged);
  }));
}

std::vector<std::shared_ptr<Region>> RegionSet::members(std::optional<std::string_view> tag) const {
  std::vector<std::pair<uint64_t, std::shared_ptr<Region>>> found;  // outlives the lock: a member's end takes it
  {
    const std::lock_guard lock(mutex_);
    const auto take = [&](const std::map<uint64_t, std::weak_ptr<Region>>& tagged) {
      for (const auto& [number, member] : tagged) {
        if (std::shared_ptr<Region> region = member.lock()) found.emplace_back(number, std::move(region));
      }
    };
    if (tag.has_value()) {
      if (const auto tagged = members_.find(*tag); tagged != members_.end()) take(tagged->second);
    } else {
      for (const auto& [name, tagged] : members_) take(tagged);
    }
  }
  std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<std::shared_ptr<Region>> regions;
  regions.reserve(found.size());
  for (auto& [number, region] : found) regions.push_back(std::move(region));
  return regions;
}

SetReport<PauseReport> RegionSet::pause(std::optional<std::string_view> tag, bool skip_done) {
  return pause_these(members(tag), skip_done);
}

SetReport<ResumeReport> RegionSet::resume(std::optional<std::string_view> tag, bool skip_done) {
  return resume_these(members(tag), skip_done);
}

SetReport<PauseReport> RegionSet::pause_these(std::vector<std::shared_ptr<Region>> regions, bool skip_done) {
  const Stopwatch watch;
  auto report = prepare_report<PauseReport>(std::move(regions));
  report.status = pause_regions(report.outcomes, {skip_done, &lanes_});
  report.total_ns = watch.total_ns();
  return report;
}

SetReport<ResumeReport> RegionSet::resume_these(std::vector<std::shared_ptr<Region>> regions, bool skip_done) {
  const Stopwatch watch;
  auto report = prepare_report<ResumeReport>(std::move(regions));
  report.status = resume_regions(report.outcomes, {skip_done, &lanes_});
  report.total_ns = watch.total_ns();
  return report;
}

RegionSetInfo RegionSet::info(std::optional<std::string_view> tag) const {
  RegionSetInfo sum;
  for (const std::shared_ptr<Region>& region : members(tag)) {
    const RegionInfo info = region->info();
    ++sum.regions;
    if (info.state == RegionState::kPaused) ++sum.paused;
    sum.size_bytes += info.size_bytes;
    sum.mapped_bytes += info.mapped_bytes;
    sum.backup_bytes += info.backup_bytes;
    sum.stored_bytes += info.stored_bytes;
  }
  return sum;
}

Result<uint64_t> RegionSet::enter(const ScopeSettings& settings) {
  std::vector<Entered>& entered = entered_scopes();
  const ScopeSettings amount = merged(settings, current());
  entered.reserve(entered.size() + 1);
  const std::lock_guard lock(mutex_);
  const uint64_t scope = last_scope_ + 1;
  scopes_.emplace(scope, amount);
  last_scope_ = scope;
  entered.push_back({id_, scope});
  return scope;
}

Status RegionSet::leave(uint64_t scope) {
  std::vector<Entered>& entered = entered_scopes();
  const auto innermost =
      std::find_if(entered.rbegin(), entered.rend(), [&](const Entered& each) { return each.set_id == id_; });
  if (innermost == entered.rend() || innermost->scope != scope) {
    const bool ours = std::any_of(entered.begin(), entered.end(),
                                  [&](const Entered& each) { return each.set_id == id_ && each.scope == scope; });
    return Status::error(Code::kState, ours ? "region scope: another was entered within it; leave that one first"
                                            : "region scope: this thread is not in it; leave a scope once, in the "
                                              "thread that entered it");
  }
  entered.erase(std::next(innermost).base());
  ScopeSettings dropped;  // outlives the lock: a device may end with it
  const std::lock_guard lock(mutex_);
  if (const auto found = scopes_.find(scope); found != scopes_.end()) {
    dropped = std::move(found->second);
    scopes_.erase(found);
  }
  return Status();
}

ScopeSettings RegionSet::current() const {
  const std::vector<Entered>& entered = entered_scopes();
  const auto innermost =
      std::find_if(entered.rbegin(), entered.rend(), [&](const Entered& each) { return each.set_id == id_; });
  if (innermost == entered.rend()) return {};
  const std::lock_guard lock(mutex_);
  const auto found = scopes_.find(innermost->scope);
  return found != scopes_.end() ? found->second : ScopeSettings{};
}

}  // namespace windlass
