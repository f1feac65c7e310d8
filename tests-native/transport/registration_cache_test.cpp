#include "transport/registration_cache.hpp"

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "base/bytes.hpp"
#include "fake/fake_registrar.hpp"
#include "transport/registration_world.hpp"

namespace windlass {
namespace {

using fake::FakeRegistrar;
using test::RegistrationWorld;

TEST(RegistrationCacheTest, whatWasRegisteredIsFoundAndNotRegisteredAgain) {
  const RegistrationWorld world;
  world.adopt();
  RegistrationUse first = world.at(0, kMiB);
  ASSERT_EQ(first.pieces().size(), 1U);
  const uint32_t key = first.pieces()[0].local_key;
  world.begin(first);
  world.end(first);
  first.reset();
  EXPECT_TRUE(first.pieces().empty());
  const RegistrationUse inside = world.at(4096, 100);
  ASSERT_EQ(inside.pieces().size(), 1U);
  EXPECT_EQ(inside.pieces()[0].local_key, key);
  EXPECT_EQ(inside.pieces()[0].data, world.memory.data() + 4096);
  EXPECT_EQ(inside.pieces()[0].bytes, 100U);
  EXPECT_EQ(world.registrar->registrations(), 1U);
  const RegistrationStatistics statistics = world.cache->statistics();
  EXPECT_EQ(statistics.hits, 1U);
  EXPECT_EQ(statistics.misses, 1U);
  EXPECT_EQ(statistics.saved_bytes, 100U);
  EXPECT_EQ(statistics.kept_bytes, kMiB);
  EXPECT_EQ(statistics.used_bytes, kMiB);
}

TEST(RegistrationCacheTest, onlyWhatIsMissingIsRegistered) {
  const RegistrationWorld world;
  world.adopt();
  world.at(kMiB, kMiB);
  const RegistrationUse whole = world.at(0, 3 * kMiB);
  ASSERT_EQ(whole.pieces().size(), 3U);
  const std::byte* at = world.memory.data();
  for (const RegisteredPiece& piece : whole.pieces()) {
    EXPECT_EQ(piece.data, at);
    at += piece.bytes;
  }
  EXPECT_EQ(at, world.memory.data() + 3 * kMiB);
  EXPECT_EQ(world.registrar->live_bytes(), 3 * kMiB) << "and nothing twice";
  EXPECT_EQ(world.cache->statistics().saved_bytes, kMiB);
}

TEST(RegistrationCacheTest, anotherAccessOrDeviceHasARegistrationOfItsOwn) {
  const RegistrationWorld world;
  world.adopt();
  const RegistrationUse local = world.at(0, kMiB);
  const RegistrationUse remote = world.at(0, kMiB, static_cast<uint32_t>(RegistrationAccess::kRemoteRead));
  EXPECT_NE(local.pieces()[0].remote_key, remote.pieces()[0].remote_key);
  const auto second = std::make_shared<FakeRegistrar>();
  {
    Result<RegistrationUse> other = world.cache->acquire(second, world.memory.data(), kMiB, 0);
    ASSERT_TRUE(other.ok()) << other.status().to_string();
    EXPECT_EQ(second->registrations(), 1U);
    EXPECT_EQ(world.cache->forget(*second, Deadline::after(std::chrono::nanoseconds(0))).code(), Code::kTimeout);
  }
  EXPECT_TRUE(world.cache->forget(*second, test::soon()).ok());
  EXPECT_EQ(second->live_bytes(), 0U);
  EXPECT_EQ(second.use_count(), 1) << "the cache has let go of it";
  EXPECT_EQ(world.registrar->live_bytes(), 2 * kMiB) << "the other device's are as they were";
  EXPECT_EQ(world.cache->forget(*second, test::soon()).code(), Code::kNotFound);
}

TEST(RegistrationCacheTest, aWindowAroundWhatIsAskedForIsRegistered) {
  RegistrationCacheOptions options = RegistrationWorld::exact();
  options.window_bytes = 4 * kMiB;
  const RegistrationWorld world(options);
  world.adopt();
  for (uint64_t offset = 0; offset < RegistrationWorld::kMemoryBytes; offset += 64 * kKiB) world.at(offset, 64 * kKiB);
  EXPECT_EQ(world.registrar->registrations(), 2U);
}

TEST(RegistrationCacheTest, neighboursBecomeOneAndEachByteIsRegisteredAFewTimesOnly) {
  RegistrationCacheOptions options = RegistrationWorld::exact();
  options.merged_bytes = kGiB;
  const RegistrationWorld world(options);
  world.adopt();
  for (uint64_t offset = 0; offset < RegistrationWorld::kMemoryBytes; offset += 64 * kKiB) world.at(offset, 64 * kKiB);
  world.cache->end_waiting();
  const RegistrationStatistics statistics = world.cache->statistics();
  EXPECT_EQ(statistics.kept, 1U) << "128 of them, a power of two";
  EXPECT_EQ(statistics.kept_bytes, RegistrationWorld::kMemoryBytes);
  EXPECT_EQ(statistics.merges, 127U);
}

TEST(RegistrationCacheTest, aNeighbourInUseStaysWhatItIs) {
  RegistrationCacheOptions options = RegistrationWorld::exact();
  options.merged_bytes = kGiB;
  const RegistrationWorld world(options);
  world.adopt();
  const RegistrationUse used = world.at(0, kMiB);
  world.begin(used);
  world.at(kMiB, kMiB);
  EXPECT_EQ(world.cache->statistics().merges, 0U);
  EXPECT_TRUE(world.cache->check(used.pieces()[0].name).ok());
  world.end(used);
}

TEST(RegistrationCacheTest, manyAtOnceAreRegisteredTogether) {
  const RegistrationWorld world;
  world.adopt();
  std::vector<RegistrationRequest> requests;
  for (uint64_t i = 0; i < 100; ++i) requests.push_back({world.memory.data() + (99 - i) * 10'000, 9'000});
  Result<std::vector<RegistrationUse>> uses = world.cache->acquire_all(world.registrar, requests, 0);
  ASSERT_TRUE(uses.ok()) << uses.status().to_string();
  ASSERT_EQ(uses->size(), requests.size());
  for (size_t i = 0; i < requests.size(); ++i) EXPECT_EQ((*uses)[i].pieces()[0].data, requests[i].data);
  EXPECT_EQ(world.registrar->registrations(), 1U);
  EXPECT_FALSE(world.cache->acquire_all(world.registrar, std::array{RegistrationRequest{}}, 0).ok());
}

TEST(RegistrationCacheTest, neighboursInABatchCountAsOneUntilTheyAreFound) {
  const RegistrationWorld world;
  world.adopt();
  std::vector<RegistrationRequest> requests;
  for (uint64_t i = 0; i < 10; ++i) requests.push_back({world.memory.data() + i * 4096, 4096});
  ASSERT_TRUE(world.cache->acquire_all(world.registrar, requests, 0).ok());
  RegistrationStatistics statistics = world.cache->statistics();
  EXPECT_EQ(statistics.misses, 1U);
  EXPECT_EQ(statistics.hits, 0U);
  EXPECT_EQ(statistics.saved_bytes, 0U) << "nothing was registered already";
  ASSERT_TRUE(world.cache->acquire_all(world.registrar, requests, 0).ok());
  statistics = world.cache->statistics();
  EXPECT_EQ(statistics.misses, 1U);
  EXPECT_EQ(statistics.hits, 10U);
  EXPECT_EQ(statistics.saved_bytes, 40'960U);
}

TEST(RegistrationCacheTest, whatIsLargerThanTheDeviceTakesIsCutAndTheSizeIsRemembered) {
  const RegistrationWorld world;
  world.adopt();
  world.registrar->refuse_above(kMiB);
  const RegistrationUse whole = world.at(0, 4 * kMiB);
  EXPECT_EQ(whole.pieces().size(), 4U);
  const uint64_t failures = world.cache->statistics().failures;
  EXPECT_GT(failures, 0U);
  const RegistrationUse rest = world.at(4 * kMiB, 4 * kMiB);
  EXPECT_EQ(world.cache->statistics().failures, failures);
  EXPECT_EQ(world.cache->statistics().splits, 6U);
}

TEST(RegistrationCacheTest, theLeastRecentlyUsedGoWhenThereAreTooMany) {
  RegistrationCacheOptions options = RegistrationWorld::exact();
  options.most_registrations = 2;
  const RegistrationWorld world(options);
  world.adopt();
  const uint32_t a = world.at(0, kMiB).pieces()[0].local_key;
  const uint32_t b = world.at(kMiB, kMiB).pieces()[0].local_key;
  world.at(0, kMiB);
  const RegistrationUse third = world.at(2 * kMiB, kMiB);
  world.cache->end_waiting();
  EXPECT_TRUE(world.registrar->is_live(a));
  EXPECT_EQ(world.cache->statistics().evictions, 1U);
  EXPECT_EQ(world.cache->statistics().kept, 2U);
  EXPECT_NE(world.at(kMiB, kMiB).pieces()[0].local_key, b);
}

TEST(RegistrationCacheTest, theLimitOfBytesHoldsForWhatNobodyUses) {
  RegistrationCacheOptions options = RegistrationWorld::exact();
  options.most_bytes = kMiB;
  const RegistrationWorld world(options);
  world.adopt();
  {
    const RegistrationUse a = world.at(0, kMiB);
    const RegistrationUse b = world.at(kMiB, kMiB);
    EXPECT_EQ(world.cache->statistics().kept_bytes, 2 * kMiB) << "both are used";
  }
  EXPECT_EQ(world.cache->statistics().kept_bytes, kMiB);
}

TEST(RegistrationCacheTest, whereADeviceHasNoMemoryLeftIdleOnesGoFirst) {
  const RegistrationWorld world;
  world.adopt();
  world.registrar->limit_total(2 * kMiB);
  world.at(0, kMiB);
  world.at(kMiB, kMiB);
  const RegistrationUse use = world.at(4 * kMiB, 2 * kMiB);
  EXPECT_EQ(use.pieces().size(), 1U);
  EXPECT_EQ(world.cache->statistics().evictions, 2U);
}

TEST(RegistrationCacheTest, whatFailedIsRefusedForAWhileWithoutTrying) {
  RegistrationCacheOptions options = RegistrationWorld::exact();
  options.refusals = 3;
  const RegistrationWorld world(options);
  world.adopt();
  world.registrar->fail(1, Code::kDevice);
  EXPECT_EQ(world.acquire(world.memory.data(), kMiB).status().code(), Code::kDevice);
  for (int i = 0; i < 3; ++i) {
    const Status refused = world.acquire(world.memory.data(), kMiB).status();
    EXPECT_EQ(refused.code(), Code::kDevice);
    EXPECT_NE(refused.message().find("not tried again yet"), std::string_view::npos) << refused.message();
  }
  EXPECT_EQ(world.registrar->calls(), 1U);
  EXPECT_EQ(world.cache->statistics().refusals, 3U);
  EXPECT_TRUE(world.acquire(world.memory.data(), kMiB).ok());
}

TEST(RegistrationCacheTest, whereAWindowFailsWhatWasAskedForIsStillRegistered) {
  RegistrationCacheOptions options = RegistrationWorld::exact();
  options.window_bytes = 4 * kMiB;
  const RegistrationWorld world(options);
  world.adopt();
  ASSERT_EQ(mprotect(world.memory.data() + kMiB, 4096, PROT_NONE), 0);
  const RegistrationUse a = world.at(0, 4096);
  EXPECT_EQ(world.cache->statistics().kept_bytes, 4096U);
  const RegistrationUse b = world.at(8192, 4096);
  EXPECT_EQ(world.acquire(world.memory.data() + kMiB, 1).status().code(), Code::kInvalidArgument);
}

TEST(RegistrationCacheTest, memoryThatNobodyMadeKnownIsRefusedOrRegisteredOnce) {
  const RegistrationWorld world;
  const Status unknown = world.acquire(world.memory.data(), kMiB).status();
  EXPECT_EQ(unknown.code(), Code::kNotFound);
  EXPECT_NE(unknown.message().find("adopt"), std::string_view::npos) << unknown.message();
  {
    Result<RegistrationUse> once = world.cache->acquire_once(world.registrar, world.memory.data(), kMiB, 0);
    ASSERT_TRUE(once.ok());
    Result<RegistrationUse> inside = world.cache->acquire_once(world.registrar, world.memory.data() + 10, 100, 0);
    ASSERT_TRUE(inside.ok());
    EXPECT_EQ(inside->pieces()[0].local_key, once->pieces()[0].local_key);
    EXPECT_EQ(world.cache->adopt(world.memory.data(), 2 * kMiB).code(), Code::kState);
    EXPECT_EQ(world.cache->acquire_once(world.registrar, world.memory.data() + 10, kMiB, 0).status().code(),
              Code::kState);
    EXPECT_EQ(world.registrar->registrations(), 1U);
  }
  EXPECT_EQ(world.registrar->live_bytes(), 0U) << "at once, as the memory may be gone next";
  world.registrar->fail(1, Code::kDevice);
  EXPECT_FALSE(world.cache->acquire_once(world.registrar, world.memory.data(), kMiB, 0).ok());
  world.adopt();
}

TEST(RegistrationCacheTest, whatIsAskedForMustLieInTheMemory) {
  const RegistrationWorld world;
  world.adopt();
  EXPECT_EQ(world.acquire(world.memory.data() + 8 * kMiB - 1, 2).status().code(), Code::kInvalidArgument);
  EXPECT_EQ(world.acquire(world.memory.data(), 0).status().code(), Code::kInvalidArgument);
  EXPECT_EQ(world.acquire(nullptr, 1).status().code(), Code::kInvalidArgument);
  EXPECT_EQ(world.cache->acquire(nullptr, world.memory.data(), 1, 0).status().code(), Code::kInvalidArgument);
  EXPECT_EQ(world.cache->adopt(world.memory.data() + kMiB, kMiB).code(), Code::kState);
  EXPECT_EQ(world.cache->adopt(nullptr, kMiB).code(), Code::kInvalidArgument);
  EXPECT_EQ(world.cache->forget(world.memory.data(), ~uint64_t{0}, test::soon()).code(), Code::kInvalidArgument);
}

TEST(RegistrationCacheTest, forgettingWaitsForUsersAndChangesNothingIfTheyDoNotEnd) {
  const RegistrationWorld world;
  world.adopt();
  RegistrationUse use = world.at(0, kMiB);
  const Status late =
      world.cache->forget(world.memory.data(), world.memory.bytes(), Deadline::after(std::chrono::nanoseconds(0)));
  EXPECT_EQ(late.code(), Code::kTimeout);
  EXPECT_NE(late.message().find("1 use"), std::string_view::npos) << late.message();
  world.at(0, kMiB);
  EXPECT_EQ(world.cache->forget(world.memory.data() + 1, world.memory.bytes() - 1, test::soon()).code(),
            Code::kInvalidArgument);
  std::thread forgetting([&] { world.forget(); });
  use.reset();
  forgetting.join();
  EXPECT_EQ(world.registrar->live_bytes(), 0U);
  EXPECT_EQ(world.acquire(world.memory.data(), kMiB).status().code(), Code::kNotFound);
  EXPECT_EQ(world.cache->forget(world.memory.data(), world.memory.bytes(), test::soon()).code(), Code::kNotFound);
}

TEST(RegistrationCacheTest, whoeverComesWhileARangeIsRegisteredWaitsForIt) {
  const RegistrationWorld world;
  world.adopt();
  world.registrar->registering().hold();
  std::thread first([&] { world.at(0, 2 * kMiB); });
  world.registrar->registering().wait_entered();
  std::thread second([&] { world.at(kMiB, kMiB); });
  world.registrar->registering().let_go();
  first.join();
  second.join();
  EXPECT_EQ(world.registrar->registrations(), 1U);
}

TEST(RegistrationCacheTest, aNameCountsAsLongAsItsRegistration) {
  const RegistrationWorld world;
  world.adopt();
  RegistrationUse use = world.at(0, kMiB);
  RegistrationName name = use.pieces()[0].name;
  EXPECT_TRUE(world.cache->check(name).ok());
  name.number += 1;
  EXPECT_EQ(world.cache->check(name).code(), Code::kState);
  name = use.pieces()[0].name;
  name.memory += 1;
  EXPECT_EQ(world.cache->check(name).code(), Code::kNotFound);
  name = use.pieces()[0].name;
  use.reset();
  world.forget();
  EXPECT_EQ(world.cache->check(name).code(), Code::kNotFound);
}

// Method: the nth registration fails, for each n, while a story runs that meets windows, neighbours, limits and cuts.
TEST(RegistrationCacheTest, aFailureOfAnyCallLosesNothingAndLeavesNothing) {
  bool reached = true;
  for (uint64_t nth = 1; reached; ++nth) {
    RegistrationCacheOptions options = RegistrationWorld::exact();
    options.window_bytes = kMiB;
    options.merged_bytes = kGiB;
    options.most_registrations = 6;
    options.refusals = 0;
    const RegistrationWorld world(options);
    world.adopt();
    world.registrar->refuse_above(3 * kMiB / 2);
    world.registrar->fail(nth, nth % 2 == 0 ? Code::kNoMemory : Code::kDevice);
    for (int round = 0; round < 2; ++round) {
      for (uint64_t step = 0; step < 12; ++step) {
        Result<RegistrationUse> use = world.acquire(world.memory.data() + step * 600 * kKiB, (step % 3) * kMiB + 1);
        if (!use.ok()) continue;
        world.begin(*use);
        world.end(*use);
      }
    }
    reached = world.registrar->calls() >= nth;
    world.registrar->forgive();
    const RegistrationUse whole = world.at(0, RegistrationWorld::kMemoryBytes);
    world.begin(whole);
    world.end(whole);
  }
}

}  // namespace
}  // namespace windlass
