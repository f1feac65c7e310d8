#include "region/region_set.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "backup/host_backup.hpp"
#include "backup/no_backup.hpp"
#include "base/bytes.hpp"
#include "device/emulated/emulated_device.hpp"
#include "support/pattern.hpp"

namespace windlass {
namespace {

constexpr uint64_t kMemberBytes = 2 * kMiB + 77;

std::shared_ptr<const RegionPlan> no_backup() {
  auto plan = std::make_shared<RegionPlan>();
  plan->make_backup = [](const std::shared_ptr<Device>&) -> Result<std::unique_ptr<Backup>> {
    return {std::make_unique<NoBackup>()};
  };
  return plan;
}

class RegionSetTest : public testing::Test {
 protected:
  std::shared_ptr<Region> open(const char* tag, uint64_t seed = 1) {
    auto region = set_->open_region(kMemberBytes, {tag, device_, nullptr, {}}).value();
    const auto bytes = test::pattern(kMemberBytes, seed);
    EXPECT_TRUE(region->write(0, bytes.data(), bytes.size()).ok());
    return region;
  }
  static void expect_content(Region& region, uint64_t seed = 1) {
    std::vector<std::byte> bytes(kMemberBytes);
    ASSERT_TRUE(region.read(0, bytes.data(), bytes.size()).ok());
    EXPECT_TRUE(bytes == test::pattern(kMemberBytes, seed));
  }

