// Scaling: pausing and resuming a region costs the same however many others there are, and many small ones are paused
// as one for little more than each takes alone.
//
// The others are paused regions of the same set and device, without backup, so that they have no memory. A set with
// few and one with many take turns, several times a round, and the median of each counts.

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "backup/host_backup.hpp"
#include "backup/no_backup.hpp"
#include "base/bytes.hpp"
#include "base/handle_table.hpp"
#include "device/emulated/emulated_device.hpp"
#include "host_memory.hpp"
#include "measure.hpp"
#include "region/region_set.hpp"

namespace windlass::bench {

namespace {

constexpr uint64_t kSubjectBytes = 64 * kMiB;
constexpr uint64_t kSmallBytes = 2 * kMiB;
constexpr size_t kSmallRegions = 100;
constexpr std::array<size_t, 3> kOthers = {1, 100, 10'000};
constexpr std::array<const char*, 3> kSides = {"limit", "with_100_others", "ours"};
constexpr int kTurns = 9;  // in a round
constexpr const char* kSubjectTag = "subject";

// A region with a handle, as a caller of the ABI has it.
class Named {
 public:
  Named() noexcept = default;
  Named(std::shared_ptr<Region> region, Handle handle) noexcept : region_(std::move(region)), handle_(handle) {}
  ~Named() {
    if (region_ != nullptr) (void)HandleTable::instance().remove<Region>(handle_, Kind::kRegion);
  }
  Named(Named&& other) noexcept : region_(std::move(other.region_)), handle_(other.handle_) {}
  Named& operator=(Named&& other) noexcept {
    std::swap(region_, other.region_);
    std::swap(handle_, other.handle_);
    return *this;
  }
  Named(const Named&) = delete;
  Named& operator=(const Named&) = delete;

  Region& region() const noexcept { return *region_; }
  Handle handle() const noexcept { return handle_; }
  std::span<std::byte> content() const {
    const RegionInfo info = region_->info();
    return {reinterpret_cast<std::byte*>(info.address), info.size_bytes};
  }

 private:
  std::shared_ptr<Region> region_;
  Handle handle_ = 0;
};

std::shared_ptr<const RegionPlan> plan_without_backup() {
  RegionPlan plan;
  plan.make_backup = [](const std::shared_ptr<Device>& /*device*/) {
    return Result<std::unique_ptr<Backup>>(std::make_unique<NoBackup>());
  };
  return std::make_shared<const RegionPlan>(std::move(plan));
}

std::shared_ptr<const RegionPlan> retaining_plan() {
  RegionPlan plan;
  plan.make_backup = [](const std::shared_ptr<Device>& device) {
    const HostBackupOptions options{.retain = true, .verify = false};
    return Result<std::unique_ptr<Backup>>(std::make_unique<HostBackup>(options, device->helpers()));
  };
  return std::make_shared<const RegionPlan>(std::move(plan));
}

// A set on a device of its own.
struct World {
  std::shared_ptr<Device> device;
  std::shared_ptr<RegionSet> set = RegionSet::open({});

  Status open() {
    Result<std::shared_ptr<EmulatedDevice>> opened = EmulatedDevice::open({});
    if (!opened.ok()) return opened.status();
    device = *std::move(opened);
    return Status();
  }
  Result<Named> open_region(uint64_t bytes, const char* tag, const std::shared_ptr<const RegionPlan>& plan) const {
    Result<std::shared_ptr<Region>> region = set->open_region(bytes, {tag, device, plan, std::nullopt});
    if (!region.ok()) return region.status();
    Result<Handle> handle = HandleTable::instance().insert(Kind::kRegion, *region);
    if (!handle.ok()) return handle.status();
    return Named(*std::move(region), *handle);
  }
};

// One region that is measured, and the others.
struct Crowd {
  World world;
  std::vector<Named> others;
  Named subject;
  Hash128 wanted;

  Status open(size_t count) {
    if (Status opened = world.open(); !opened.ok()) return opened;
    const std::shared_ptr<const RegionPlan> nothing = plan_without_backup();
    for (size_t i = 0; i < count; ++i) {
      Result<Named> other = world.open_region(kSmallBytes, "others", nothing);
      if (!other.ok()) return other.status();
      if (Status paused = other->region().pause().status(); !paused.ok()) return paused;
      others.push_back(*std::move(other));
    }
    Result<Named> opened = world.open_region(kSubjectBytes, kSubjectTag, retaining_plan());
    if (!opened.ok()) return opened.status();
    subject = *std::move(opened);
    fill(subject.content(), 1);
    wanted = reference_hash(subject.content());
    return by_handle();
  }

  Status by_handle() const {
    Status paused = with_subject([](Region& region) { return region.pause().status(); });
    return paused.ok() ? with_subject([](Region& region) { return region.resume().status(); }) : paused;
  }
  Status by_tag() const {
    Status paused = world.set->pause(kSubjectTag, false).status;
    return paused.ok() ? world.set->resume(kSubjectTag, false).status : paused;
  }
  bool intact() const { return reference_hash(subject.content()) == wanted; }

 private:
  template <typename Call>
  Status with_subject(Call&& call) const {
    Result<std::shared_ptr<Region>> region = HandleTable::instance().acquire<Region>(subject.handle(), Kind::kRegion);
    return region.ok() ? call(**region) : region.status();
  }
};

using Crowds = std::array<Crowd, kOthers.size()>;

Result<std::shared_ptr<Crowds>> open_crowds() {
  auto crowds = std::make_shared<Crowds>();
  for (size_t i = 0; i < crowds->size(); ++i) {
    if (Status opened = (*crowds)[i].open(kOthers[i]); !opened.ok()) return opened;
  }
  return crowds;
}

Cost median_of(std::vector<Cost> costs) {
  std::sort(costs.begin(), costs.end(), [](const Cost& a, const Cost& b) { return a.seconds < b.seconds; });
  return costs[costs.size() / 2];
}

// Ours is the region among the most others, the limit that among the fewest.
void measure_growth(benchmark::State& state, Status (Crowd::*pause_and_resume)() const) {
  auto* const crowds = keep<Crowds>(state, "scaling", open_crowds);
  if (crowds == nullptr) return;
  for (auto _ : state) {
    std::array<std::vector<Cost>, kOthers.size()> costs;
    for (size_t turn = 0; turn < kTurns * crowds->size(); ++turn) {
      // Who comes after whom changes, as each finds the memory that the one before has let go.
      const size_t which = (turn + turn / crowds->size()) % crowds->size();
      const Crowd& crowd = (*crowds)[which];
      Status failure;
      costs[which].push_back(cost_of([&] { failure = (crowd.*pause_and_resume)(); }));
      if (!require(state, failure)) return;
    }
    for (size_t i = 0; i < crowds->size(); ++i) record(state, kSides[i], median_of(std::move(costs[i])));
    state.counters["bytes"] = static_cast<double>(kSubjectBytes);
    const bool intact = std::all_of(crowds->begin(), crowds->end(), [](const Crowd& crowd) { return crowd.intact(); });
    if (!require(state, intact, "a region came back changed")) return;
  }
}

void scaling_by_handle(benchmark::State& state) { measure_growth(state, &Crowd::by_handle); }
BENCHMARK(scaling_by_handle)->UseManualTime()->Iterations(1);

void scaling_by_tag(benchmark::State& state) { measure_growth(state, &Crowd::by_tag); }
BENCHMARK(scaling_by_tag)->UseManualTime()->Iterations(1);

// Many small regions, and one as large as all of them.
struct Swarm {
  World world;
  std::vector<Named> small;
  Named large;
  Hash128 wanted;

  Status open() {
    if (Status opened = world.open(); !opened.ok()) return opened;
    for (size_t i = 0; i < kSmallRegions; ++i) {
      Result<Named> region = world.open_region(kSmallBytes, "small", retaining_plan());
      if (!region.ok()) return region.status();
      fill(region->content(), 2);
      small.push_back(*std::move(region));
    }
    Result<Named> region = world.open_region(kSmallRegions * kSmallBytes, "large", retaining_plan());
    if (!region.ok()) return region.status();
    large = *std::move(region);
    fill(large.content(), 3);
    wanted = reference_hash(small.front().content());
    if (Status paused = world.set->pause(std::nullopt, false).status; !paused.ok()) return paused;
    return world.set->resume(std::nullopt, false).status;
  }
  Status pause_one_by_one() const {
    for (const Named& each : small) {
      if (Status paused = each.region().pause().status(); !paused.ok()) return paused;
    }
    return Status();
  }
  bool intact() const {
    return std::all_of(small.begin(), small.end(),
                       [this](const Named& each) { return reference_hash(each.content()) == wanted; });
  }
};

Result<std::shared_ptr<Swarm>> open_swarm() {
  auto swarm = std::make_shared<Swarm>();
  if (Status opened = swarm->open(); !opened.ok()) return opened;
  return swarm;
}

Cost each_of(const Cost& all) { return {all.seconds / double{kSmallRegions}, all.cpu_seconds / double{kSmallRegions}}; }

// All figures are per small region.
void scaling_as_one(benchmark::State& state) {
  auto* const swarm = keep<Swarm>(state, "scaling_as_one", open_swarm);
  if (swarm == nullptr) return;
  RegionSet& set = *swarm->world.set;
  for (auto _ : state) {
    Status failure;
    const auto measure = [&](const char* side, auto&& pause) {
      const Cost cost = cost_of([&] { failure = pause(); });
      if (failure.ok()) failure = set.resume(std::nullopt, true).status;
      record(state, side, each_of(cost));
      return require(state, failure) && require(state, swarm->intact(), "a region came back changed");
    };
    const bool measured = measure("ours", [&] { return set.pause("small", false).status; }) &&
                          measure("limit", [&] { return swarm->large.region().pause().status(); }) &&
                          measure("peer", [&] { return swarm->pause_one_by_one(); });
    if (!measured) return;
    state.counters["bytes"] = static_cast<double>(kSmallBytes);
  }
}
BENCHMARK(scaling_as_one)->UseManualTime()->Iterations(1);

}  // namespace

}  // namespace windlass::bench
