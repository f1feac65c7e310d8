#include "region/transition.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "backup/host_backup.hpp"
#include "backup/no_backup.hpp"
#include "base/bytes.hpp"
#include "device/emulated/emulated_device.hpp"
#include "fake/fake_device.hpp"
#include "fake/fake_observer.hpp"
#include "support/pattern.hpp"

namespace windlass {
namespace {

constexpr uint64_t kSizeBytes = 5 * kMiB + 4321;

// Three regions on one device that can fail; the last has no backup if asked.
class TransitionTest : public testing::Test {
 protected:
  std::shared_ptr<Region> open(std::unique_ptr<Backup> backup, const char* tag) {
    auto region = Region::open(fake_, kSizeBytes, std::move(backup), {.chunk_bytes = 2 * kMiB, .tag = tag}).value();
    const auto bytes = test::pattern(kSizeBytes, regions_.size() + 1);
    EXPECT_TRUE(region->write(0, bytes.data(), bytes.size()).ok());
    regions_.push_back(region);
    return region;
  }
  void open_three(bool last_without_backup = false) {
    open(std::make_unique<HostBackup>(HostBackupOptions{.verify = true}), "first");
    open(std::make_unique<HostBackup>(HostBackupOptions{}), "second");
    if (last_without_backup) {
      open(std::make_unique<NoBackup>(), "last");
    } else {
      open(std::make_unique<HostBackup>(HostBackupOptions{.retain = true}), "last");
    }
  }
  Status pause(TransitionOptions options = {}) {
    pauses_.clear();
    for (const auto& region : regions_) pauses_.push_back({region.get(), OutcomeKind::kUntouched, {}, {}});
    return pause_regions(pauses_, options);
  }
  Status resume(TransitionOptions options = {}) {
    resumes_.clear();
    for (const auto& region : regions_) resumes_.push_back({region.get(), OutcomeKind::kUntouched, {}, {}});
    return resume_regions(resumes_, options);
  }
  void expect_all(RegionState state) const {
    for (const auto& region : regions_) EXPECT_EQ(region->info().state, state) << region->tag();
  }
  void expect_content(size_t count) const {
    for (size_t index = 0; index < count; ++index) {
      std::vector<std::byte> bytes(kSizeBytes);
      ASSERT_TRUE(regions_[index]->read(0, bytes.data(), bytes.size()).ok());
      EXPECT_TRUE(bytes == test::pattern(kSizeBytes, index + 1)) << regions_[index]->tag();
    }
  }

