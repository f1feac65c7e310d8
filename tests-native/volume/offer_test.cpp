#include "volume/offer.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "support/pattern.hpp"
#include "volume/road.hpp"
#include "volume/volume_world.hpp"

namespace windlass {
namespace {

using test::Client;
using test::pattern;
using test::refill;
using test::Road;
using test::road_name;
using test::soon;
using test::VolumeWorld;
using test::Way;

constexpr std::array<std::string_view, 1> kA{"a"};

Deadline now() { return Deadline::after(std::chrono::nanoseconds(0)); }

OfferItem item_of(std::string_view key, const std::vector<std::byte>& bytes, ShardPlace shard = {}) {
  OfferItem item;
  item.key = key;
  item.shard = shard;
  item.data = bytes.data();
  item.bytes = bytes.size();
  return item;
}

std::shared_ptr<Offer> offered(Volume& volume, const std::vector<OfferItem>& items, const OfferOptions& options = {}) {
  Result<std::shared_ptr<Offer>> offer = volume.offer(items, options);
  EXPECT_TRUE(offer.ok()) << offer.status().to_string();
  return offer.ok() ? *offer : nullptr;
}

// A lease on one key, with what was found.
Result<Acquired> leased(const Client& client, std::string_view key) {
  const AcquireItem item{key};
  return client.control().acquire({&item, 1}, {}, soon());
}

Status read(const Client& client, const Found& found, std::vector<std::byte>* bytes) {
  bytes->resize(found.bytes);
  const ReadMove move{bytes->data(), found.place.part(0, found.bytes)};
  return client.transport().read({&move, 1}, soon());
}

class OfferContract : public testing::TestWithParam<Road> {
 protected:
  Client client() {
    if (!GetParam().by_lanes) return world_.client(GetParam().way);
    ConnectOptions options;
    options.reads_process = false;
    Result<VolumeConnection> connection = connect_volume(world_.unix_uri(), options);
    EXPECT_TRUE(connection.ok()) << connection.status().to_string();
    EXPECT_NE(connection->reason.find("over lanes"), std::string::npos) << connection->reason;
    return {connection->control, connection->transport};
  }
  VolumeWorld world_;
};

INSTANTIATE_TEST_SUITE_P(All, OfferContract,
                         testing::Values(Road{Way::kLocal}, Road{Way::kShm}, Road{Way::kShm, true}, Road{Way::kTcp}),
                         [](const testing::TestParamInfo<Road>& road) { return road_name(road.param); });

TEST_P(OfferContract, whatIsOfferedIsReadWhereItLies) {
  const Client reader = client();
  for (const uint64_t bytes : {0UL, 1UL, 4097UL, (9UL << 20) + 3}) {
    std::vector<std::byte> value = pattern(bytes, bytes);
    const std::shared_ptr<Offer> offer = offered(world_.volume(), {item_of("a", value)});
    EXPECT_EQ(world_.volume().info().used_bytes, 0U);
    Result<std::vector<std::byte>> got = reader.get("a");
    ASSERT_TRUE(got.ok()) << got.status().to_string();
    EXPECT_EQ(*got, value);
    offer->close(soon());
    EXPECT_EQ(reader.get("a").status().code(), Code::kNotFound);
  }
}

TEST_P(OfferContract, anUpdateIsTheNextVersionFromTheSamePlace) {
  const Client reader = client();
  std::vector<std::byte> value = pattern(300'000, 1);
  const std::vector<std::byte> other = pattern(10, 3);
  const std::shared_ptr<Offer> offer = offered(world_.volume(), {item_of("a", value), item_of("b", other)});
  const Result<Acquired> before = leased(reader, "a");
  ASSERT_TRUE(before.ok());
  EXPECT_TRUE(reader.control().release({&before->lease, 1}, soon()).ok());
  ASSERT_TRUE(offer->begin_update(soon(), false).ok());
  EXPECT_EQ(leased(reader, "a").status().code(), Code::kState);
  EXPECT_EQ(leased(reader, "b").status().code(), Code::kState);
  refill(value, 2);
  const Result<uint64_t> version = offer->publish();
  ASSERT_TRUE(version.ok()) << version.status().to_string();
  const Result<Acquired> after = leased(reader, "a");
  ASSERT_TRUE(after.ok()) << after.status().to_string();
  EXPECT_EQ(after->found[0].version, *version);
  EXPECT_GT(*version, before->found[0].version);
  EXPECT_EQ(after->found[0].place.segment, before->found[0].place.segment);
  EXPECT_EQ(after->found[0].place.offset, before->found[0].place.offset);
  std::vector<std::byte> got;
  ASSERT_TRUE(read(reader, after->found[0], &got).ok());
  EXPECT_EQ(got, value);
  EXPECT_EQ(offer->info().published, 2U);
}

TEST_P(OfferContract, aReaderKeepsTheWriterFromUpdatingUntilItLetsGo) {
  const Client reader = client();
  std::vector<std::byte> value = pattern(200'000, 1);
  const std::shared_ptr<Offer> offer = offered(world_.volume(), {item_of("a", value)});
  const Result<Acquired> held = leased(reader, "a");
  ASSERT_TRUE(held.ok());
  EXPECT_EQ(offer->info().readers, 1U);
  const Status refused = offer->begin_update(now(), false);
  EXPECT_EQ(refused.code(), Code::kTimeout);
  EXPECT_NE(refused.message().find("is being read by"), std::string::npos) << refused.message();
  std::vector<std::byte> got;
  ASSERT_TRUE(read(reader, held->found[0], &got).ok());
  EXPECT_EQ(got, value);
  EXPECT_TRUE(reader.get("a").ok()) << "it is offered as before";
  std::thread letting_go([&] { EXPECT_TRUE(reader.control().release({&held->lease, 1}, soon()).ok()); });
  EXPECT_TRUE(offer->begin_update(soon(), false).ok());
  letting_go.join();
}

TEST_P(OfferContract, whatIsTakenBackByForceIsNotReadAsIfItWereRight) {
  const Client reader = client();
  std::vector<std::byte> value = pattern(200'000, 1);
  const std::vector<std::byte> kept = pattern(200'000, 9);
  const std::shared_ptr<Offer> offer = offered(world_.volume(), {item_of("a", value)});
  const std::shared_ptr<Offer> another = offered(world_.volume(), {item_of("b", kept)});
  const std::vector<AcquireItem> both{{"a"}, {"b"}};
  const Result<Acquired> held = reader.control().acquire(both, {}, soon());
  ASSERT_TRUE(held.ok());
  ASSERT_TRUE(offer->begin_update(now(), true).ok());
  refill(value, 2);
  std::vector<std::byte> got;
  EXPECT_EQ(read(reader, held->found[0], &got).code(), Code::kState);
  ASSERT_TRUE(read(reader, held->found[1], &got).ok()) << "of the other offer";
  EXPECT_EQ(got, kept);
  ASSERT_TRUE(offer->publish().ok());
  EXPECT_EQ(read(reader, held->found[0], &got).code(), Code::kState) << "the lease is of the version before";
  EXPECT_TRUE(reader.control().release({&held->lease, 1}, soon()).ok());
  EXPECT_EQ(*reader.get("a"), value);
  EXPECT_EQ(offer->info().taken_back, 1U);
  EXPECT_TRUE(test::comes_true([&] { return another->info().readers == 0; }));
}

TEST_P(OfferContract, closingAnOfferThatIsReadTakesItBack) {
  const Client reader = client();
  auto value = std::make_unique<std::vector<std::byte>>(pattern(5'000'000, 1));
  const std::shared_ptr<Offer> offer = offered(world_.volume(), {item_of("a", *value)});
  const Result<Acquired> held = leased(reader, "a");
  ASSERT_TRUE(held.ok());
  offer->close(now());
  value.reset();
  std::vector<std::byte> got;
  EXPECT_EQ(read(reader, held->found[0], &got).code(), Code::kState);
  EXPECT_EQ(offer->publish().status().code(), Code::kState);
  EXPECT_EQ(offer->begin_update(soon(), false).code(), Code::kState);
}

TEST_P(OfferContract, offeredMemoryIsNotMapped) {
  if (GetParam().way == Way::kTcp) GTEST_SKIP() << "nothing is mapped over TCP";
  const Client reader = client();
  const std::vector<std::byte> value = pattern(200'000, 1);
  const std::shared_ptr<Offer> offer = offered(world_.volume(), {item_of("a", value)});
  const Result<Acquired> held = leased(reader, "a");
  ASSERT_TRUE(held.ok());
  EXPECT_EQ(reader.transport().map(held->found[0].place, MapFor::kReading, false, soon()).status().code(),
            Code::kUnsupported);
  EXPECT_EQ(reader.transport().map(held->found[0].place, MapFor::kReading, true, soon()).status().code(),
            Code::kUnsupported);
}

TEST_P(OfferContract, valuesOfTheVolumeAndOffersAreReadInOneCall) {
  const Client reader = client();
  const std::vector<std::byte> value = pattern(200'000, 1);
  const std::vector<std::byte> stored = pattern(150'000, 2);
  ASSERT_TRUE(reader.put({{"stored", stored, {}}}).ok());
  const std::shared_ptr<Offer> offer = offered(world_.volume(), {item_of("a", value)});
  const std::vector<AcquireItem> items{{"stored"}, {"a"}};
  const Result<Acquired> held = reader.control().acquire(items, {}, soon());
  ASSERT_TRUE(held.ok());
  std::vector<std::byte> one(stored.size());
  std::vector<std::byte> two(value.size());
  const std::vector<ReadMove> moves{{one.data(), held->found[0].place.part(0, one.size())},
                                    {two.data(), held->found[1].place.part(0, two.size())}};
  ASSERT_TRUE(reader.transport().read(moves, soon()).ok());
  EXPECT_EQ(one, stored);
  EXPECT_EQ(two, value);
}

// The writer changes all bytes at each step; whoever reads sees one step.
TEST_P(OfferContract, nobodySeesTwoVersionsAtOnce) {
  std::vector<std::byte> value(700'000, std::byte{0});
  const std::shared_ptr<Offer> offer = offered(world_.volume(), {item_of("a", value)});
  std::atomic<bool> over{false};
  std::atomic<uint64_t> seen{0};
  std::vector<std::thread> readers;
  for (int number = 0; number < 2; ++number) {
    readers.emplace_back([&, reader = client()] {
      while (!over) {
        Result<Acquired> held = leased(reader, "a");
        if (!held.ok()) {
          EXPECT_EQ(held.status().code(), Code::kState) << held.status().to_string();
          std::this_thread::yield();
          continue;
        }
        std::vector<std::byte> got;
        const Status done = read(reader, held->found[0], &got);
        EXPECT_TRUE(reader.control().release({&held->lease, 1}, soon()).ok());
        if (!done.ok()) {
          EXPECT_EQ(done.code(), Code::kState) << done.to_string();
          continue;
        }
        EXPECT_EQ(std::count(got.begin(), got.end(), got.front()), static_cast<ptrdiff_t>(got.size()));
        ++seen;
      }
    });
  }
  uint64_t step = 0;
  const Deadline end = soon();
  while ((step < 60 || seen < 20) && !end.expired()) {
    ++step;
    const bool force = step % 3 == 0;
    const Status begun = offer->begin_update(force ? now() : soon(), force);
    ASSERT_TRUE(begun.ok()) << begun.to_string();
    for (std::byte& byte : value) byte = static_cast<std::byte>(step);
    ASSERT_TRUE(offer->publish().ok());
    const uint64_t before = seen;
    if (step % 8 == 0) test::comes_true([&] { return seen != before; });
  }
  over = true;
  for (std::thread& reader : readers) reader.join();
  EXPECT_GE(seen, 20U);
}

class OfferTest : public testing::Test {
 protected:
  VolumeWorld world_;
};

TEST_F(OfferTest, shardsThatAreRefreshedOneAfterAnotherAreReadOnceAllAre) {
  const Client reader = world_.client(Way::kLocal);
  std::vector<std::byte> one = pattern(100'000, 1);
  std::vector<std::byte> two = pattern(100'000, 2);
  const std::shared_ptr<Offer> first = offered(world_.volume(), {item_of("a", one, {0, 2})});
  EXPECT_EQ(first->info().version, 0U);
  EXPECT_EQ(leased(reader, "a").status().code(), Code::kIncomplete);
  const std::shared_ptr<Offer> second = offered(world_.volume(), {item_of("a", two, {1, 2})});
  const uint64_t version = second->info().version;
  EXPECT_NE(version, 0U);
  ASSERT_TRUE(reader.get("a").ok());
  ASSERT_TRUE(first->begin_update(soon(), false).ok());
  refill(one, 3);
  EXPECT_EQ(*first->publish(), 0U);
  EXPECT_EQ(leased(reader, "a").status().code(), Code::kState) << "the other shard is of the step before";
  ASSERT_TRUE(first->begin_update(soon(), false).ok()) << "once more, before the other has come";
  refill(one, 5);
  ASSERT_TRUE(second->begin_update(soon(), false).ok());
  refill(two, 4);
  EXPECT_GT(*second->publish(), version);
  EXPECT_EQ(leased(reader, "a").status().code(), Code::kState) << "the first is being changed again";
  EXPECT_EQ(*first->publish(), 0U);
  ASSERT_TRUE(second->begin_update(soon(), false).ok());
  EXPECT_NE(*second->publish(), 0U);
  std::vector<std::byte> both = one;
  both.insert(both.end(), two.begin(), two.end());
  EXPECT_EQ(*reader.get("a"), both);
  first->close(soon());
  EXPECT_NE(leased(reader, "a").status().code(), Code::kOk);
}

TEST_F(OfferTest, somebodyElsesPutIsReplacedByTheNextPublishing) {
  const Client other = world_.client(Way::kLocal);
  const std::vector<std::byte> value = pattern(1000, 1);
  const std::shared_ptr<Offer> offer = offered(world_.volume(), {item_of("a", value)});
  ASSERT_TRUE(other.put({{"a", pattern(500, 7), {}}}).ok());
  EXPECT_EQ(*other.get("a"), pattern(500, 7));
  ASSERT_TRUE(offer->begin_update(soon(), false).ok());
  EXPECT_EQ(*other.get("a"), pattern(500, 7)) << "that is not ours to withdraw";
  ASSERT_TRUE(offer->publish().ok());
  EXPECT_EQ(*other.get("a"), value);
  ASSERT_TRUE(other.control().remove(kA, true, {}, soon()).ok());
  ASSERT_TRUE(offer->begin_update(soon(), false).ok());
  ASSERT_TRUE(offer->publish().ok());
  EXPECT_EQ(*other.get("a"), value);
}

TEST_F(OfferTest, offersAreNotEvicted) {
  VolumeOptions options = VolumeWorld::small();
  options.limit_bytes = 4 * kMiB;
  options.eviction = Eviction::kLeastRecent;
  VolumeWorld world(options);
  const Client client = world.client(Way::kLocal);
  const std::vector<std::byte> value = pattern(1000, 1);
  const std::shared_ptr<Offer> offer = offered(world.volume(), {item_of("a", value)});
  for (int at = 0; at < 12; ++at) ASSERT_TRUE(client.put({{text("key/", at), pattern(kMiB, 1), {}}}).ok());
  EXPECT_GT(client.info().evictions, 0U);
  EXPECT_EQ(*client.get("a"), value);
}

TEST_F(OfferTest, anOfferThatCannotBePublishedLeavesNothing) {
  const Client client = world_.client(Way::kLocal);
  const std::vector<std::byte> value = pattern(1000, 1);
  OfferItem tensor = item_of("a", value);
  ASSERT_TRUE(client.put({{"a", value, {}}}).ok());
  tensor.meta.kind = EntryKind::kTensor;
  EXPECT_EQ(world_.volume().offer({&tensor, 1}, {}).status().code(), Code::kMismatch);
  OfferItem nowhere = item_of("b", value);
  nowhere.data = nullptr;
  EXPECT_EQ(world_.volume().offer({&nowhere, 1}, {}).status().code(), Code::kInvalidArgument);
  EXPECT_EQ(*client.get("a"), value);
  EXPECT_EQ(client.info().entries, 1U);
}

TEST_F(OfferTest, publishingWhatWasNotBegunIsRefused) {
  const std::vector<std::byte> value = pattern(1000, 1);
  const std::shared_ptr<Offer> offer = offered(world_.volume(), {item_of("a", value)});
  EXPECT_EQ(offer->publish().status().code(), Code::kState);
  ASSERT_TRUE(offer->begin_update(soon(), false).ok());
  EXPECT_TRUE(offer->begin_update(soon(), false).ok()) << "it is being updated already";
  EXPECT_TRUE(offer->publish().ok());
}

TEST_F(OfferTest, anOfferOutlivesItsVolumesClosing) {
  const std::vector<std::byte> value = pattern(1000, 1);
  const std::shared_ptr<Offer> offer = offered(world_.volume(), {item_of("a", value)});
  world_.volume().close();
  EXPECT_TRUE(offer->begin_update(soon(), false).ok());
  EXPECT_EQ(offer->publish().status().code(), Code::kUnavailable);
  offer->close(soon());
  offer->close(soon());
}

}  // namespace
}  // namespace windlass
