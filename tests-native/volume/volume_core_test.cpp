// Where room comes from, seen through sessions: fresh segments, segments given up, old values.
#include "volume/volume_core.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <string>
#include <vector>

#include "base/contain.hpp"
#include "memory/machine_memory.hpp"
#include "support/allocation_failure.hpp"
#include "volume/session_calls.hpp"

namespace windlass {
namespace {

using namespace test;
using testing::HasSubstr;

TEST(VolumeCoreTest, segmentsComeAsTheyAreNeeded) {
  const auto volume = opened_volume({.limit_bytes = 64 * kMiB, .segment_bytes = 8 * kMiB});
  const auto session = opened_session(*volume);
  ASSERT_TRUE(put(*session, "small", 100).ok());
  EXPECT_EQ(volume->info().held_bytes, 8 * kMiB);
  ASSERT_TRUE(put(*session, "another", 100).ok());
  EXPECT_EQ(volume->info().held_bytes, 8 * kMiB);
  ASSERT_TRUE(put(*session, "large", 9 * kMiB).ok()) << "larger than a segment";
  EXPECT_EQ(volume->info().held_bytes, 8 * kMiB + 10 * kMiB);
  EXPECT_EQ(volume->info().segments, 2U);
}

TEST(VolumeCoreTest, aBatchThatNeedsSeveralSegmentsGetsThem) {
  const auto volume = opened_volume({.limit_bytes = 64 * kMiB, .segment_bytes = 8 * kMiB});
  const auto session = opened_session(*volume);
  std::vector<uint64_t> sizes{3 * kMiB, 3 * kMiB, 3 * kMiB, 0, 20 * kMiB, 100, 5000, 7 * kMiB};
  const std::vector<RemoteRange> slots = prepared(*session, sizes);
  for (size_t i = 0; i < sizes.size(); ++i) {
    EXPECT_EQ(slots[i].bytes, sizes[i]);
    EXPECT_EQ(slots[i].token == 0, sizes[i] == 0);
    if (sizes[i] == 0) continue;
    EXPECT_TRUE(fill(*session, slots[i], static_cast<std::byte>(i)).ok());
  }
  const Result<SlotHold> held = session->hold(slots, MapFor::kWriting);
  ASSERT_TRUE(held.ok());
  for (size_t i = 0; i < sizes.size(); ++i) {
    for (const std::byte byte : held->parts()[i].first(std::min<uint64_t>(sizes[i], 5000))) {
      ASSERT_EQ(byte, static_cast<std::byte>(i));
    }
  }
}

TEST(VolumeCoreTest, aFullVolumeSaysHowMuchIsMissing) {
  const auto volume = opened_volume({.limit_bytes = 16 * kMiB, .segment_bytes = 8 * kMiB});
  const auto session = opened_session(*volume);
  ASSERT_TRUE(put(*session, "k", 12 * kMiB).ok());
  const Status full = put(*session, "l", 6 * kMiB).status();
  EXPECT_EQ(full.code(), Code::kNoSpace);
  EXPECT_THAT(std::string(full.message()), HasSubstr("2 MiB are missing"));
  EXPECT_EQ(put(*session, "m", 17 * kMiB).status().code(), Code::kNoSpace);
  EXPECT_EQ(session->prepare(std::vector<uint64_t>{UINT64_MAX, UINT64_MAX}, soon()).status().code(), Code::kNoSpace);
  EXPECT_EQ(volume->info().refusals, 3U);
  EXPECT_TRUE(get(*session, "k").ok()) << "nothing went for it";
  EXPECT_TRUE(put(*session, "l", 4 * kMiB).ok()) << "what is left can be used";
}

TEST(VolumeCoreTest, freeSegmentsAreGivenUpForALargerOne) {
  const auto volume = opened_volume({.limit_bytes = 32 * kMiB, .segment_bytes = 8 * kMiB});
  const auto session = opened_session(*volume);
  for (const char* key : {"a", "b", "c", "d"}) ASSERT_TRUE(put(*session, key, 8 * kMiB).ok());
  const AcquireItem first{"a"};
  const Result<Acquired> acquired = session->acquire({&first, 1}, {}, soon());
  ASSERT_TRUE(acquired.ok());
  const uint64_t segment = acquired->found.front().place.segment;
  ASSERT_TRUE(session->release({&acquired->lease, 1}, soon()).ok());
  for (const char* key : {"a", "c"}) ASSERT_TRUE(removed(*session, key).ok());
  const Result<OwnedDescriptor> kept = session->segment_descriptor(segment, MapFor::kReading, soon());
  ASSERT_TRUE(kept.ok());
  EXPECT_EQ(put(*session, "e", 17 * kMiB).status().code(), Code::kNoSpace);
  ASSERT_TRUE(put(*session, "e", 16 * kMiB).ok());
  EXPECT_EQ(volume->info().segments, 3U);
  EXPECT_EQ(session->segment_descriptor(segment, MapFor::kReading, soon()).status().code(), Code::kNotFound);
  struct stat facts {};
  ASSERT_EQ(fstat(kept->number(), &facts), 0);
  EXPECT_EQ(facts.st_blocks, 0) << "its pages are the machine's again, whoever has it open";
}

TEST(VolumeCoreTest, tryingToPrepareTakesNothingWhereItWouldWait) {
  const auto volume = opened_volume({.limit_bytes = 32 * kMiB, .segment_bytes = 8 * kMiB});
  const auto session = opened_session(*volume);
  const std::vector<uint64_t> sizes{kMiB, kMiB};
  const auto none = session->try_prepare(sizes);
  ASSERT_TRUE(none.ok());
  EXPECT_FALSE(none->has_value());
  EXPECT_EQ(volume->info().used_bytes, 0U);
  const std::vector<std::byte> bytes(100);
  const InlineItem item{.key = "k", .meta = {}, .shard = {}, .bytes = bytes};
  const auto not_put = session->try_put_inline({&item, 1}, {});
  ASSERT_TRUE(not_put.ok());
  EXPECT_FALSE(not_put->has_value());
  ASSERT_TRUE(session->put_inline({&item, 1}, {}, soon()).ok());
  const auto some = session->try_prepare(sizes);
  ASSERT_TRUE(some.ok());
  EXPECT_TRUE(some->has_value());
  const auto put_now = session->try_put_inline({&item, 1}, {});
  ASSERT_TRUE(put_now.ok());
  EXPECT_TRUE(put_now->has_value());
}

TEST(VolumeCoreTest, withoutTimeNoPagesAreFetched) {
  const auto volume = opened_volume({.limit_bytes = 32 * kMiB});
  const auto session = opened_session(*volume);
  const std::vector<uint64_t> sizes{kMiB};
  EXPECT_EQ(session->prepare(sizes, Deadline::after(std::chrono::nanoseconds(0))).status().code(), Code::kTimeout);
  EXPECT_EQ(volume->info().held_bytes, 0U);
}

TEST(VolumeCoreTest, aFailedAllocationTakesNoRoom) {
  for (uint64_t n = 1;; ++n) {
    const auto volume = opened_volume({.limit_bytes = 8 * kMiB, .segment_bytes = 2 * kMiB, .worker_threads = 1});
    const auto session = opened_session(*volume);
    const std::vector<uint64_t> sizes{100, 3 * kMiB, 5000};
    bool fired = false;
    Status status;
    {
      const FailAllocationAfter failing(n);
      status = contain([&] { return session->prepare(sizes, soon()).status(); });
      fired = failing.fired();
    }
    if (!fired) break;
    // Reading how much memory the machine has can do without.
    if (status.ok()) continue;
    ASSERT_EQ(volume->info().used_bytes, 0U) << n;
    ASSERT_EQ(volume->info().prepared_slots, 0U) << n;
    ASSERT_TRUE(session->prepare(sizes, soon()).ok()) << n;
  }
}

TEST(VolumeCoreTest, theLeastRecentValuesAreEvicted) {
  const auto volume =
      opened_volume({.eviction = Eviction::kLeastRecent, .limit_bytes = 16 * kMiB, .segment_bytes = 8 * kMiB});
  const auto session = opened_session(*volume);
  for (const char* key : {"a", "b", "c", "d"}) ASSERT_TRUE(put(*session, key, 4 * kMiB).ok());
  ASSERT_TRUE(release(*session, get(*session, "a")->lease).ok());  // now b is the least recent
  ASSERT_TRUE(put(*session, "e", 4 * kMiB).ok());
  EXPECT_FALSE(described(*session, "b").exists);
  for (const char* key : {"a", "c", "d", "e"}) EXPECT_TRUE(described(*session, key).exists) << key;
  EXPECT_EQ(volume->info().evictions, 1U);
  EXPECT_EQ(volume->info().evicted_bytes, 4 * kMiB);
  ASSERT_TRUE(put(*session, "whole", 16 * kMiB).ok()) << "larger than a segment, all have to go";
  EXPECT_EQ(volume->info().entries, 1U);
  EXPECT_EQ(volume->info().evictions, 5U);
}

TEST(VolumeCoreTest, pinnedAndLeasedValuesStay) {
  const auto volume =
      opened_volume({.eviction = Eviction::kLeastRecent, .limit_bytes = 16 * kMiB, .segment_bytes = 8 * kMiB});
  const auto session = opened_session(*volume);
  for (const char* key : {"pinned", "leased", "c", "d"}) ASSERT_TRUE(put(*session, key, 4 * kMiB).ok());
  const std::string_view pinned = "pinned";
  ASSERT_TRUE(session->pin({&pinned, 1}, true, soon()).ok());
  const Result<Acquired> lease = get(*session, "leased");
  ASSERT_TRUE(lease.ok());
  ASSERT_TRUE(put(*session, "e", 4 * kMiB).ok());
  ASSERT_TRUE(put(*session, "f", 4 * kMiB).ok());
  EXPECT_FALSE(described(*session, "c").exists);
  EXPECT_FALSE(described(*session, "d").exists);
  const Status full = put(*session, "g", 12 * kMiB).status();
  EXPECT_EQ(full.code(), Code::kNoSpace);
  EXPECT_THAT(std::string(full.message()), HasSubstr("pinned, leased"));
  EXPECT_TRUE(described(*session, "e").exists) << "nothing goes for what finds no room even so";
  ASSERT_TRUE(session->pin({&pinned, 1}, false, soon()).ok());
  ASSERT_TRUE(release(*session, lease->lease).ok());
  EXPECT_TRUE(put(*session, "g", 12 * kMiB).ok());
}

TEST(VolumeCoreTest, keysWithoutBytesAreLimitedToo) {
  const auto volume = opened_volume({.limit_bytes = 16 * kMiB, .metadata_bytes = 100 * kKiB});
  const auto session = opened_session(*volume);
  Status last;
  int count = 0;
  for (; last.ok() && count < 1000; ++count) last = put(*session, "key " + std::to_string(count), 0).status();
  EXPECT_EQ(last.code(), Code::kNoSpace);
  EXPECT_GT(count, 50);
  EXPECT_LT(count, 200);
  ASSERT_TRUE(removed(*session, "key 0").ok());
  EXPECT_TRUE(put(*session, "once more", 0).ok());
  const auto evicting =
      opened_volume({.eviction = Eviction::kLeastRecent, .limit_bytes = 16 * kMiB, .metadata_bytes = 100 * kKiB});
  const auto other = opened_session(*evicting);
  for (int i = 0; i < 1000; ++i) ASSERT_TRUE(put(*other, "key " + std::to_string(i), 0).ok());
  EXPECT_GT(evicting->info().evictions, 700U);
}

TEST(VolumeCoreTest, aValueBeyondFourGibibytes) {
  constexpr uint64_t kBytes = 4 * kGiB + 4099;
  const Result<MachineMemory> memory = machine_memory();
  if (!memory.ok() || memory->available_bytes < 3 * kBytes) GTEST_SKIP() << "SKIPPED: it takes 12 GiB of free memory";
  const auto volume = opened_volume({.limit_bytes = 5 * kGiB});
  const auto session = opened_session(*volume);
  Result<std::vector<RemoteRange>> slot = session->prepare({&kBytes, 1}, soon());
  if (!slot.ok() && slot.status().code() == Code::kNoMemory) GTEST_SKIP() << "SKIPPED: " << slot.status().message();
  ASSERT_TRUE(slot.ok()) << slot.status().to_string();
  const RemoteRange end = slot->front().part(kBytes - 100, 100);
  ASSERT_TRUE(fill(*session, end, std::byte{9}).ok());
  const CommitItem item{.key = "k", .meta = {}, .bytes = kBytes, .shard = {}, .token = end.token};
  ASSERT_TRUE(session->commit({&item, 1}, {}, soon()).ok());
  const Result<Acquired> found = get(*session, "k");
  ASSERT_TRUE(found.ok());
  EXPECT_EQ(found->found[0].bytes, kBytes);
  std::byte last{};
  LocalTransport transport(session);
  const ReadMove move{&last, found->found[0].place.part(kBytes - 1, 1)};
  ASSERT_TRUE(transport.read({&move, 1}, soon()).ok());
  EXPECT_EQ(last, std::byte{9});
}

}  // namespace
}  // namespace windlass
