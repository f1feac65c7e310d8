#include "volume/volume.hpp"

#include <gtest/gtest.h>

#include "transport/shm/shm_transport.hpp"
#include "volume/session_calls.hpp"

namespace windlass {
namespace {

using namespace test;

TEST(VolumeTest, aFreshVolumeIsEmpty) {
  const auto volume = opened_volume({.limit_bytes = 64 * kMiB});
  const VolumeInfo info = volume->info();
  EXPECT_EQ(info.limit_bytes, 64 * kMiB);
  EXPECT_EQ(info.held_bytes, 0U);
  EXPECT_EQ(info.sessions, 0U);
  EXPECT_NE(info.nonce, 0U);
  EXPECT_EQ(info.nonce, volume->nonce());
  EXPECT_NE(volume->nonce(), opened_volume({.limit_bytes = 64 * kMiB})->nonce());
}

TEST(VolumeTest, memoryIsPreparedBeforeTheFirstPut) {
  const auto volume = opened_volume({.limit_bytes = 64 * kMiB, .segment_bytes = 8 * kMiB, .prepared_bytes = 20 * kMiB});
  EXPECT_EQ(volume->info().held_bytes, 20 * kMiB);
  EXPECT_EQ(volume->info().segments, 3U);
  const auto session = opened_session(*volume);
  const std::vector<uint64_t> sizes{8 * kMiB, 4 * kMiB};
  const auto slots = session->try_prepare(sizes);
  ASSERT_TRUE(slots.ok());
  EXPECT_TRUE(slots->has_value()) << "no fresh pages are needed";
}

TEST(VolumeTest, optionsThatMakeNoSenseAreRefused) {
  EXPECT_EQ(Volume::open({.limit_bytes = kMiB}).status().code(), Code::kInvalidArgument);
  EXPECT_EQ(Volume::open({.limit_bytes = UINT64_MAX}).status().code(), Code::kInvalidArgument);
  EXPECT_EQ(Volume::open({.limit_bytes = 4 * kMiB, .segment_bytes = 8 * kMiB}).status().code(), Code::kInvalidArgument);
  EXPECT_EQ(Volume::open({.limit_bytes = 4 * kMiB, .prepared_bytes = 8 * kMiB}).status().code(),
            Code::kInvalidArgument);
  EXPECT_EQ(Volume::open({.eviction = static_cast<Eviction>(7)}).status().code(), Code::kInvalidArgument);
  EXPECT_EQ(Volume::open({.worker_threads = 100000}).status().code(), Code::kInvalidArgument);
}

TEST(VolumeTest, theDefaultLimitIsWhatTheMachineCanGive) {
  const auto volume = opened_volume({});
  EXPECT_GT(volume->info().limit_bytes, 0U);
  EXPECT_EQ(volume->info().held_bytes, 0U);
}

TEST(VolumeTest, aClosedVolumeAnswersUnavailable) {
  auto volume = opened_volume({.limit_bytes = 64 * kMiB});
  const auto session = opened_session(*volume);
  ASSERT_TRUE(put(*session, "k", 1000).ok());
  volume->close();
  volume->close();
  EXPECT_EQ(put(*session, "k", 1000).status().code(), Code::kUnavailable);
  EXPECT_EQ(get(*session, "k").status().code(), Code::kUnavailable);
  EXPECT_EQ(session->info(soon()).status().code(), Code::kUnavailable);
  EXPECT_EQ(session->keys({}, soon()).status().code(), Code::kUnavailable);
  EXPECT_EQ(session->segment_descriptor(1, MapFor::kReading, soon()).status().code(), Code::kUnavailable);
  EXPECT_EQ(volume->open_session({}).status().code(), Code::kUnavailable);
  EXPECT_EQ(volume->info().held_bytes, 0U);
  EXPECT_EQ(volume->info().entries, 0U);
}

TEST(VolumeTest, whatIsMappedOutlivesTheVolume) {
  auto volume = opened_volume({.limit_bytes = 64 * kMiB});
  const auto session = opened_session(*volume);
  ASSERT_TRUE(put(*session, "k", 100000, std::byte{7}).ok());
  const Result<Acquired> found = get(*session, "k");
  ASSERT_TRUE(found.ok());
  LocalTransport local(session);
  ShmTransport shm([&](uint64_t s, MapFor m, Deadline d) { return session->segment_descriptor(s, m, d); });
  const RemoteRange place = found->found[0].place;
  const auto near = local.map(place, MapFor::kReading, true, soon());
  const auto far = shm.map(place, MapFor::kReading, false, soon());
  Result<SlotHold> held = session->hold({&place, 1}, MapFor::kReading);
  ASSERT_TRUE(near.ok() && far.ok() && held.ok());
  volume.reset();
  EXPECT_EQ((*near)->address()[99999], std::byte{7});
  EXPECT_EQ((*far)->address()[99999], std::byte{7});
  EXPECT_EQ(held->parts()[0][99999], std::byte{7});
}

TEST(VolumeTest, sessionsAreCountedWhileTheyLive) {
  const auto volume = opened_volume({.limit_bytes = 64 * kMiB});
  auto first = opened_session(*volume);
  const auto second = opened_session(*volume);
  EXPECT_EQ(volume->info().sessions, 2U);
  first.reset();
  EXPECT_EQ(volume->info().sessions, 1U);
  second->end();
  EXPECT_EQ(volume->info().sessions, 0U);
  EXPECT_EQ(put(*second, "k", 1).status().code(), Code::kUnavailable);
}

}  // namespace
}  // namespace windlass
