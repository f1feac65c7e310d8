// What every way to a volume promises: the same for a session in the volume's own process, over a Unix socket with
// shared memory, over TCP, and over RDMA where there is a device.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "support/pattern.hpp"
#include "volume/volume_world.hpp"

namespace windlass {
namespace {

using test::Client;
using test::pattern;
using test::PutValue;
using test::soon;
using test::VolumeWorld;
using test::Way;

constexpr std::array<std::string_view, 1> kA{"a"};

class VolumeContract : public testing::TestWithParam<Way> {
 protected:
  Client client() { return world_.client(GetParam()); }
  VolumeWorld world_;
};

INSTANTIATE_TEST_SUITE_P(All, VolumeContract, testing::ValuesIn(test::all_ways()),
                         [](const testing::TestParamInfo<Way>& way) { return test::way_name(way.param); });

TEST_P(VolumeContract, whatOnePutsAnotherGets) {
  const Client writer = client();
  const Client reader = client();
  for (const uint64_t bytes : {0UL, 1UL, 63UL, 64UL, 4095UL, 4096UL, 4097UL, 1UL << 20, (5UL << 20) + 3}) {
    const std::vector<std::byte> value = pattern(bytes, bytes);
    ASSERT_TRUE(writer.put({{"key", value, {}}}).ok()) << bytes;
    const Result<std::vector<std::byte>> got = reader.get("key");
    ASSERT_TRUE(got.ok()) << got.status().to_string();
    EXPECT_EQ(*got, value) << bytes;
  }
}

TEST_P(VolumeContract, aBatchHasOneVersionAndIsSeenWhole) {
  const Client one = client();
  std::vector<PutValue> values;
  for (uint64_t at = 0; at < 1000; ++at) values.push_back({text("layer/", at), pattern(100 + at, at), {}});
  const Result<Committed> committed = one.put(values);
  ASSERT_TRUE(committed.ok()) << committed.status().to_string();
  std::vector<AcquireItem> items;
  for (const PutValue& value : values) items.push_back({value.key});
  const Result<Acquired> acquired = one.control().acquire(items, {}, soon());
  ASSERT_TRUE(acquired.ok());
  ASSERT_EQ(acquired->found.size(), values.size());
  std::vector<std::vector<std::byte>> got(values.size());
  std::vector<ReadMove> moves;
  for (size_t at = 0; at < values.size(); ++at) {
    EXPECT_EQ(acquired->found[at].item, at);
    EXPECT_EQ(acquired->found[at].version, committed->version);
    got[at].resize(acquired->found[at].bytes);
    moves.push_back({got[at].data(), acquired->found[at].place.part(0, got[at].size())});
  }
  ASSERT_TRUE(one.transport().read(moves, soon()).ok());
  for (size_t at = 0; at < values.size(); ++at) EXPECT_EQ(got[at], values[at].bytes);
  EXPECT_TRUE(one.control().release({&acquired->lease, 1}, soon()).ok());
}

TEST_P(VolumeContract, whatIsLeasedStaysAsItIs) {
  const Client reader = client();
  const Client writer = client();
  const std::vector<std::byte> old = pattern(70'000, 1);
  ASSERT_TRUE(writer.put({{"a", old, {}}}).ok());
  const AcquireItem item{"a"};
  const Result<Acquired> acquired = reader.control().acquire({&item, 1}, {}, soon());
  ASSERT_TRUE(acquired.ok());
  ASSERT_TRUE(writer.put({{"a", pattern(70'000, 2), {}}}).ok());
  ASSERT_TRUE(writer.control().remove(kA, true, {}, soon()).ok());
  ASSERT_TRUE(writer.put({{"b", pattern(70'000, 3), {}}}).ok());
  std::vector<std::byte> got(old.size());
  const ReadMove move{got.data(), acquired->found[0].place.part(0, got.size())};
  ASSERT_TRUE(reader.transport().read({&move, 1}, soon()).ok());
  EXPECT_EQ(got, old);
  EXPECT_EQ(reader.info().leases, 1U);
  EXPECT_TRUE(reader.control().release({&acquired->lease, 1}, soon()).ok());
  EXPECT_EQ(reader.info().leases, 0U);
}

TEST_P(VolumeContract, aMappingShowsTheBytesWhereTheWayMaps) {
  const Client one = client();
  const std::vector<std::byte> value = pattern(100'000, 7);
  ASSERT_TRUE(one.put({{"a", value, {}}}).ok());
  const AcquireItem item{"a"};
  const Result<Acquired> acquired = one.control().acquire({&item, 1}, {}, soon());
  ASSERT_TRUE(acquired.ok());
  auto mapped = one.transport().map(acquired->found[0].place, MapFor::kReading, true, soon());
  if (test::is_far(GetParam())) {
    ASSERT_FALSE(mapped.ok());
    EXPECT_EQ(mapped.status().code(), Code::kUnsupported);
  } else {
    ASSERT_TRUE(mapped.ok()) << mapped.status().to_string();
    ASSERT_GE((*mapped)->bytes(), value.size());
    EXPECT_TRUE(std::equal(value.begin(), value.end(), (*mapped)->address()));
    mapped->reset();
  }
  EXPECT_TRUE(one.control().release({&acquired->lease, 1}, soon()).ok());
}

TEST_P(VolumeContract, smallValuesGoAndComeInOneRoundTrip) {
  const Client one = client();
  const std::vector<std::byte> value = pattern(1000, 4);
  InlineItem item;
  item.key = "small";
  item.meta.kind = EntryKind::kTensor;
  item.meta.dtype = 12;
  item.meta.shape.rank = 2;
  item.meta.shape.sizes = {10, 25};
  item.meta.attributes = "made by hand";
  item.bytes = value;
  const Result<Committed> committed = one.control().put_inline({&item, 1}, {}, soon());
  ASSERT_TRUE(committed.ok()) << committed.status().to_string();
  const AcquireItem wanted{"small"};
  AcquireOptions options;
  options.inline_bytes = 64 * kKiB;
  const Result<Acquired> got = one.control().acquire({&wanted, 1}, options, soon());
  ASSERT_TRUE(got.ok());
  EXPECT_EQ(got->lease, 0U);
  EXPECT_EQ(got->inlined, value);
  EXPECT_EQ(got->found[0].version, committed->version);
  EXPECT_EQ(got->found[0].dtype, 12);
  EXPECT_EQ(got->found[0].shape, item.meta.shape);
  EXPECT_EQ(got->found[0].attributes, "made by hand");
}

TEST_P(VolumeContract, aConditionThatDoesNotHoldPublishesNothing) {
  const Client one = client();
  const Result<Committed> first = one.put({{"a", pattern(10, 1), {}}});
  ASSERT_TRUE(first.ok());
  const std::array<Condition, 1> not_there{{{"a", 0}}};
  const std::array<Condition, 1> this_one{{{"a", first->version}}};
  EXPECT_EQ(one.put({{"b", pattern(10, 2), {}}}, {.conditions = not_there, .removals = {}}).status().code(),
            Code::kConflict);
  EXPECT_EQ(one.get("b").status().code(), Code::kNotFound);
  EXPECT_TRUE(one.put({{"b", pattern(10, 2), {}}}, {.conditions = this_one, .removals = kA}).ok());
  EXPECT_EQ(one.get("a").status().code(), Code::kNotFound);
  EXPECT_EQ(one.control().remove(kA, false, this_one, soon()).status().code(), Code::kConflict);
  AcquireOptions options;
  options.conditions = this_one;
  const AcquireItem item{"b"};
  EXPECT_EQ(one.control().acquire({&item, 1}, options, soon()).status().code(), Code::kConflict);
}

TEST_P(VolumeContract, aShardedValueIsReadableOnceAllShardsAreThere) {
  const Client one = client();
  const std::vector<std::byte> first = pattern(5000, 1);
  const std::vector<std::byte> second = pattern(7000, 2);
  ASSERT_TRUE(one.put({{"a", second, {1, 2}}}).ok());
  const Result<std::vector<std::byte>> early = one.get("a");
  ASSERT_FALSE(early.ok());
  EXPECT_EQ(early.status().code(), Code::kIncomplete);
  const Result<std::vector<EntryInfo>> told = one.control().describe(kA, soon());
  ASSERT_TRUE(told.ok());
  EXPECT_FALSE((*told)[0].exists);
  EXPECT_EQ((*told)[0].missing, std::vector<uint32_t>{0});
  EXPECT_EQ(one.put({{"a", first, {0, 3}}}).status().code(), Code::kMismatch);
  ASSERT_TRUE(one.put({{"a", first, {0, 2}}}).ok());
  const Result<std::vector<std::byte>> got = one.get("a");
  ASSERT_TRUE(got.ok()) << got.status().to_string();
  std::vector<std::byte> both = first;
  both.insert(both.end(), second.begin(), second.end());
  EXPECT_EQ(*got, both);
}

TEST_P(VolumeContract, keysComePageByPageInOrder) {
  const Client one = client();
  std::vector<PutValue> values;
  std::set<std::string> names;
  for (uint64_t at = 0; at < 300; ++at) {
    values.push_back({text("model/", at), pattern(1, at), {}});
    names.insert(values.back().key);
  }
  values.push_back({"modelling", pattern(1, 1), {}});
  ASSERT_TRUE(one.put(values).ok());
  std::vector<std::string> listed;
  bool more = true;
  while (more) {
    const std::string after = listed.empty() ? "" : listed.back();
    const Result<KeyPage> page =
        one.control().keys({.prefix = "model", .by_component = true, .after = after, .limit = 7}, soon());
    ASSERT_TRUE(page.ok());
    ASSERT_LE(page->keys.size(), 7U);
    listed.insert(listed.end(), page->keys.begin(), page->keys.end());
    more = page->more;
    ASSERT_TRUE(!page->keys.empty() || !more);
  }
  EXPECT_EQ(listed, std::vector<std::string>(names.begin(), names.end()));
  const Result<KeyPage> all =
      one.control().keys({.prefix = "model", .by_component = false, .after = "", .limit = 0}, soon());
  ASSERT_TRUE(all.ok());
  EXPECT_EQ(all->keys.size(), 301U);
}

TEST_P(VolumeContract, pinnedKeysAreToldAndMissingOnesAreNot) {
  const Client one = client();
  ASSERT_TRUE(one.put({{"a", pattern(10, 1), {}}}).ok());
  ASSERT_TRUE(one.control().pin(kA, true, soon()).ok());
  EXPECT_TRUE((*one.control().describe(kA, soon()))[0].pinned);
  ASSERT_TRUE(one.control().pin(kA, false, soon()).ok());
  EXPECT_FALSE((*one.control().describe(kA, soon()))[0].pinned);
  const std::array<std::string_view, 2> keys{"a", "missing"};
  EXPECT_EQ(one.control().pin(keys, true, soon()).code(), Code::kNotFound);
  const auto described = one.control().describe(keys, soon());
  ASSERT_TRUE(described.ok());
  EXPECT_TRUE((*described)[0].exists);
  EXPECT_FALSE((*described)[1].exists);
}

TEST_P(VolumeContract, removingTellsHowManyThereWere) {
  const Client one = client();
  ASSERT_TRUE(one.put({{"a", pattern(10, 1), {}}, {"b", pattern(10, 2), {}}}).ok());
  const std::array<std::string_view, 3> keys{"a", "missing", "b"};
  EXPECT_EQ(one.control().remove(keys, true, {}, soon()).status().code(), Code::kNotFound);
  EXPECT_EQ(one.info().entries, 2U);
  const Result<uint64_t> removed = one.control().remove(keys, false, {}, soon());
  ASSERT_TRUE(removed.ok());
  EXPECT_EQ(*removed, 2U);
  EXPECT_EQ(one.info().entries, 0U);
  EXPECT_EQ(one.info().used_bytes, 0U);
}

TEST_P(VolumeContract, aSlotThatIsKeptServesTheNextPut) {
  const Client one = client();
  const std::vector<std::byte> value = pattern(50'000, 9);
  const uint64_t size = value.size();
  Result<std::vector<RemoteRange>> slots = one.control().prepare({&size, 1}, soon());
  ASSERT_TRUE(slots.ok());
  RemoteRange slot = (*slots)[0];
  for (int round = 0; round < 5; ++round) {
    const WriteMove move{value.data(), slot.part(0, size)};
    ASSERT_TRUE(one.transport().write({&move, 1}, soon()).ok());
    CommitItem item;
    item.key = "a";
    item.bytes = size;
    item.token = slot.token;
    item.keep = true;
    Result<Committed> committed = one.control().commit({&item, 1}, {}, soon());
    ASSERT_TRUE(committed.ok()) << committed.status().to_string();
    ASSERT_EQ(committed->next.size(), 1U);
    slot = committed->next[0];
    ASSERT_NE(slot.token, 0U);
  }
  EXPECT_EQ(*one.get("a"), value);
  EXPECT_TRUE(one.control().abandon({&slot.token, 1}, soon()).ok());
  EXPECT_EQ(one.info().prepared_slots, 0U);
}

TEST_P(VolumeContract, everyErrorNamesWhatIsWrong) {
  const Client one = client();
  const std::string long_key(65'536, 'k');
  EXPECT_EQ(one.get("missing").status().code(), Code::kNotFound);
  EXPECT_NE(std::string(one.get("missing").status().message()).find("missing"), std::string::npos);
  EXPECT_EQ(one.put({{long_key, pattern(1, 1), {}}}).status().code(), Code::kInvalidArgument);
  EXPECT_EQ(one.put({{"", pattern(1, 1), {}}}).status().code(), Code::kInvalidArgument);
  EXPECT_EQ(one.put({{"\xFF", pattern(1, 1), {}}}).status().code(), Code::kInvalidArgument);
  EXPECT_EQ(one.put({{"a", pattern(1, 1), {}}, {"a", pattern(1, 1), {}}}).status().code(), Code::kInvalidArgument);
  const uint64_t too_much = 128 * kMiB;
  EXPECT_EQ(one.control().prepare({&too_much, 1}, soon()).status().code(), Code::kNoSpace);
  CommitItem foreign;
  foreign.key = "a";
  foreign.bytes = 10;
  foreign.token = 0x1234567;
  EXPECT_EQ(one.control().commit({&foreign, 1}, {}, soon()).status().code(), Code::kInvalidArgument);
  EXPECT_EQ(one.info().prepared_slots, 0U);
}

TEST_P(VolumeContract, aSegmentOfAnotherVolumeIsNotThere) {
  VolumeWorld other;
  const Client there = other.client(Way::kLocal);
  const Client here = client();
  const uint64_t size = 4096;
  const Result<std::vector<RemoteRange>> slots = there.control().prepare({&size, 1}, soon());
  ASSERT_TRUE(slots.ok());
  const Result<OwnedDescriptor> got = here.control().segment_descriptor((*slots)[0].segment, MapFor::kReading, soon());
  ASSERT_FALSE(got.ok());
  EXPECT_EQ(got.status().code(), test::is_far(GetParam()) ? Code::kUnsupported : Code::kNotFound);
}

TEST_P(VolumeContract, manyThreadsShareOneClient) {
  const Client shared = client();
  std::vector<std::thread> threads;
  for (int writer = 0; writer < 8; ++writer) {
    threads.emplace_back([&, writer] {
      for (uint64_t round = 0; round < 25; ++round) {
        const std::string key = text("thread/", writer);
        const std::vector<std::byte> value = pattern(1 + round * 997, round * 8 + static_cast<uint64_t>(writer));
        EXPECT_TRUE(shared.put({{key, value, {}}}).ok());
        const Result<std::vector<std::byte>> got = shared.get(key);
        ASSERT_TRUE(got.ok()) << got.status().to_string();
        EXPECT_EQ(*got, value);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(shared.info().leases, 0U);
  EXPECT_EQ(shared.info().prepared_slots, 0U);
}

TEST_P(VolumeContract, whatAClientHadEndsWithIt) {
  const Client stays = client();
  {
    const Client leaves = client();
    ASSERT_TRUE(leaves.put({{"a", pattern(10'000, 1), {}}}).ok());
    const uint64_t size = 5000;
    ASSERT_TRUE(leaves.control().prepare({&size, 1}, soon()).ok());
    const AcquireItem item{"a"};
    ASSERT_TRUE(leaves.control().acquire({&item, 1}, {}, soon()).ok());
    EXPECT_EQ(stays.info().leases, 1U);
  }
  EXPECT_TRUE(test::comes_true([&] { return stays.info().leases == 0; }));
  EXPECT_EQ(stays.info().prepared_slots, 0U);
  EXPECT_EQ(stays.info().orphaned_slots, 0U);
  EXPECT_EQ(stays.info().sessions, 1U);
  EXPECT_TRUE(stays.get("a").ok());
}

TEST_P(VolumeContract, aClosedVolumeIsUnavailable) {
  const Client one = client();
  ASSERT_TRUE(one.put({{"a", pattern(10, 1), {}}}).ok());
  world_.volume().close();
  const Result<std::vector<std::byte>> got = one.get("a");
  ASSERT_FALSE(got.ok());
  EXPECT_EQ(got.status().code(), Code::kUnavailable);
}

}  // namespace
}  // namespace windlass