  std::shared_ptr<EmulatedDevice> device_ = EmulatedDevice::open({64 * kMiB, 2}).value();
  std::shared_ptr<RegionSet> set_ = RegionSet::open({});
};

TEST_F(RegionSetTest, twoTagsArePausedAndResumedInReverseOrder) {
  const auto weights = open("weights", 1);
  const auto cache = open("kv", 2);
  EXPECT_EQ(set_->pause("weights", false).outcomes.size(), 1U);
  EXPECT_EQ(weights->info().state, RegionState::kPaused);
  EXPECT_EQ(cache->info().state, RegionState::kActive);
  EXPECT_TRUE(set_->pause("kv", false).status.ok());
  EXPECT_EQ(set_->info({}).paused, 2U);
  EXPECT_TRUE(set_->resume("kv", false).status.ok());
  EXPECT_EQ(weights->info().state, RegionState::kPaused);
  EXPECT_TRUE(set_->resume("weights", false).status.ok());
  expect_content(*weights, 1);
  expect_content(*cache, 2);
}

TEST_F(RegionSetTest, allArePausedAtOnceAndAnUnknownTagIsNoError) {
  const auto weights = open("weights");
  const auto cache = open("kv");
  EXPECT_TRUE(set_->pause("other", false).outcomes.empty());
  ASSERT_TRUE(set_->pause({}, false).status.ok());
  EXPECT_EQ(device_->memory().value().used_bytes, 0U);
  EXPECT_EQ(set_->pause({}, false).status.code(), Code::kState);
  EXPECT_TRUE(set_->pause({}, true).status.ok());
  ASSERT_TRUE(set_->resume({}, false).status.ok());
  expect_content(*weights);
}

TEST_F(RegionSetTest, aRegionThatIsClosedWhilePausedIsNoMemberAnyMore) {
  auto weights = open("weights");
  const auto cache = open("kv");
  ASSERT_TRUE(set_->pause({}, false).status.ok());
  weights = nullptr;
  EXPECT_EQ(set_->info({}).regions, 1U);
  ASSERT_TRUE(set_->resume({}, false).status.ok());
  expect_content(*cache);
}

TEST_F(RegionSetTest, aRegionOutlivesItsSet) {
  const auto weights = open("weights");
  set_ = nullptr;
  ASSERT_TRUE(weights->pause().ok());
  ASSERT_TRUE(weights->resume().ok());
  expect_content(*weights);
}

TEST_F(RegionSetTest, innerScopesOverrideOuterOnesAndLeavingRestoresThem) {
  const uint64_t outer = set_->enter({"outer", device_, nullptr, {}}).value();
  const auto first = set_->open_region(kMemberBytes, {}).value();
  const uint64_t inner = set_->enter({"inner", nullptr, no_backup(), {}}).value();
  const auto second = set_->open_region(kMemberBytes, {}).value();
  const uint64_t off = set_->enter({{}, nullptr, nullptr, false}).value();
  const auto outside = set_->open_region(kMemberBytes, {}).value();
  const uint64_t on = set_->enter({{}, nullptr, nullptr, true}).value();
  const auto inside = set_->open_region(kMemberBytes, {}).value();
  ASSERT_TRUE(set_->leave(on).ok());
  ASSERT_TRUE(set_->leave(off).ok());
  ASSERT_TRUE(set_->leave(inner).ok());
  const auto third = set_->open_region(kMemberBytes, {}).value();
  ASSERT_TRUE(set_->leave(outer).ok());

  EXPECT_EQ(first->tag(), "outer");
  EXPECT_EQ(second->tag(), "inner");
  EXPECT_EQ(outside->tag(), "inner");
  EXPECT_EQ(third->tag(), "outer");
  EXPECT_EQ(set_->members("inner"), (std::vector{second, inside}));
  EXPECT_EQ(set_->members({}).size(), 4U) << "the one opened while disabled is no member";
  ASSERT_TRUE(set_->pause({}, false).status.ok());
  EXPECT_EQ(outside->info().state, RegionState::kActive);
  EXPECT_EQ(second->info().image_bytes, 0U) << "without backup, as the inner scope says";
  EXPECT_EQ(third->info().image_bytes, kMemberBytes);
  EXPECT_EQ(set_->open_region(kMemberBytes, {}).status().code(), Code::kInvalidArgument) << "no scope, no device";
}

TEST_F(RegionSetTest, scopesAreLeftInnermostFirstByTheThreadThatEnteredThem) {
  const uint64_t outer = set_->enter({"outer", device_, nullptr, {}}).value();
  const uint64_t inner = set_->enter({"inner", device_, nullptr, {}}).value();
  EXPECT_EQ(set_->leave(outer).code(), Code::kState);
  std::thread([&] { EXPECT_EQ(set_->leave(inner).code(), Code::kState); }).join();
  EXPECT_TRUE(set_->leave(inner).ok());
  EXPECT_TRUE(set_->leave(outer).ok());
  EXPECT_EQ(set_->leave(outer).code(), Code::kState);
}

TEST_F(RegionSetTest, scopesOfTwoThreadsAndTwoSetsDoNotMeet) {
  const auto other_set = RegionSet::open({});
  std::vector<std::shared_ptr<Region>> opened(4);
  const auto work = [&](const char* tag, size_t first) {
    const uint64_t scope = set_->enter({tag, device_, nullptr, {}}).value();
    const uint64_t foreign = other_set->enter({"foreign", device_, nullptr, {}}).value();
    opened[first] = set_->open_region(kMemberBytes, {}).value();
    opened[first + 1] = other_set->open_region(kMemberBytes, {}).value();
    EXPECT_TRUE(set_->leave(scope).ok()) << "another set's scope within does not matter";
    EXPECT_TRUE(other_set->leave(foreign).ok());
  };
  std::thread one(work, "one", 0U);
  std::thread two(work, "two", 2U);
  one.join();
  two.join();
  EXPECT_EQ(opened[0]->tag(), "one");
  EXPECT_EQ(opened[2]->tag(), "two");
  EXPECT_EQ(opened[1]->tag(), "foreign");
  EXPECT_EQ(set_->members({}).size(), 2U);
  EXPECT_EQ(other_set->members("foreign").size(), 2U);
}

TEST_F(RegionSetTest, theMarginStaysFree) {
  set_->set_margin(60 * kMiB);
  Status refused = set_->open_region(8 * kMiB, {"a", device_, nullptr, {}}).status();
  EXPECT_EQ(refused.code(), Code::kNoMemory);
  EXPECT_NE(refused.message().find("60 MiB are to stay free"), std::string_view::npos) << refused.message();
  EXPECT_TRUE(set_->open_region(2 * kMiB, {"a", device_, nullptr, {}}).ok());
  set_->set_margin(63 * kMiB);
  EXPECT_EQ(set_->open_region(kMiB, {"a", device_, nullptr, {}}).status().code(), Code::kNoMemory)
      << "a region takes whole pages";
  set_->set_margin(65 * kMiB);
  EXPECT_EQ(set_->open_region(1, {"a", device_, nullptr, {}}).status().code(), Code::kNoMemory);
}

TEST_F(RegionSetTest, aResumeWithoutMemoryLeavesAllPausedAndGoesThroughOnceThereIsSome) {
  const auto weights = open("weights", 1);
  const auto cache = open("kv", 2);
  ASSERT_TRUE(set_->pause({}, false).status.ok());
  auto greedy = Region::open(device_, 58 * kMiB, std::make_unique<NoBackup>()).value();
  const auto report = set_->resume({}, false);
  EXPECT_EQ(report.status.code(), Code::kNoMemory) << report.status.message();
  EXPECT_EQ(set_->info({}).paused, 2U);
  EXPECT_EQ(set_->info({}).mapped_bytes, 0U);
  greedy = nullptr;
  ASSERT_TRUE(set_->resume({}, false).status.ok());
  expect_content(*weights, 1);
  expect_content(*cache, 2);
}

TEST_F(RegionSetTest, tenThousandRegionsPauseAndResumeAsOne) {
  const auto device = EmulatedDevice::open({uint64_t{20010} * 2 * kMiB, 2}).value();
  constexpr size_t kCount = 10000;
  constexpr uint64_t kEach = 4096;
  std::vector<std::shared_ptr<Region>> regions;
  for (size_t index = 0; index < kCount; ++index) {
    const char* const tag = index % 2 == 0 ? "even" : "odd";
    // Of those without backup, the pages are never touched but by the populating.
    auto region = set_->open_region(kEach, {tag, device, index < 100 ? nullptr : no_backup(), {}});
    ASSERT_TRUE(region.ok()) << region.status().message();
    ASSERT_TRUE((*region)->write(0, &index, sizeof index).ok());
    regions.push_back(*std::move(region));
    // All of them active at once would take 20 GB of huge pages.
    if (index % 500 == 499) {
      ASSERT_TRUE(set_->pause({}, true).status.ok());
    }
  }
  EXPECT_EQ(set_->info({}).paused, kCount);
  EXPECT_EQ(set_->info("even").regions, kCount / 2);
  for (size_t index = 0; index < 100; ++index) {
    ASSERT_TRUE(regions[index]->resume().ok());
    size_t found = 0;
    ASSERT_TRUE(regions[index]->read(0, &found, sizeof found).ok());
    EXPECT_EQ(found, index);
  }
  regions.clear();
  EXPECT_EQ(set_->info({}).regions, 0U);
}

TEST_F(RegionSetTest, openPauseResumeAndCloseInManyThreadsAreSafe) {
  std::atomic<bool> failed = false;
  const auto churn = [&](const char* tag, uint64_t seed) {
    for (int round = 0; round < 15; ++round) {
      auto region = set_->open_region(kMemberBytes, {tag, device_, nullptr, {}});
      if (!region.ok()) continue;  // the device is small, and others have it now
      const auto bytes = test::pattern(kMemberBytes, seed);
      if (!(*region)->write(0, bytes.data(), bytes.size()).ok()) continue;  // paused meanwhile
      (void)set_->pause(tag, true).status.ok();
      (void)set_->resume({}, true).status.ok();
      (void)(*region)->resume().ok();
      std::vector<std::byte> back(kMemberBytes);
      if ((*region)->read(0, back.data(), back.size()).ok() && back != bytes) failed = true;
      (void)set_->info({});
    }
  };
  std::vector<std::thread> threads;
  threads.emplace_back(churn, "a", 1U);
  threads.emplace_back(churn, "a", 2U);
  threads.emplace_back(churn, "b", 3U);
  threads.emplace_back(churn, "b", 4U);
  for (std::thread& thread : threads) thread.join();
  EXPECT_FALSE(failed);
  EXPECT_EQ(set_->info({}).regions, 0U);
}

}  // namespace
}  // namespace windlass
