// Tokens, holds, leases, ends and orphans.
#include "volume/volume_session.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "support/pattern.hpp"
#include "volume/session_calls.hpp"

namespace windlass {
namespace {

using namespace test;
using testing::HasSubstr;

class VolumeSessionTest : public testing::Test {
 protected:
  const std::shared_ptr<Volume> volume_ = opened_volume({.limit_bytes = 64 * kMiB, .segment_bytes = 8 * kMiB});
  const std::shared_ptr<VolumeSession> mine_ = opened_session(*volume_, {.peer = "mine"});
  const std::shared_ptr<VolumeSession> theirs_ = opened_session(*volume_, {.peer = "theirs"});
};

TEST_F(VolumeSessionTest, aTokenOpensItsOwnSlotAndNothingElse) {
  const RemoteRange slot = prepared(*mine_, {5000})[0];
  EXPECT_EQ(theirs_->hold({&slot, 1}, MapFor::kWriting).status().code(), Code::kInvalidArgument);
  EXPECT_EQ(mine_->hold({&slot, 1}, MapFor::kReading).status().code(), Code::kInvalidArgument);
  for (const RemoteRange& bad :
       {RemoteRange{slot.token, slot.segment, slot.offset, 5001},
        RemoteRange{slot.token, slot.segment, slot.offset + 1, 5000},
        RemoteRange{slot.token, slot.segment + 1, slot.offset, 1},
        RemoteRange{slot.token + 1, slot.segment, slot.offset, 1}, RemoteRange{slot.token, slot.segment, UINT64_MAX, 1},
        RemoteRange{slot.token, slot.segment, slot.offset, UINT64_MAX}, RemoteRange{0, slot.segment, slot.offset, 1}}) {
    EXPECT_EQ(mine_->hold({&bad, 1}, MapFor::kWriting).status().code(), Code::kInvalidArgument);
    EXPECT_EQ(mine_->segment_of(bad, MapFor::kWriting).status().code(), Code::kInvalidArgument);
  }
  const RemoteRange part = slot.part(100, 4900);
  EXPECT_EQ(mine_->hold({&part, 1}, MapFor::kWriting)->parts()[0].size(), 4900U);
}

TEST_F(VolumeSessionTest, aLeasesTokensReadItsValuesAndNothingElse) {
  ASSERT_TRUE(put(*mine_, "k", 5000, std::byte{3}).ok());
  const Result<Acquired> found = get(*mine_, "k");
  ASSERT_TRUE(found.ok());
  const RemoteRange place = found->found[0].place;
  EXPECT_EQ(bytes_of(mine_, found->found[0]), std::vector<std::byte>(5000, std::byte{3}));
  EXPECT_EQ(theirs_->hold({&place, 1}, MapFor::kReading).status().code(), Code::kInvalidArgument);
  EXPECT_EQ(mine_->hold({&place, 1}, MapFor::kWriting).status().code(), Code::kInvalidArgument);
  EXPECT_EQ(theirs_->release({&found->lease, 1}, soon()).code(), Code::kInvalidArgument);
  ASSERT_TRUE(release(*mine_, found->lease).ok());
  EXPECT_EQ(mine_->hold({&place, 1}, MapFor::kReading).status().code(), Code::kInvalidArgument);
  EXPECT_EQ(release(*mine_, found->lease).code(), Code::kInvalidArgument);
}

TEST_F(VolumeSessionTest, leasesKeepBytesWhateverBecomesOfTheKey) {
  const auto evicting =
      opened_volume({.eviction = Eviction::kLeastRecent, .limit_bytes = 16 * kMiB, .segment_bytes = 8 * kMiB});
  const auto session = opened_session(*evicting);
  ASSERT_TRUE(put(*session, "k", kMiB, std::byte{1}).ok());
  const Result<Acquired> first = get(*session, "k");
  ASSERT_TRUE(put(*session, "k", kMiB, std::byte{2}).ok());
  const Result<Acquired> second = get(*session, "k");
  ASSERT_TRUE(removed(*session, "k").ok());
  for (int i = 0; i < 40; ++i) ASSERT_TRUE(put(*session, std::to_string(i), kMiB, std::byte{9}).ok());
  EXPECT_EQ(bytes_of(session, first->found[0]), std::vector<std::byte>(kMiB, std::byte{1}));
  EXPECT_EQ(bytes_of(session, second->found[0]), std::vector<std::byte>(kMiB, std::byte{2}));
  EXPECT_LT(first->found[0].version, second->found[0].version);
  const uint64_t leases[] = {first->lease, second->lease};
  ASSERT_TRUE(session->release(leases, soon()).ok());
  EXPECT_EQ(evicting->info().leases, 0U);
  EXPECT_TRUE(put(*session, "all", 16 * kMiB).ok());
}

TEST_F(VolumeSessionTest, whatIsAbandonedIsFreeAtOnce) {
  const std::vector<RemoteRange> slots = prepared(*mine_, {100, 0, 5000});
  EXPECT_EQ(volume_->info().prepared_slots, 2U);
  const uint64_t tokens[] = {slots[0].token, slots[1].token, slots[2].token};
  EXPECT_EQ(theirs_->abandon({tokens, 1}, soon()).code(), Code::kInvalidArgument);
  ASSERT_TRUE(mine_->abandon(tokens, soon()).ok());
  EXPECT_EQ(volume_->info().used_bytes, 0U);
  EXPECT_EQ(mine_->abandon({tokens, 1}, soon()).code(), Code::kInvalidArgument) << "only once";
}

TEST_F(VolumeSessionTest, aSessionsEndFreesWhatItHad) {
  prepared(*mine_, {100, 5000});
  ASSERT_TRUE(put(*mine_, "k", 5000).ok());
  ASSERT_TRUE(get(*mine_, "k").ok());
  ASSERT_TRUE(removed(*theirs_, "k").ok());
  EXPECT_GT(volume_->info().used_bytes, 0U);
  mine_->end();
  EXPECT_EQ(volume_->info().used_bytes, 0U);
  EXPECT_EQ(volume_->info().leases, 0U);
  EXPECT_EQ(mine_->slot_count(), 0U);
}

TEST_F(VolumeSessionTest, anOrphanKeepsWhatItsClientMayTouch) {
  ASSERT_TRUE(put(*mine_, "k", 5000).ok());
  prepared(*mine_, {100, 5000});
  ASSERT_TRUE(get(*mine_, "k").ok());
  ASSERT_TRUE(removed(*theirs_, "k").ok());
  EXPECT_EQ(mine_->orphan(), 3U);
  VolumeInfo info = volume_->info();
  EXPECT_EQ(info.orphaned_slots, 3U);
  EXPECT_EQ(info.sessions, 1U);
  EXPECT_EQ(info.leases, 0U);
  EXPECT_EQ(info.prepared_slots, 0U);
  EXPECT_EQ(info.used_bytes, 128U + 8192U + 8192U);
  EXPECT_EQ(get(*mine_, "k").status().code(), Code::kUnavailable);
  EXPECT_EQ(mine_->orphan(), 3U);
  mine_->end();
  info = volume_->info();
  EXPECT_EQ(info.orphaned_slots, 0U);
  EXPECT_EQ(info.used_bytes, 0U);
  EXPECT_EQ(mine_->orphan(), 0U) << "what has ended stays so";
  EXPECT_EQ(opened_session(*volume_)->orphan(), 0U);
}

TEST_F(VolumeSessionTest, whatIsHeldOutlivesItsSession) {
  const RemoteRange slot = prepared(*mine_, {5000})[0];
  Result<SlotHold> held = mine_->hold({&slot, 1}, MapFor::kWriting);
  ASSERT_TRUE(held.ok());
  mine_->end();
  EXPECT_EQ(volume_->info().used_bytes, 8192U);
  const RemoteRange other = prepared(*theirs_, {5000})[0];
  EXPECT_NE(other.offset, slot.offset) << "it is nobody else's yet";
  std::memset(held->parts()[0].data(), 1, 5000);
  held->finish();
  EXPECT_EQ(volume_->info().used_bytes, 8192U);
}

TEST_F(VolumeSessionTest, aHoldCanBePassedOn) {
  const RemoteRange slot = prepared(*mine_, {5000})[0];
  SlotHold first = *mine_->hold({&slot, 1}, MapFor::kWriting);
  SlotHold second(std::move(first));
  first = std::move(second);
  EXPECT_EQ(first.parts()[0].size(), 5000U);
  first.finish();
  first.finish();
  const CommitItem item{.key = "k", .meta = {}, .bytes = 5000, .shard = {}, .token = slot.token};
  EXPECT_TRUE(mine_->commit({&item, 1}, {}, soon()).ok());
}

TEST_F(VolumeSessionTest, aCountingSessionCommitsWhatHasArrivedOnly) {
  const auto counting = opened_session(*volume_, {.peer = "lanes", .counts_bytes = true, .gives_segments = false});
  const RemoteRange slot = prepared(*counting, {5000})[0];
  const CommitItem item{.key = "k", .meta = {}, .bytes = 5000, .shard = {}, .token = slot.token};
  EXPECT_EQ(counting->commit({&item, 1}, {}, soon()).status().code(), Code::kCorrupt);
  ASSERT_TRUE(fill(*counting, slot.part(0, 3000), std::byte{1}).ok());
  const Status half = counting->commit({&item, 1}, {}, soon()).status();
  EXPECT_EQ(half.code(), Code::kCorrupt);
  EXPECT_THAT(std::string(half.message()), HasSubstr("3000 of its 5000 bytes"));
  const RemoteRange rest = slot.part(3000, 2000);
  Result<SlotHold> held = counting->hold({&rest, 1}, MapFor::kWriting);
  ASSERT_TRUE(held.ok());
  EXPECT_EQ(counting->commit({&item, 1}, {}, soon()).status().code(), Code::kCorrupt) << "it is still being written";
  held->reset();
  EXPECT_EQ(counting->commit({&item, 1}, {}, soon()).status().code(), Code::kCorrupt) << "the lane broke";
  held = counting->hold({&rest, 1}, MapFor::kWriting);
  held->finish();
  EXPECT_TRUE(counting->commit({&item, 1}, {}, soon()).ok());
  EXPECT_EQ(counting->segment_descriptor(slot.segment, MapFor::kReading, soon()).status().code(), Code::kUnsupported);
}

TEST_F(VolumeSessionTest, smallValuesGoAndComeInline) {
  const std::vector<std::byte> a = pattern(1000, 1);
  const std::vector<std::byte> b = pattern(70000, 2);
  const InlineItem items[] = {{.key = "a", .meta = {}, .shard = {}, .bytes = a},
                              {.key = "b", .meta = {}, .shard = {}, .bytes = b},
                              {.key = "empty", .meta = {}, .shard = {}, .bytes = {}}};
  const Result<Committed> committed = mine_->put_inline(items, {}, soon());
  ASSERT_TRUE(committed.ok()) << committed.status().to_string();
  const AcquireItem keys[] = {{"b"}, {"empty"}, {"a"}};
  const Result<Acquired> found =
      theirs_->acquire(keys, {.conditions = {}, .skip_missing = false, .inline_bytes = 71000}, soon());
  ASSERT_TRUE(found.ok());
  EXPECT_EQ(found->lease, 0U);
  EXPECT_EQ(volume_->info().leases, 0U);
  ASSERT_EQ(found->inlined.size(), 71000U);
  EXPECT_EQ(std::memcmp(found->inlined.data() + found->found[0].inline_offset, b.data(), b.size()), 0);
  EXPECT_EQ(std::memcmp(found->inlined.data() + found->found[2].inline_offset, a.data(), a.size()), 0);
  EXPECT_EQ(found->found[0].place.token, 0U);
  const Result<Acquired> leased =
      theirs_->acquire(keys, {.conditions = {}, .skip_missing = false, .inline_bytes = 70999}, soon());
  ASSERT_TRUE(leased.ok());
  EXPECT_NE(leased->lease, 0U);
  EXPECT_TRUE(leased->inlined.empty());
}

TEST_F(VolumeSessionTest, whatIsTooLargeDoesNotGoInline) {
  const std::vector<std::byte> bytes(kMaxInlineBytes);
  const InlineItem items[] = {{.key = "a", .meta = {}, .shard = {}, .bytes = bytes},
                              {.key = "b", .meta = {}, .shard = {}, .bytes = {bytes.data(), 1}}};
  EXPECT_EQ(mine_->put_inline(items, {}, soon()).status().code(), Code::kInvalidArgument);
  EXPECT_TRUE(mine_->put_inline({items, 1}, {}, soon()).ok());
  const InlineItem twice[] = {items[1], items[1]};
  EXPECT_EQ(mine_->put_inline(twice, {}, soon()).status().code(), Code::kInvalidArgument);
  EXPECT_EQ(volume_->info().prepared_slots, 0U) << "what was refused has no slots left";
}

TEST_F(VolumeSessionTest, tooManyAtOnceAreRefused) {
  const std::vector<uint64_t> sizes(kMaxBatch + 1);
  EXPECT_EQ(mine_->prepare(sizes, soon()).status().code(), Code::kInvalidArgument);
  const std::vector<RemoteRange> ranges(kMaxBatch + 1);
  EXPECT_EQ(mine_->hold(ranges, MapFor::kReading).status().code(), Code::kInvalidArgument);
  const std::vector<std::string_view> keys(kMaxBatch + 1, "k");
  EXPECT_EQ(mine_->describe(keys, soon()).status().code(), Code::kInvalidArgument);
}

}  // namespace
}  // namespace windlass
