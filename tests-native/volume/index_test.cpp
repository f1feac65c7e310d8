#include "volume/index.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <set>
#include <string>

#include "base/contain.hpp"
#include "support/allocation_failure.hpp"

namespace windlass {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Entry& published(Index& index, std::string_view key) {
  Entry& entry = index.add(key);
  entry.version = 1;
  return entry;
}

std::vector<std::string> keys_of(const Index& index, std::string_view prefix = "", bool by_component = false,
                                 std::string_view after = "") {
  return index.page({.prefix = prefix, .by_component = by_component, .after = after}).keys;
}

TEST(IndexTest, whatIsAddedIsFoundAndWhatIsErasedIsNot) {
  Index index;
  EXPECT_EQ(index.find("a"), nullptr);
  Entry& a = index.add("a");
  index.add("b");
  EXPECT_EQ(index.find("a"), &a);
  EXPECT_EQ(a.key, "a");
  index.erase(a);
  EXPECT_EQ(index.find("a"), nullptr);
  EXPECT_EQ(index.size(), 1U);
}

TEST(IndexTest, keysAreListedByPrefixInOrder) {
  Index index;
  for (const char* key : {"a/b/c", "a/bc", "a/b", "b", "a", "a/b-c", "a/b/"}) published(index, key);
  index.add("a/b/unready");
  EXPECT_THAT(keys_of(index), ElementsAre("a", "a/b", "a/b-c", "a/b/", "a/b/c", "a/bc", "b"));
  EXPECT_THAT(keys_of(index, "a/b"), ElementsAre("a/b", "a/b-c", "a/b/", "a/b/c", "a/bc"));
  EXPECT_THAT(keys_of(index, "a/b", true), ElementsAre("a/b", "a/b/", "a/b/c"));
  EXPECT_THAT(keys_of(index, "a/b/", true), ElementsAre("a/b/", "a/b/c"));
  EXPECT_THAT(keys_of(index, "c"), IsEmpty());
  EXPECT_THAT(keys_of(index, "a/b", false, "a/b/"), ElementsAre("a/b/c", "a/bc"));
  EXPECT_THAT(keys_of(index, "a/b", true, "a/b"), ElementsAre("a/b/", "a/b/c"));
  EXPECT_THAT(keys_of(index, "a/b", false, "z"), IsEmpty());
}

TEST(IndexTest, pagesFollowOneAnotherWithoutAGap) {
  for (const bool by_component : {false, true}) {
    Index index;
    std::set<std::string> all;
    published(index, "p");
    all.insert("p");
    for (int i = 0; i < 100; ++i) {
      const std::string key = "p/" + std::to_string(i);
      published(index, key);
      all.insert(key);
    }
    std::set<std::string> seen;
    std::string after;
    for (bool more = true; more;) {
      const KeyPage page = index.page({.prefix = "p", .by_component = by_component, .after = after, .limit = 7});
      ASSERT_LE(page.keys.size(), 7U);
      for (const std::string& key : page.keys) EXPECT_TRUE(seen.insert(key).second) << key;
      more = page.more;
      after = page.keys.back();
    }
    EXPECT_EQ(seen, all);
  }
}

TEST(IndexTest, entriesAreInTheOrderOfTheirLastUse) {
  Index index;
  Entry& a = index.add("a");
  Entry& b = index.add("b");
  Entry& c = index.add("c");
  const auto order = [&] {
    std::string found;
    for (const Entry* entry = index.oldest(); entry != nullptr; entry = entry->newer) found += entry->key;
    return found;
  };
  EXPECT_EQ(order(), "abc");
  index.touch(a);
  EXPECT_EQ(order(), "bca");
  index.set_pinned(c, true);
  index.touch(c);
  EXPECT_EQ(order(), "ba");
  index.set_pinned(c, false);
  EXPECT_EQ(order(), "bac");
  index.erase(a);
  EXPECT_EQ(order(), "bc");
  index.set_pinned(b, true);
  index.erase(b);
  EXPECT_EQ(order(), "c");
}

TEST(IndexTest, anIncompleteSetSaysWhichShardsItLacks) {
  Index index;
  Entry& entry = index.add("k");
  entry.shards = std::make_unique<ShardSets>(4);
  Value shard;
  shard.dtype = 9;
  entry.shards->coming.emplace(1, shard);
  EntryInfo info = index.describe(entry);
  EXPECT_FALSE(info.exists);
  EXPECT_EQ(info.shards, 4U);
  EXPECT_EQ(info.dtype, 9);
  EXPECT_THAT(info.missing, ElementsAre(0, 2, 3));
  entry.shards = std::make_unique<ShardSets>(1000);
  entry.shards->coming.emplace(0, Value());
  EXPECT_EQ(index.describe(entry).missing.size(), 64U);
  EXPECT_EQ(index.describe(entry).missing.front(), 1U);
}

TEST(IndexTest, addingThatFailsAddsNothing) {
  Index index;
  published(index, "there");
  const std::string key(100, 'k');
  for (uint64_t n = 1;; ++n) {
    bool failed = false;
    {
      const test::FailAllocationAfter failing(n);
      const Status added = contain([&] {
        index.add(key);
        return Status();
      });
      failed = !added.ok();
      if (!failing.fired()) break;
    }
    ASSERT_TRUE(failed);
    EXPECT_EQ(index.find(key), nullptr);
    EXPECT_EQ(index.size(), 1U);
    EXPECT_THAT(keys_of(index), ElementsAre("there"));
  }
  EXPECT_NE(index.find(key), nullptr);
}

TEST(IndexTest, manyKeysInAnyOrder) {
  std::mt19937_64 random(5);
  Index index;
  std::set<std::string> model;
  for (int step = 0; step < 20000; ++step) {
    const std::string key = std::to_string(random() % 2000);
    if (model.contains(key)) {
      index.erase(*index.find(key));
      model.erase(key);
    } else {
      published(index, key);
      model.insert(key);
    }
  }
  std::vector<std::string> expected(model.begin(), model.end());
  EXPECT_EQ(keys_of(index), expected);
}

}  // namespace
}  // namespace windlass
