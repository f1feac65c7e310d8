// Publishing: batches, conditions, removals, kinds, shards, slots that are kept.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/contain.hpp"
#include "support/allocation_failure.hpp"
#include "volume/session_calls.hpp"

namespace windlass {
namespace {

using namespace test;
using testing::ElementsAre;
using testing::HasSubstr;

class CommitTest : public testing::Test {
 protected:
  // Prepares and commits values of some sizes in one batch.
  Result<Committed> put_all(const std::vector<std::pair<std::string_view, uint64_t>>& values,
                            const CommitOptions& options = {}) {
    std::vector<uint64_t> sizes;
    for (const auto& [key, bytes] : values) sizes.push_back(bytes);
    const std::vector<RemoteRange> slots = prepared(*session_, sizes);
    std::vector<CommitItem> items;
    std::vector<uint64_t> tokens;
    for (size_t i = 0; i < values.size(); ++i) {
      items.push_back({.key = values[i].first, .meta = {}, .bytes = sizes[i], .shard = {}, .token = slots[i].token});
      tokens.push_back(slots[i].token);
    }
    Result<Committed> committed = session_->commit(items, options, soon());
    if (!committed.ok()) {
      EXPECT_TRUE(session_->abandon(tokens, soon()).ok()) << "the slots are as before";
    }
    return committed;
  }

  // Commits a fresh slot with keep, and returns what comes next.
  Result<Committed> put_keeping(std::string_view key, const RemoteRange& slot, uint64_t bytes, ShardPlace shard = {}) {
    const CommitItem item{.key = key, .meta = {}, .bytes = bytes, .shard = shard, .token = slot.token, .keep = true};
    return session_->commit({&item, 1}, {}, soon());
  }

