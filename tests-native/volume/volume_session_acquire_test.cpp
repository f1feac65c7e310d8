// Asking: leases of many, what is missing, descriptions, lists, removals, pins.
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

class AcquireTest : public testing::Test {
 protected:
  Result<Acquired> get_all(const std::vector<std::string_view>& keys, AcquireOptions options = {}) {
    std::vector<AcquireItem> items;
    for (const std::string_view key : keys) items.push_back({key});
    return session_->acquire(items, options, soon());
  }

  const std::shared_ptr<Volume> volume_ = opened_volume({.limit_bytes = 64 * kMiB, .segment_bytes = 8 * kMiB});
  const std::shared_ptr<VolumeSession> session_ = opened_session(*volume_);
};

TEST_F(AcquireTest, valuesComeInTheOrderTheyWereAskedFor) {
  for (const char* key : {"a", "b", "c"}) ASSERT_TRUE(put(*session_, key, 1000, static_cast<std::byte>(key[0])).ok());
  const Result<Acquired> found = get_all({"c", "a", "b"});
  ASSERT_TRUE(found.ok());
  ASSERT_EQ(found->found.size(), 3U);
  const std::string order = "cab";
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(found->found[i].item, i);
    EXPECT_EQ(bytes_of(session_, found->found[i])[999], static_cast<std::byte>(order[i]));
  }
  EXPECT_EQ(volume_->info().leases, 1U);
  EXPECT_EQ(session_->slot_count(), 3U);
  EXPECT_EQ(volume_->info().acquires, 3U);
  EXPECT_EQ(volume_->info().acquired_bytes, 3000U);
}

TEST_F(AcquireTest, aMissingKeyFailsAllOrIsPassedOver) {
  ASSERT_TRUE(put(*session_, "a", 1000).ok());
  const Status missing = get_all({"x", "a", "y", "z"}).status();
  EXPECT_EQ(missing.code(), Code::kNotFound);
  EXPECT_THAT(std::string(missing.message()), HasSubstr("\"x\", nor under 2 more"));
  EXPECT_EQ(volume_->info().leases, 0U);
  EXPECT_EQ(volume_->info().misses, 3U);
  const Result<Acquired> some = get_all({"x", "a"}, {.conditions = {}, .skip_missing = true});
  ASSERT_TRUE(some.ok());
  ASSERT_EQ(some->found.size(), 1U);
  EXPECT_EQ(some->found[0].item, 1U);
  const Result<Acquired> none = get_all({"x"}, {.conditions = {}, .skip_missing = true});
  ASSERT_TRUE(none.ok());
  EXPECT_TRUE(none->found.empty());
  EXPECT_EQ(none->lease, 0U);
}

TEST_F(AcquireTest, keysThatAreNoneAndKeysAskedForTwiceAreRefused) {
  ASSERT_TRUE(put(*session_, "a", 1000).ok());
  EXPECT_EQ(get_all({""}).status().code(), Code::kInvalidArgument);
  EXPECT_EQ(get_all({"\xFF"}).status().code(), Code::kInvalidArgument);
  EXPECT_EQ(get_all({"a", "a"}).status().code(), Code::kInvalidArgument);
  EXPECT_TRUE(get_all({})->found.empty());
}

TEST_F(AcquireTest, anEmptyValueHasNoPlace) {
  ASSERT_TRUE(put(*session_, "empty", 0).ok());
  const Result<Acquired> found = get_all({"empty"});
  ASSERT_TRUE(found.ok());
  EXPECT_EQ(found->found[0].place, RemoteRange());
  EXPECT_EQ(found->lease, 0U);
}

TEST_F(AcquireTest, descriptionsSayWhatThereIs) {
  ASSERT_TRUE(put(*session_, "a", 1000).ok());
  const std::string_view keys[] = {"a", "none"};
  const Result<std::vector<EntryInfo>> infos = session_->describe(keys, soon());
  ASSERT_TRUE(infos.ok());
  EXPECT_TRUE((*infos)[0].exists);
  EXPECT_EQ((*infos)[0].bytes, 1000U);
  EXPECT_FALSE((*infos)[1].exists);
  EXPECT_EQ((*infos)[1].version, 0U);
}

TEST_F(AcquireTest, removingTellsHowManyThereWere) {
  for (const char* key : {"a", "b", "c"}) ASSERT_TRUE(put(*session_, key, 1000).ok());
  const std::string_view keys[] = {"a", "none", "b", "a"};
  const Status missing = session_->remove(keys, true, {}, soon()).status();
  EXPECT_EQ(missing.code(), Code::kNotFound);
  EXPECT_THAT(session_->keys({}, soon())->keys, ElementsAre("a", "b", "c"));
  EXPECT_EQ(*session_->remove(keys, false, {}, soon()), 2U);
  EXPECT_THAT(session_->keys({}, soon())->keys, ElementsAre("c"));
}

TEST_F(AcquireTest, pinsAreForKeysThatExist) {
  ASSERT_TRUE(put(*session_, "a", 1000).ok());
  const std::string_view keys[] = {"a", "none"};
  EXPECT_EQ(session_->pin(keys, true, soon()).code(), Code::kNotFound);
  EXPECT_FALSE(described(*session_, "a").pinned);
  ASSERT_TRUE(session_->pin({keys, 1}, true, soon()).ok());
  EXPECT_TRUE(described(*session_, "a").pinned);
  ASSERT_TRUE(put(*session_, "a", 1000).ok());
  EXPECT_TRUE(described(*session_, "a").pinned) << "the key is pinned, whatever its version";
}

TEST_F(AcquireTest, aFailedAllocationLeasesNothing) {
  const std::string attributes(300, 'a');
  const CommitItem item{.key = "meta", .meta = {EntryKind::kBytes, 0, {}, attributes}, .bytes = 0, .shard = {}};
  ASSERT_TRUE(session_->commit({&item, 1}, {}, soon()).ok());
  ASSERT_TRUE(put(*session_, "k", 1000, std::byte{4}).ok());
  // What succeeds in the end keeps its lease, so the one without comes first.
  for (const uint64_t inline_bytes : {uint64_t{5000}, uint64_t{0}}) {
    for (uint64_t n = 1;; ++n) {
      bool fired = false;
      Status status;
      {
        const FailAllocationAfter failing(n);
        status = contain([&] {
          return get_all({"meta", "k"}, {.conditions = {}, .skip_missing = false, .inline_bytes = inline_bytes})
              .status();
        });
        fired = failing.fired();
      }
      if (!fired) break;
      ASSERT_FALSE(status.ok());
      ASSERT_EQ(volume_->info().leases, 0U);
      ASSERT_EQ(session_->slot_count(), 0U);
    }
  }
}

}  // namespace
}  // namespace windlass
