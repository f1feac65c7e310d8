// A client's registrations, on a device.
#include "transport/rdma/rdma_client.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <thread>

#include "backup/host_backup.hpp"
#include "device/emulated/emulated_device.hpp"
#include "region/region.hpp"
#include "transport/rdma/rdma_world.hpp"

namespace windlass {
namespace {

using test::open_client;
using test::open_transport;
using test::pattern;
using test::RdmaVolume;
using test::soon;

constexpr uint64_t kRegionBytes = 8 * kMiB;

// A region of this process's, and a volume's segment as large.
struct RdmaClientWorld {
  RdmaClientWorld() { volume.add(1, kRegionBytes); }

  std::byte* data() const { return reinterpret_cast<std::byte*>(region->info().address); }
  Status put() const {
    const WriteMove out{data(), {1, 1, 0, kRegionBytes}};
    return transport->write({&out, 1}, soon());
  }
  Status get() const {
    const ReadMove in{data(), {1, 1, 0, kRegionBytes}};
    return transport->read({&in, 1}, soon());
  }

  RdmaVolume volume;
  std::shared_ptr<EmulatedDevice> device = EmulatedDevice::open({64 * kMiB, 1, false}).value();
  std::shared_ptr<Region> region =
      Region::open(device, kRegionBytes, std::make_unique<HostBackup>(HostBackupOptions{})).value();
  std::shared_ptr<RdmaClient> client = open_client();
  std::unique_ptr<Transport> transport = open_transport(volume, *client);
};

TEST(RdmaClientTest, aRegionsPagesAreRegisteredOnceHoweverOftenTheyMove) {
  NEEDS_RDMA();
  const RdmaClientWorld world;
  const std::vector<std::byte> value = pattern(kRegionBytes, 1);
  std::memcpy(world.data(), value.data(), value.size());
  for (int round = 0; round < 3; ++round) {
    const Status put = world.put();
    ASSERT_TRUE(put.ok()) << put.to_string();
  }
  const Status got = world.get();
  ASSERT_TRUE(got.ok()) << got.to_string();
  const RegistrationStatistics statistics = world.client->statistics();
  EXPECT_EQ(statistics.registrations, 1U);
  EXPECT_EQ(statistics.hits, 3U);
  EXPECT_EQ(statistics.saved_bytes, 3 * kRegionBytes);
  EXPECT_EQ(statistics.kept_bytes, kRegionBytes);
  EXPECT_EQ(statistics.used_bytes, 0U);
}

TEST(RdmaClientTest, theNextSessionFindsWhatTheOneBeforeRegistered) {
  NEEDS_RDMA();
  RdmaClientWorld world;
  ASSERT_TRUE(world.put().ok());
  world.transport = nullptr;
  world.transport = open_transport(world.volume, *world.client);
  ASSERT_TRUE(world.put().ok());
  EXPECT_EQ(world.client->statistics().registrations, 1U);
}

TEST(RdmaClientTest, aPausedRegionLeavesNothingRegisteredAndIsRefusedUntilItIsBack) {
  NEEDS_RDMA();
  const RdmaClientWorld world;
  const std::vector<std::byte> value = pattern(kRegionBytes, 2);
  std::memcpy(world.data(), value.data(), value.size());
  ASSERT_TRUE(world.put().ok());
  ASSERT_TRUE(world.region->pause().ok());
  EXPECT_EQ(world.client->statistics().kept, 0U);
  EXPECT_EQ(world.client->statistics().deregistrations, 1U);
  EXPECT_EQ(world.put().code(), Code::kState);
  ASSERT_TRUE(world.region->resume().ok());
  std::memset(world.data(), 0, kRegionBytes);
  const Status got = world.get();
  ASSERT_TRUE(got.ok()) << got.to_string();
  EXPECT_TRUE(std::equal(value.begin(), value.end(), world.data()));
  EXPECT_EQ(world.client->statistics().registrations, 2U);
}

TEST(RdmaClientTest, aPauseWaitsForTransfersAndLosesNothing) {
  NEEDS_RDMA();
  RdmaClientWorld world;
  const std::vector<std::byte> value = pattern(kRegionBytes, 3);
  std::memcpy(world.data(), value.data(), value.size());
  std::thread putting([&] {
    for (int round = 0; round < 4; ++round) {
      const Status put = world.put();
      EXPECT_TRUE(put.ok() || put.code() == Code::kState) << put.to_string();
    }
  });
  for (int round = 0; round < 4; ++round) {
    const auto paused = world.region->pause();
    // Refused where transfers do not end in time.
    if (!paused.ok()) continue;
    EXPECT_EQ(world.client->statistics().used_bytes, 0U);
    ASSERT_TRUE(world.region->resume().ok());
  }
  putting.join();
  EXPECT_TRUE(std::equal(value.begin(), value.end(), world.data()));
  ASSERT_TRUE(world.put().ok());
  EXPECT_TRUE(std::equal(value.begin(), value.end(), world.volume.segment(1).begin()));
}

TEST(RdmaClientTest, whatItLendsIsReadyAndGivenUpWithIt) {
  NEEDS_RDMA();
  RdmaVolume volume;
  volume.add(1, kMiB);
  const std::shared_ptr<RdmaClient> client = open_client();
  const std::unique_ptr<Transport> transport = open_transport(volume, *client);
  {
    const auto lent = client->lend(kMiB);
    ASSERT_TRUE(lent.ok()) << lent.status().to_string();
    EXPECT_EQ(client->statistics().registrations, 1U);
    const std::vector<std::byte> value = pattern(kMiB, 6);
    std::memcpy((*lent)->address(), value.data(), value.size());
    const WriteMove out{(*lent)->address(), {1, 1, 0, kMiB}};
    ASSERT_TRUE(transport->write({&out, 1}, soon()).ok());
    ASSERT_TRUE(transport->write({&out, 1}, soon()).ok());
    EXPECT_EQ(value, volume.segment(1));
    EXPECT_EQ(client->statistics().registrations, 1U);
    EXPECT_EQ(client->statistics().hits, 2U);
  }
  EXPECT_EQ(client->statistics().kept, 0U);
  EXPECT_EQ(client->statistics().deregistrations, 1U);
}

TEST(RdmaClientTest, whichMemoryIsKeptReadyIsKnown) {
  NEEDS_RDMA();
  const RdmaClientWorld world;
  const std::vector<std::byte> other(kMiB);
  EXPECT_TRUE(world.client->keeps_ready(world.data(), kMiB));
  EXPECT_FALSE(world.client->keeps_ready(other.data(), other.size()));
  EXPECT_TRUE(world.client->keeps_ready(other.data(), 100)) << "it is copied all the same";
}

TEST(RdmaClientTest, otherMemoryIsRegisteredForAsLongAsItMoves) {
  NEEDS_RDMA();
  RdmaVolume volume;
  volume.add(1, kMiB);
  const std::shared_ptr<RdmaClient> client = open_client();
  const std::unique_ptr<Transport> transport = open_transport(volume, *client);
  const std::vector<std::byte> value = pattern(kMiB, 4);
  const WriteMove out{value.data(), {1, 1, 0, kMiB}};
  ASSERT_TRUE(transport->write({&out, 1}, soon()).ok());
  ASSERT_TRUE(transport->write({&out, 1}, soon()).ok());
  EXPECT_EQ(client->statistics().registrations, 2U);
  EXPECT_EQ(client->statistics().deregistrations, 2U);
}

TEST(RdmaClientTest, twoThatMovePartsOfTheSameMemoryDoNotStandInEachOthersWay) {
  NEEDS_RDMA();
  RdmaVolume volume;
  volume.add(1, 4 * kMiB);
  const std::shared_ptr<RdmaClient> client = open_client();
  const std::unique_ptr<Transport> transport = open_transport(volume, *client);
  const std::vector<std::byte> value = pattern(2 * kMiB, 5);
  std::vector<std::thread> threads;
  for (uint64_t thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&, thread] {
      const uint64_t first = thread * 200'000;
      for (int round = 0; round < 5; ++round) {
        const WriteMove out{value.data() + first, {1, 1, thread * kMiB, kMiB}};
        const Status put = transport->write({&out, 1}, soon());
        EXPECT_TRUE(put.ok()) << put.to_string();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (uint64_t thread = 0; thread < 4; ++thread) {
    const std::byte* const from = value.data() + thread * 200'000;
    EXPECT_TRUE(std::equal(from, from + kMiB, volume.segment(1).data() + thread * kMiB)) << thread;
  }
}

TEST(RdmaClientTest, memoryThatIsNotThereIsAnError) {
  NEEDS_RDMA();
  RdmaVolume volume;
  volume.add(1, kMiB);
  const std::unique_ptr<Transport> transport = open_transport(volume);
  const WriteMove out{reinterpret_cast<const std::byte*>(uint64_t{4096}), {1, 1, 0, kMiB}};
  EXPECT_EQ(transport->write({&out, 1}, soon()).code(), Code::kInvalidArgument);
}

}  // namespace
}  // namespace windlass
