#include "archive/archive_job.hpp"

#include <gtest/gtest.h>

#include <future>
#include <thread>

namespace windlass {
namespace {

using std::chrono::nanoseconds;
constexpr auto kLong = std::chrono::minutes(1);

TEST(ArchiveJobTest, tellsItsReportToAllWhoWait) {
  std::promise<void> may_end;
  auto ends = may_end.get_future().share();
  const auto job = ArchiveJob::start(
                       [ends](WorkState& state, std::vector<ArchiveEntry>* entries) {
                         ends.wait();
                         state.done_bytes = 5;
                         entries->push_back({.path = "a"});
                         ArchiveReport report;
                         report.entries = 7;
                         return Result<ArchiveReport>(report);
                       },
                       true)
                       .value();
  EXPECT_EQ(job->wait(nanoseconds(0)).status().code(), Code::kTimeout);
  EXPECT_EQ(job->entries().status().code(), Code::kState);
  std::thread other([&] { EXPECT_EQ(job->wait(kLong)->entries, 7U); });
  may_end.set_value();
  EXPECT_EQ(job->wait(kLong)->entries, 7U);
  other.join();
  EXPECT_EQ(job->state().phase.load(), ArchivePhase::kDone);
  EXPECT_EQ((*job->entries())->size(), 1U);
  job->cancel();
  EXPECT_EQ(job->wait(nanoseconds(0))->entries, 7U);
}

TEST(ArchiveJobTest, aFailureIsTheOutcome) {
  const auto failing = ArchiveJob::start(
                           [](WorkState&, std::vector<ArchiveEntry>*) {
                             return Result<ArchiveReport>(Status::error(Code::kCorrupt, "no"));
                           },
                           true)
                           .value();
  EXPECT_EQ(failing->wait(kLong).status().code(), Code::kCorrupt);
  EXPECT_EQ(failing->entries().status().code(), Code::kState);
}

TEST(ArchiveJobTest, closingCancelsAndWaits) {
  std::promise<void> begun;
  const auto job = ArchiveJob::start(
                       [&](WorkState& state, std::vector<ArchiveEntry>*) {
                         begun.set_value();
                         while (state.check().ok()) std::this_thread::yield();
                         return Result<ArchiveReport>(state.check());
                       },
                       false)
                       .value();
  begun.get_future().wait();
  job->close();
  EXPECT_EQ(job->wait(nanoseconds(0)).status().code(), Code::kState);
}

}  // namespace
}  // namespace windlass
