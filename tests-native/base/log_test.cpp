#include "base/log.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <limits>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.hpp"
#include "base/text.hpp"
#include "support/allocation_failure.hpp"

namespace windlass {
namespace {

using std::chrono::nanoseconds;

constexpr nanoseconds kNow{0};
constexpr nanoseconds kForEver = nanoseconds::max();

std::shared_ptr<LogSubscriber> subscribe(LogLevel level = LogLevel::kDebug, size_t capacity = 16) {
  Result<std::shared_ptr<LogSubscriber>> opened = LogSubscriber::open(level, capacity);
  EXPECT_TRUE(opened.ok());
  return *std::move(opened);
}

std::string next_message(LogSubscriber& subscriber) {
  Result<LogLine> line = subscriber.read(kNow);
  return line.ok() ? line->message : code_name(line.status().code());
}

TEST(LogTest, aLineArrivesAsItWasWritten) {
  const auto subscriber = subscribe();
  const int64_t before = unix_time_ns();
  log(LogLevel::kWarning, "region", "memory is scarce");
  Result<LogLine> line = subscriber->read(kNow);
  ASSERT_TRUE(line.ok());
  EXPECT_EQ(line->level, LogLevel::kWarning);
  EXPECT_EQ(line->source, "region");
  EXPECT_EQ(line->message, "memory is scarce");
  EXPECT_EQ(line->dropped, 0U);
  EXPECT_GE(line->time_unix_ns, before);
  EXPECT_LE(line->time_unix_ns, unix_time_ns());
}

TEST(LogTest, linesComeInTheOrderInWhichTheyWereWritten) {
  const auto subscriber = subscribe();
  for (int i = 0; i < 10; ++i) log(LogLevel::kInfo, "test", text(i));
  for (int i = 0; i < 10; ++i) EXPECT_EQ(next_message(*subscriber), text(i));
}

TEST(LogTest, anEmptyLogTimesOut) {
  const auto subscriber = subscribe();
  EXPECT_EQ(subscriber->read(kNow).status().code(), Code::kTimeout);
  EXPECT_EQ(subscriber->read(nanoseconds(1000)).status().code(), Code::kTimeout);
  EXPECT_EQ(subscriber->read(nanoseconds(-1)).status().code(), Code::kTimeout);
  EXPECT_EQ(subscriber->read(nanoseconds::min()).status().code(), Code::kTimeout);
}

TEST(LogTest, eachSubscriberGetsEveryLine) {
  const auto first = subscribe();
  const auto second = subscribe();
  log(LogLevel::kInfo, "test", "one");
  EXPECT_EQ(next_message(*first), "one");
  log(LogLevel::kInfo, "test", "two");
  EXPECT_EQ(next_message(*second), "one");
  EXPECT_EQ(next_message(*second), "two");
  EXPECT_EQ(next_message(*first), "two");
}

TEST(LogTest, linesBelowTheLevelAreNotKept) {
  const auto warnings = subscribe(LogLevel::kWarning);
  const auto everything = subscribe(LogLevel::kDebug);
  log(LogLevel::kInfo, "test", "info");
  log(LogLevel::kError, "test", "error");
  EXPECT_EQ(next_message(*warnings), "error");
  EXPECT_EQ(next_message(*warnings), "TIMEOUT");
  EXPECT_EQ(next_message(*everything), "info");
}

TEST(LogTest, aLineIsWantedOnlyWhereSomebodyListensAtItsLevel) {
  EXPECT_FALSE(log_wanted(LogLevel::kError));
  auto warnings = subscribe(LogLevel::kWarning);
  EXPECT_TRUE(log_wanted(LogLevel::kWarning));
  EXPECT_FALSE(log_wanted(LogLevel::kInfo));
  auto everything = subscribe(LogLevel::kDebug);
  EXPECT_TRUE(log_wanted(LogLevel::kDebug));
  everything.reset();
  EXPECT_FALSE(log_wanted(LogLevel::kInfo));
  warnings.reset();
  EXPECT_FALSE(log_wanted(LogLevel::kError));
}

TEST(LogTest, aLogThatIsNotReadKeepsTheNewestLinesAndCountsTheOthers) {
  const auto subscriber = subscribe(LogLevel::kDebug, 4);
  for (int i = 0; i < 10; ++i) log(LogLevel::kInfo, "test", text(i));
  Result<LogLine> line = subscriber->read(kNow);
  ASSERT_TRUE(line.ok());
  EXPECT_EQ(line->message, "6");
  EXPECT_EQ(line->dropped, 6U);
  line = subscriber->read(kNow);
  ASSERT_TRUE(line.ok());
  EXPECT_EQ(line->message, "7");
  EXPECT_EQ(line->dropped, 0U) << "each loss is told once";
}

TEST(LogTest, aCapacityOfNothingIsRefused) {
  EXPECT_EQ(LogSubscriber::open(LogLevel::kInfo, 0).status().code(), Code::kInvalidArgument);
}

TEST(LogTest, aReaderThatWaitsGetsTheLineThatComes) {
  const auto subscriber = subscribe();
  std::string message;
  std::thread reader([&] {
    Result<LogLine> line = subscriber->read(kForEver);
    message = line.ok() ? line->message : line.status().to_string();
  });
  log(LogLevel::kInfo, "test", "awaited");
  reader.join();
  EXPECT_EQ(message, "awaited");
}

TEST(LogTest, closingEndsReadsThatWaitAndLaterOnes) {
  const auto subscriber = subscribe();
  Code code = Code::kOk;
  std::thread reader([&] { code = subscriber->read(kForEver).status().code(); });
  subscriber->close();
  reader.join();
  EXPECT_EQ(code, Code::kStaleHandle);
  EXPECT_EQ(subscriber->read(kNow).status().code(), Code::kStaleHandle);
  log(LogLevel::kError, "test", "nobody hears it");
  EXPECT_EQ(subscriber->read(kNow).status().code(), Code::kStaleHandle);
  subscriber->close();
}

TEST(LogTest, writingALineNeedsNoMemory) {
  const auto subscriber = subscribe();
  const std::string message(200, 'm');
  const test::AllocationCount count;
  log(LogLevel::kInfo, "a source that is not short", message);
  EXPECT_EQ(count.value(), 0U);
  EXPECT_EQ(next_message(*subscriber), message);
}

TEST(LogTest, aLineThatIsTooLongIsCutWithinNoCharacter) {
  const auto subscriber = subscribe();
  std::string message;
  while (message.size() < 2000) message += "é";
  log(LogLevel::kInfo, std::string(500, 's'), message);
  Result<LogLine> line = subscriber->read(kNow);
  ASSERT_TRUE(line.ok());
  EXPECT_FALSE(line->message.empty());
  EXPECT_LT(line->message.size(), 2000U);
  EXPECT_EQ(line->message.size() % 2, 0U) << "é has two bytes";
  EXPECT_THAT(line->source, testing::StartsWith("sss"));
}

TEST(LogTest, memoryThatRunsOutWhileOpeningLeavesNobodySubscribed) {
  for (uint64_t n = 1;; ++n) {
    ASSERT_LT(n, 100U);
    const test::FailAllocationAfter failing(n);
    try {
      Result<std::shared_ptr<LogSubscriber>> opened = LogSubscriber::open(LogLevel::kDebug, 8);
      if (!failing.fired()) break;
    } catch (const std::bad_alloc&) {
    }
    EXPECT_TRUE(failing.fired());
    EXPECT_FALSE(log_wanted(LogLevel::kError));
  }
}

TEST(LogTest, writersAndReadersFromManyThreadsLoseNoCount) {
  constexpr int kWriters = 3;
  constexpr int kLines = 500;
  const auto subscriber = subscribe(LogLevel::kDebug, 64);
  std::vector<std::thread> writers;
  for (int t = 0; t < kWriters; ++t) {
    writers.emplace_back([] {
      for (int i = 0; i < kLines; ++i) log(LogLevel::kInfo, "test", "line");
    });
  }
  uint64_t seen = 0;
  const auto take = [&] {
    Result<LogLine> line = subscriber->read(kNow);
    if (line.ok()) seen += 1 + line->dropped;
    return line.ok();
  };
  while (seen < kWriters * kLines / 2) take();
  for (std::thread& writer : writers) writer.join();
  while (take()) {
  }
  EXPECT_EQ(seen, uint64_t{kWriters} * kLines);
}

TEST(LogTest, subscribersMayComeAndGoWhileLinesAreWritten) {
  std::atomic<bool> stop = false;
  std::thread writer([&] {
    while (!stop) log(LogLevel::kInfo, "test", "line");
  });
  for (int i = 0; i < 200; ++i) {
    const auto subscriber = subscribe(LogLevel::kInfo, 2);
    EXPECT_TRUE(subscriber->read(kForEver).ok());
  }
  stop = true;
  writer.join();
}

}  // namespace
}  // namespace windlass