  const std::shared_ptr<Volume> volume_ = opened_volume({.limit_bytes = 64 * kMiB, .segment_bytes = 8 * kMiB});
  const std::shared_ptr<VolumeSession> session_ = opened_session(*volume_);
};

TEST_F(CommitTest, aBatchHasOneVersionAndVersionsGrow) {
  const Result<Committed> first = put_all({{"a", 100}, {"b", 5000}, {"empty", 0}});
  ASSERT_TRUE(first.ok()) << first.status().to_string();
  for (const char* key : {"a", "b", "empty"}) EXPECT_EQ(described(*session_, key).version, first->version);
  const Result<Committed> second = put_all({{"b", 70}});
  ASSERT_TRUE(second.ok());
  EXPECT_GT(second->version, first->version);
  EXPECT_EQ(described(*session_, "a").version, first->version);
  const VolumeInfo info = volume_->info();
  EXPECT_EQ(info.entries, 3U);
  EXPECT_EQ(info.value_bytes, 170U);
  EXPECT_EQ(info.commits, 2U);
  EXPECT_EQ(info.committed_bytes, 5170U);
}

TEST_F(CommitTest, aBatchThatIsRefusedPublishesNothing) {
  ASSERT_TRUE(put_all({{"there", 100}}).ok());
  const EntryInfo before = described(*session_, "there");
  const VolumeInfo info = volume_->info();
  const std::string long_key(5000, 'k');
  EXPECT_EQ(put_all({{"there", 5}, {"new", 5}, {"", 5}}).status().code(), Code::kInvalidArgument);
  EXPECT_EQ(put_all({{"there", 5}, {"new", 5}, {long_key, 5}}).status().code(), Code::kInvalidArgument);
  EXPECT_EQ(put_all({{"there", 5}, {"new", 5}, {"new", 5}}).status().code(), Code::kInvalidArgument);
  const std::string_view there = "there";
  EXPECT_EQ(put_all({{"there", 5}, {"new", 5}}, {.conditions = {}, .removals = {&there, 1}}).status().code(),
            Code::kInvalidArgument);
  EXPECT_EQ(described(*session_, "there").version, before.version);
  EXPECT_FALSE(described(*session_, "new").exists);
  EXPECT_EQ(volume_->info().used_bytes, info.used_bytes);
  EXPECT_EQ(volume_->info().entries, 1U);
  EXPECT_TRUE(put_all({{"new", 5}}).ok()) << "what was refused left nothing in the way";
}

TEST_F(CommitTest, tokensAreChecked) {
  const auto other = opened_session(*volume_);
  const RemoteRange foreign = prepared(*other, {100})[0];
  const RemoteRange own = prepared(*session_, {100})[0];
  const auto code_of = [&](const std::vector<CommitItem>& items) {
    return session_->commit(items, {}, soon()).status().code();
  };
  EXPECT_EQ(code_of({{.key = "k", .meta = {}, .bytes = 100, .shard = {}, .token = foreign.token}}),
            Code::kInvalidArgument);
  EXPECT_EQ(code_of({{.key = "k", .meta = {}, .bytes = 100, .shard = {}, .token = 0}}), Code::kInvalidArgument);
  EXPECT_EQ(code_of({{.key = "k", .meta = {}, .bytes = 101, .shard = {}, .token = own.token}}), Code::kInvalidArgument);
  EXPECT_EQ(code_of({{.key = "k", .meta = {}, .bytes = 100, .shard = {}, .token = own.token},
                     {.key = "l", .meta = {}, .bytes = 100, .shard = {}, .token = own.token}}),
            Code::kInvalidArgument);
  const std::vector<CommitItem> right{{.key = "k", .meta = {}, .bytes = 100, .shard = {}, .token = own.token}};
  EXPECT_EQ(code_of(right), Code::kOk);
  EXPECT_EQ(code_of(right), Code::kInvalidArgument) << "a commit consumes its tokens";
}

TEST_F(CommitTest, metaIsCheckedAndKept) {
  Shape shape;
  shape.rank = 2;
  shape.sizes = {3, 4};
  const std::string attributes(kMaxAttributesBytes, 'x');
  CommitItem item{.key = "t", .meta = {EntryKind::kTensor, 13, shape, attributes}, .bytes = 0, .shard = {}};
  ASSERT_TRUE(session_->commit({&item, 1}, {}, soon()).ok());
  const Result<Acquired> found = get(*session_, "t");
  ASSERT_TRUE(found.ok());
  EXPECT_EQ(found->found[0].kind, EntryKind::kTensor);
  EXPECT_EQ(found->found[0].dtype, 13);
  EXPECT_EQ(found->found[0].shape, shape);
  EXPECT_EQ(found->found[0].attributes, attributes);
  EXPECT_EQ(described(*session_, "t").attributes, attributes);
  const std::string more = attributes + "x";
  item.meta.attributes = more;
  EXPECT_EQ(session_->commit({&item, 1}, {}, soon()).status().code(), Code::kInvalidArgument);
  item.meta.attributes = "";
  item.meta.shape.rank = kMaxRank + 1;
  EXPECT_EQ(session_->commit({&item, 1}, {}, soon()).status().code(), Code::kInvalidArgument);
  item.meta.shape.rank = 0;
  item.meta.kind = static_cast<EntryKind>(5);
  EXPECT_EQ(session_->commit({&item, 1}, {}, soon()).status().code(), Code::kInvalidArgument);
}

TEST_F(CommitTest, aKeysKindStaysWhileItExists) {
  CommitItem item{.key = "k", .meta = {EntryKind::kTensor, 1, {}, {}}, .bytes = 0, .shard = {}};
  ASSERT_TRUE(session_->commit({&item, 1}, {}, soon()).ok());
  item.meta.kind = EntryKind::kBytes;
  EXPECT_EQ(session_->commit({&item, 1}, {}, soon()).status().code(), Code::kMismatch);
  ASSERT_TRUE(removed(*session_, "k").ok());
  EXPECT_TRUE(session_->commit({&item, 1}, {}, soon()).ok());
}

TEST_F(CommitTest, conditionsHoldOrNothingHappens) {
  const Result<Committed> first = put_all({{"marker", 10}});
  const Condition right{"marker", first->version};
  const Condition wrong{"marker", first->version + 1};
  const Condition absent{"other", 0};
  const Condition present{"marker", 0};
  EXPECT_EQ(put_all({{"x", 1}}, {.conditions = {&wrong, 1}, .removals = {}}).status().code(), Code::kConflict);
  EXPECT_EQ(put_all({{"x", 1}}, {.conditions = {&present, 1}, .removals = {}}).status().code(), Code::kConflict);
  EXPECT_FALSE(described(*session_, "x").exists);
  const Condition both[] = {right, absent};
  EXPECT_TRUE(put_all({{"x", 1}}, {.conditions = both, .removals = {}}).ok());
  const AcquireItem item{"x"};
  EXPECT_EQ(session_->acquire({&item, 1}, {.conditions = {&wrong, 1}}, soon()).status().code(), Code::kConflict);
  EXPECT_TRUE(session_->acquire({&item, 1}, {.conditions = both}, soon()).ok());
  const std::string_view key = "x";
  EXPECT_EQ(session_->remove({&key, 1}, true, {&wrong, 1}, soon()).status().code(), Code::kConflict);
  EXPECT_TRUE(session_->remove({&key, 1}, true, {&right, 1}, soon()).ok());
}

TEST_F(CommitTest, removalsHappenInTheSameInstant) {
  ASSERT_TRUE(put_all({{"old/1", 10}, {"old/2", 10}}).ok());
  const std::string_view removals[] = {"old/1", "not there", "old/2", "old/1"};
  const Result<Committed> committed = put_all({{"new", 10}}, {.conditions = {}, .removals = removals});
  ASSERT_TRUE(committed.ok());
  EXPECT_THAT(session_->keys({}, soon())->keys, ElementsAre("new"));
  EXPECT_EQ(volume_->info().removals, 2U);
  EXPECT_EQ(volume_->info().used_bytes, 64U);
  const std::string_view last = "new";
  EXPECT_GT(session_->commit({}, {.conditions = {}, .removals = {&last, 1}}, soon())->version, committed->version);
  EXPECT_EQ(volume_->info().entries, 0U);
}

TEST_F(CommitTest, shardsAreReadableOnceTheyAreAllThere) {
  EXPECT_EQ(put(*session_, "k", 100, std::byte{0}, {0, 3})->version, 0U);
  EXPECT_EQ(put(*session_, "k", 100, std::byte{2}, {2, 3})->version, 0U);
  const Status lacking = get(*session_, "k").status();
  EXPECT_EQ(lacking.code(), Code::kIncomplete);
  EXPECT_THAT(std::string(lacking.message()), HasSubstr("lacks 1 of its 3 shards: 1"));
  EXPECT_FALSE(described(*session_, "k").exists);
  EXPECT_THAT(described(*session_, "k").missing, ElementsAre(1));
  EXPECT_TRUE(session_->keys({}, soon())->keys.empty());
  const uint64_t version = put(*session_, "k", 50, std::byte{1}, {1, 3})->version;
  EXPECT_GT(version, 0U);
  Result<Acquired> found = get(*session_, "k");
  ASSERT_TRUE(found.ok());
  ASSERT_EQ(found->found.size(), 3U);
  for (uint32_t i = 0; i < 3; ++i) {
    EXPECT_EQ(found->found[i].shard, (ShardPlace{i, 3}));
    EXPECT_EQ(found->found[i].version, version);
    EXPECT_EQ(bytes_of(session_, found->found[i])[0], static_cast<std::byte>(i));
  }
  EXPECT_EQ(described(*session_, "k").bytes, 250U);
  // The next set: readers see the one before until it is whole.
  EXPECT_EQ(put(*session_, "k", 100, std::byte{10}, {0, 3})->version, 0U);
  EXPECT_EQ(put(*session_, "k", 100, std::byte{20}, {0, 3})->version, 0U) << "replaces the same shard";
  EXPECT_EQ(put(*session_, "k", 100, std::byte{11}, {1, 3})->version, 0U);
  EXPECT_EQ(described(*session_, "k").version, version);
  EXPECT_THAT(described(*session_, "k").missing, ElementsAre(2));
  EXPECT_GT(put(*session_, "k", 0, std::byte{12}, {2, 3})->version, version);
  ASSERT_TRUE(release(*session_, found->lease).ok());
  found = get(*session_, "k");
  EXPECT_EQ(bytes_of(session_, found->found[0])[0], std::byte{20});
  EXPECT_EQ(found->found[2].bytes, 0U);
  EXPECT_TRUE(described(*session_, "k").missing.empty());
  ASSERT_TRUE(release(*session_, found->lease).ok());
  ASSERT_TRUE(removed(*session_, "k").ok());
  EXPECT_EQ(volume_->info().used_bytes, 0U);
  EXPECT_EQ(volume_->info().value_bytes, 0U);
}

TEST_F(CommitTest, shardsOfAnotherCountDoNotMix) {
  ASSERT_TRUE(put(*session_, "k", 10, std::byte{0}, {0, 2}).ok());
  EXPECT_EQ(put(*session_, "k", 10, std::byte{0}, {0, 3}).status().code(), Code::kMismatch);
  EXPECT_EQ(put(*session_, "k", 10).status().code(), Code::kMismatch);
  ASSERT_TRUE(put(*session_, "whole", 10).ok());
  EXPECT_EQ(put(*session_, "whole", 10, std::byte{0}, {0, 1}).status().code(), Code::kMismatch);
  EXPECT_EQ(put(*session_, "l", 10, std::byte{0}, {2, 2}).status().code(), Code::kInvalidArgument);
  EXPECT_EQ(put(*session_, "l", 10, std::byte{0}, {0, kMaxShards + 1}).status().code(), Code::kInvalidArgument);
  EXPECT_EQ(put(*session_, "l", 10, std::byte{0}, {1, 0}).status().code(), Code::kInvalidArgument);
  EXPECT_TRUE(removed(*session_, "k").ok()) << "what is incomplete can be removed";
  EXPECT_EQ(volume_->info().used_bytes, 64U);
}

TEST_F(CommitTest, allShardsOfAKeyFitIntoOneBatch) {
  std::vector<CommitItem> items;
  for (uint32_t i = 0; i < 100; ++i) {
    items.push_back({.key = "k", .meta = {}, .bytes = 0, .shard = {99 - i, 100}});
  }
  EXPECT_GT(session_->commit(items, {}, soon())->version, 0U);
  items.push_back(items[5]);
  EXPECT_EQ(session_->commit(items, {}, soon()).status().code(), Code::kInvalidArgument) << "a shard twice";
  EXPECT_EQ(get(*session_, "k")->found.size(), 100U);
}

TEST_F(CommitTest, aKeptSlotIsReplacedByItsPredecessors) {
  RemoteRange slot = prepared(*session_, {kMiB})[0];
  Result<Committed> committed = put_keeping("k", slot, kMiB);
  ASSERT_TRUE(committed.ok());
  const RemoteRange second = committed->next[0];
  EXPECT_EQ(second.bytes, kMiB);
  EXPECT_NE(second.offset, slot.offset);
  committed = put_keeping("k", second, kMiB - 5);
  ASSERT_TRUE(committed.ok());
  EXPECT_EQ(committed->next[0].offset, slot.offset) << "the room that the version before had";
  EXPECT_NE(committed->next[0].token, slot.token);
  EXPECT_EQ(volume_->info().used_bytes, 2 * kMiB);
  // A version that is being read leaves none, and there is fresh room.
  const Result<Acquired> lease = get(*session_, "k");
  committed = put_keeping("k", committed->next[0], kMiB);
  ASSERT_TRUE(committed.ok());
  EXPECT_NE(committed->next[0].token, 0U);
  EXPECT_NE(committed->next[0].offset, second.offset);
  EXPECT_EQ(volume_->info().prepared_slots, 1U);
  EXPECT_EQ(put_keeping("empty", committed->next[0], 0)->next[0].offset, committed->next[0].offset);
}

TEST_F(CommitTest, withoutRoomThereIsNoNextSlot) {
  const RemoteRange slot = prepared(*session_, {5 * kMiB})[0];
  const Result<Committed> committed = put_keeping("k", slot, 5 * kMiB);
  ASSERT_TRUE(committed.ok());
  EXPECT_EQ(committed->next[0].token, 0U);
}

TEST_F(CommitTest, shardsKeepTheirSlotsToo) {
  const std::vector<RemoteRange> slots = prepared(*session_, {kMiB, kMiB});
  const Result<Committed> first = put_keeping("k", slots[0], kMiB, {0, 2});
  const Result<Committed> other = put_keeping("k", slots[1], kMiB, {1, 2});
  ASSERT_TRUE(first.ok() && other.ok());
  const Result<Committed> again = put_keeping("k", first->next[0], kMiB, {0, 2});
  const Result<Committed> last = put_keeping("k", other->next[0], kMiB, {1, 2});
  ASSERT_TRUE(again.ok() && last.ok());
  EXPECT_NE(again->next[0].token, 0U);
  EXPECT_EQ(last->next[0].offset, slots[1].offset) << "the room of this shard of the set before";
}

// Goal: memory that runs out in the middle of a commit publishes nothing and loses nothing.
TEST_F(CommitTest, aFailedAllocationChangesNothing) {
  const std::string long_key(200, 'k');
  const std::string attributes(300, 'a');
  ASSERT_TRUE(put_all({{"there", 100}}).ok());
  for (uint64_t n = 1;; ++n) {
    const std::vector<RemoteRange> slots = prepared(*session_, {100, 100, 100});
    const VolumeInfo before = volume_->info();
    const CommitItem items[] = {
        {.key = "there", .meta = {}, .bytes = 90, .shard = {}, .token = slots[0].token, .keep = true},
        {.key = long_key,
         .meta = {EntryKind::kBytes, 0, {}, attributes},
         .bytes = 100,
         .shard = {},
         .token = slots[1].token},
        {.key = "shards",
         .meta = {EntryKind::kBytes, 0, {}, attributes},
         .bytes = 100,
         .shard = {0, 1},
         .token = slots[2].token}};
    Status status;
    bool fired = false;
    {
      const FailAllocationAfter failing(n);
      status = contain([&] { return session_->commit(items, {}, soon()).status(); });
      fired = failing.fired();
    }
    if (status.ok()) {
      if (!fired) break;
      // Only the next slot may be missing for want of memory.
      ASSERT_TRUE(removed(*session_, long_key).ok());
      ASSERT_TRUE(removed(*session_, "shards").ok());
      continue;
    }
    ASSERT_TRUE(fired);
    const VolumeInfo after = volume_->info();
    ASSERT_EQ(after.used_bytes, before.used_bytes);
    ASSERT_EQ(after.prepared_slots, before.prepared_slots);
    ASSERT_EQ(after.entries, 1U);
    const uint64_t tokens[] = {slots[0].token, slots[1].token, slots[2].token};
    ASSERT_TRUE(session_->abandon(tokens, soon()).ok());
  }
  EXPECT_EQ(volume_->info().entries, 3U);
}

}  // namespace
}  // namespace windlass