  std::shared_ptr<EmulatedDevice> real_ = EmulatedDevice::open({64 * kMiB, 2}).value();
  std::shared_ptr<fake::FakeDevice> fake_ = std::make_shared<fake::FakeDevice>(real_);
  WorkerPool lanes_{3};
  std::vector<std::string> story_;  // outlives the regions, whose end their observers hear
  std::vector<std::shared_ptr<Region>> regions_;
  std::vector<PauseOutcome> pauses_;
  std::vector<ResumeOutcome> resumes_;
};

TEST_F(TransitionTest, allArePausedAndResumedTogether) {
  open_three();
  ASSERT_TRUE(pause({.lanes = &lanes_}).ok());
  expect_all(RegionState::kPaused);
  EXPECT_EQ(real_->memory().value().used_bytes, 0U);
  for (const PauseOutcome& outcome : pauses_) {
    EXPECT_EQ(outcome.kind, OutcomeKind::kDone);
    EXPECT_EQ(outcome.report.saved_bytes, kSizeBytes);
    EXPECT_EQ(outcome.report.freed_bytes, 6 * kMiB);
  }
  ASSERT_TRUE(resume({.lanes = &lanes_}).ok());
  expect_all(RegionState::kActive);
  expect_content(3);
}

TEST_F(TransitionTest, oneThatIsThereAlreadyFailsTheCallUnlessItIsToBePassedOver) {
  open_three();
  ASSERT_TRUE(regions_[1]->pause().ok());
  EXPECT_EQ(pause().code(), Code::kState);
  EXPECT_EQ(pauses_[0].kind, OutcomeKind::kUntouched);
  EXPECT_EQ(regions_[0]->info().state, RegionState::kActive);
  ASSERT_TRUE(pause({.skip_done = true}).ok());
  EXPECT_EQ(pauses_[0].kind, OutcomeKind::kDone);
  EXPECT_EQ(pauses_[1].kind, OutcomeKind::kSkipped);
  expect_all(RegionState::kPaused);
  ASSERT_TRUE(pause({.skip_done = true}).ok()) << "as often as one likes";
  ASSERT_TRUE(resume({.skip_done = true}).ok());
  ASSERT_TRUE(resume({.skip_done = true}).ok());
  expect_content(3);
}

TEST_F(TransitionTest, theSameRegionTwiceIsRefused) {
  open_three();
  regions_.push_back(regions_[0]);
  EXPECT_EQ(pause().code(), Code::kInvalidArgument);
  expect_all(RegionState::kActive);
}

TEST_F(TransitionTest, nothingToDoIsDone) {
  EXPECT_TRUE(pause().ok());
  EXPECT_TRUE(resume().ok());
}

// Goal: all or nothing, whatever step fails. Method: fail step 1, then 2, and so on, until a pause goes through.
TEST_F(TransitionTest, aFailureAtAnyStepOfPauseLeavesAllActiveWithAllBytes) {
  open_three(true);
  for (uint64_t step = 1;; ++step) {
    fake_->fail_at(step);
    Status paused = pause({.lanes = &lanes_});
    const bool failed = fake_->failed();
    fake_->forgive();
    ASSERT_EQ(paused.ok(), !failed) << fake_->last_failure();
    if (!failed) break;
    expect_all(RegionState::kActive);
    expect_content(2);
    for (const PauseOutcome& outcome : pauses_) EXPECT_EQ(outcome.kind, OutcomeKind::kUndone);
    ASSERT_LT(step, 200U);
  }
  ASSERT_TRUE(resume().ok());
  expect_content(2);
}

TEST_F(TransitionTest, aFailureAtAnyStepOfResumeLeavesAllPausedWithAllBytes) {
  open_three();
  for (uint64_t step = 1;; ++step) {
    ASSERT_TRUE(pause().ok());
    fake_->fail_at(step);
    Status resumed = resume({.lanes = &lanes_});
    const bool failed = fake_->failed();
    fake_->forgive();
    ASSERT_EQ(resumed.ok(), !failed) << fake_->last_failure();
    if (!failed) break;
    expect_all(RegionState::kPaused);
    EXPECT_EQ(real_->memory().value().used_bytes, 0U);
    ASSERT_TRUE(resume().ok());
    expect_content(3);
    ASSERT_LT(step, 200U);
  }
  expect_content(3);
}

TEST_F(TransitionTest, whatCannotBeBroughtBackIsStrandedWithItsBytes) {
  open_three();
  fake_->fail_always("create");
  // The second region's backup finds no room after the first was released: only a copy can fail that late.
  fake_->fail_at(1 + 9);
  Status paused = pause();
  ASSERT_FALSE(paused.ok());
  EXPECT_NE(paused.message().find("PAUSED"), std::string_view::npos) << paused.message();
  size_t stranded = 0;
  for (const PauseOutcome& outcome : pauses_) stranded += outcome.kind == OutcomeKind::kStranded ? 1 : 0;
  EXPECT_GE(stranded, 1U);
  fake_->forgive();
  ASSERT_TRUE(resume({.skip_done = true}).ok());
  expect_content(3);
}

TEST_F(TransitionTest, anObserverThatRefusesStopsAllAndIsQuoted) {
  open_three();
  const auto watcher = std::make_shared<fake::FakeObserver>("registrations", &story_);
  const auto refuser = std::make_shared<fake::FakeObserver>("collective", &story_);
  ASSERT_TRUE(regions_[0]->attach(watcher).ok());
  ASSERT_TRUE(regions_[1]->attach(refuser).ok());
  refuser->refuse("an all-reduce is under way");
  Status paused = pause();
  EXPECT_EQ(paused.code(), Code::kState);
  EXPECT_NE(paused.message().find("collective refuses"), std::string_view::npos) << paused.message();
  EXPECT_NE(paused.message().find("all-reduce"), std::string_view::npos) << paused.message();
  EXPECT_NE(paused.message().find("(second)"), std::string_view::npos) << paused.message();
  expect_all(RegionState::kActive);
  EXPECT_EQ(story_,
            (std::vector<std::string>{"registrations goes at 1", "collective refuses", "registrations back at 1"}));
  refuser->agree();
  story_.clear();
  ASSERT_TRUE(pause().ok());
  EXPECT_EQ(regions_[0]->attach(watcher).status().code(), Code::kState);
  ASSERT_TRUE(resume().ok());
  EXPECT_EQ(story_, (std::vector<std::string>{"registrations goes at 1", "collective goes at 1",
                                              "registrations back at 2", "collective back at 2"}));
  expect_content(3);
}

TEST_F(TransitionTest, observersHearOfNewPagesAfterAPauseThatWasUndoneLate) {
  open_three();
  ASSERT_TRUE(regions_[0]->attach(std::make_shared<fake::FakeObserver>("a", &story_)).ok());
  fake_->fail_at(1 + 9);
  ASSERT_FALSE(pause().ok());
  fake_->forgive();
  EXPECT_EQ(story_, (std::vector<std::string>{"a goes at 1", "a back at 2"})) << "these are other pages";
}

TEST_F(TransitionTest, aClosedRegionTellsItsObservers) {
  open_three();
  ASSERT_TRUE(regions_[2]->attach(std::make_shared<fake::FakeObserver>("a", &story_)).ok());
  regions_.pop_back();
  EXPECT_EQ(story_, (std::vector<std::string>{"a goes at 1"}));
}

TEST_F(TransitionTest, aBackupCanBeReadWhilePausedAndAfterwardsIfRetained) {
  open_three();
  std::vector<std::byte> bytes(1000);
  EXPECT_EQ(regions_[1]->read_backup(0, bytes.data(), 1).code(), Code::kState) << "there is no image yet";
  ASSERT_TRUE(pause().ok());
  const auto expected = test::pattern(kSizeBytes, 2);
  ASSERT_TRUE(regions_[1]->read_backup(kSizeBytes - 1000, bytes.data(), 1000).ok());
  EXPECT_TRUE(std::equal(bytes.begin(), bytes.end(), expected.end() - 1000));
  EXPECT_EQ(regions_[1]->read_backup(kSizeBytes - 1000, bytes.data(), 1001).code(), Code::kInvalidArgument);
  const auto view = regions_[1]->view_backup(100).value();
  EXPECT_EQ(view.size(), kSizeBytes - 100);
  EXPECT_EQ(view[0], expected[100]);
  const std::byte* const kept = regions_[2]->view_backup(0).value().data();
  ASSERT_TRUE(resume().ok());
  EXPECT_EQ(regions_[1]->view_backup(0).status().code(), Code::kState);
  EXPECT_EQ(regions_[2]->view_backup(0).value().data(), kept) << "retained, at the same address";
  ASSERT_TRUE(pause().ok());
  EXPECT_EQ(regions_[2]->view_backup(0).value().data(), kept) << "across cycles too";
}

TEST_F(TransitionTest, withoutBackupThereIsNothingToRead) {
  open(std::make_unique<NoBackup>(), "none");
  ASSERT_TRUE(pause().ok());
  std::byte byte{};
  EXPECT_EQ(regions_[0]->read_backup(0, &byte, 1).code(), Code::kUnsupported);
  EXPECT_EQ(regions_[0]->view_backup(0).status().code(), Code::kUnsupported);
}

}  // namespace
}  // namespace windlass
