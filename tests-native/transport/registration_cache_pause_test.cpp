// What a cache of registrations promises to regions that pause: before pages go nothing of them is registered, and
// afterwards nothing from before counts.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "backup/host_backup.hpp"
#include "base/bytes.hpp"
#include "device/emulated/emulated_device.hpp"
#include "fake/fake_observer.hpp"
#include "region/region.hpp"
#include "transport/registration_world.hpp"

namespace windlass {
namespace {

using test::RegistrationWorld;

constexpr uint64_t kRegionBytes = 8 * kMiB;

class RegistrationPauseTest : public testing::Test {
 protected:
  explicit RegistrationPauseTest(const RegistrationCacheOptions& options = windows()) : world_(options) {
    EXPECT_TRUE(world_.cache->watch(record()).ok());
  }

  static RegistrationCacheOptions windows() {
    RegistrationCacheOptions options = RegistrationWorld::exact();
    options.window_bytes = 4 * kMiB;
    return options;
  }

  std::shared_ptr<AllocationRecord> record() const {
    return device_->allocations().find(region_->info().address, 1).value();
  }
  std::byte* data() const { return reinterpret_cast<std::byte*>(region_->info().address); }
  Result<RegistrationUse> acquire(uint64_t offset, uint64_t bytes) const {
    return world_.acquire(data() + offset, bytes);
  }

  std::shared_ptr<EmulatedDevice> device_ = EmulatedDevice::open({64 * kMiB, 1, false}).value();
  std::shared_ptr<Region> region_ =
      Region::open(device_, kRegionBytes, std::make_unique<HostBackup>(HostBackupOptions{})).value();
  RegistrationWorld world_;
};

TEST_F(RegistrationPauseTest, aPauseEndsAllRegistrationsAndTheNextUseRegistersAnew) {
  RegistrationName old;
  {
    const RegistrationUse use = acquire(0, 4096).value();
    old = use.pieces()[0].name;
    EXPECT_EQ(old.generation, 1U);
    EXPECT_TRUE(world_.cache->check(old).ok());
  }
  ASSERT_TRUE(region_->pause().ok());
  EXPECT_EQ(world_.registrar->live_bytes(), 0U);
  EXPECT_EQ(world_.cache->statistics().revocations, 1U);
  EXPECT_EQ(acquire(0, 4096).status().code(), Code::kState) << "there are no pages";
  EXPECT_EQ(world_.cache->check(old).code(), Code::kState);
  ASSERT_TRUE(region_->resume().ok());
  EXPECT_EQ(world_.registrar->live_bytes(), 0U) << "nobody has asked yet";
  const Status stale = world_.cache->check(old);
  EXPECT_EQ(stale.code(), Code::kState);
  EXPECT_NE(stale.message().find("generation 1"), std::string_view::npos) << stale.message();
  EXPECT_NE(stale.message().find("generation 2 now"), std::string_view::npos) << stale.message();
  const RegistrationUse again = acquire(0, 4096).value();
  EXPECT_EQ(again.pieces()[0].name.generation, 2U);
  EXPECT_TRUE(world_.cache->check(again.pieces()[0].name).ok());
}

TEST_F(RegistrationPauseTest, aPauseIsRefusedWhileARegistrationIsInUse) {
  RegistrationUse use = acquire(0, 4096).value();
  world_.begin(use);
  const Status refused = region_->pause().status();
  EXPECT_EQ(refused.code(), Code::kTimeout);
  EXPECT_NE(refused.message().find("1 use of its registrations"), std::string_view::npos) << refused.message();
  EXPECT_TRUE(world_.cache->check(use.pieces()[0].name).ok()) << "all is as it was";
  EXPECT_TRUE(acquire(4096, 4096).ok());
  world_.end(use);
  use.reset();
  EXPECT_TRUE(region_->pause().ok());
  EXPECT_EQ(world_.registrar->live_bytes(), 0U);
}

class PatientPauseTest : public RegistrationPauseTest {
 protected:
  PatientPauseTest() : RegistrationPauseTest(patient()) {}

  static RegistrationCacheOptions patient() {
    RegistrationCacheOptions options = windows();
    options.pause_timeout = std::chrono::minutes(1);
    return options;
  }
};

TEST_F(PatientPauseTest, aPauseWaitsForUsersToEndAndLetsNoNewOnesIn) {
  RegistrationUse use = acquire(0, 4096).value();
  const RegistrationName name = use.pieces()[0].name;
  world_.begin(use);
  std::thread pausing([&] { EXPECT_TRUE(region_->pause().ok()); });
  while (world_.cache->check(name).ok()) std::this_thread::yield();
  EXPECT_EQ(acquire(0, 4096).status().code(), Code::kState);
  EXPECT_EQ(acquire(6 * kMiB, 4096).status().code(), Code::kState);
  world_.end(use);
  use.reset();
  pausing.join();
  EXPECT_EQ(world_.registrar->live_bytes(), 0U);
}

TEST_F(PatientPauseTest, aPauseWaitsForWhatIsBeingRegistered) {
  world_.registrar->registering().hold();
  std::thread registering([&] {
    // Refused afterwards, or used before the pause.
    const Status outcome = acquire(0, 4096).status();
    EXPECT_TRUE(outcome.ok() || outcome.code() == Code::kState) << outcome.to_string();
  });
  world_.registrar->registering().wait_entered();
  std::thread pausing([&] { EXPECT_TRUE(region_->pause().ok()); });
  world_.registrar->registering().let_go();
  registering.join();
  pausing.join();
  EXPECT_EQ(world_.registrar->live_bytes(), 0U);
}

TEST_F(RegistrationPauseTest, whereAnotherRefusesThePauseRegistrationsAreRenewed) {
  const auto observer = std::make_shared<fake::FakeObserver>("another", nullptr);
  const auto second = std::make_shared<RegistrationWorld>(windows());
  // Told last first: the second cache agrees, and then the other one refuses.
  ASSERT_TRUE(region_->attach(observer).ok());
  ASSERT_TRUE(second->cache->watch(record()).ok());
  observer->refuse("it has its reasons");
  ASSERT_TRUE(second->acquire(data(), 4096).ok());
  EXPECT_FALSE(region_->pause().ok());
  EXPECT_EQ(second->registrar->live_bytes(), 0U);
  Result<RegistrationUse> renewed = second->acquire(data(), 4096);
  ASSERT_TRUE(renewed.ok()) << renewed.status().to_string();
  EXPECT_EQ(renewed->pieces()[0].name.generation, 1U);
  region_->detach(observer.get());
}

TEST_F(RegistrationPauseTest, whatFailedBeforeAPauseIsTriedAfterIt) {
  world_.registrar->fail(1, Code::kDevice, true);
  EXPECT_FALSE(acquire(0, 4096).ok());
  const uint64_t calls = world_.registrar->calls();
  EXPECT_FALSE(acquire(0, 4096).ok());
  EXPECT_EQ(world_.registrar->calls(), calls) << "it is remembered";
  world_.registrar->forgive();
  ASSERT_TRUE(region_->pause().ok());
  ASSERT_TRUE(region_->resume().ok());
  EXPECT_TRUE(acquire(0, 4096).ok());
}

TEST_F(RegistrationPauseTest, aRegionThatIsClosedLeavesNothingAndItsAddressesCanBeOthers) {
  ASSERT_TRUE(acquire(0, 4096).ok());
  std::byte* const before = data();
  region_ = nullptr;
  EXPECT_EQ(world_.registrar->live_bytes(), 0U);
  EXPECT_EQ(world_.acquire(before, 4096).status().code(), Code::kNotFound);
  region_ = Region::open(device_, kRegionBytes, std::make_unique<HostBackup>(HostBackupOptions{})).value();
  ASSERT_TRUE(world_.cache->watch(record()).ok());
  EXPECT_TRUE(acquire(0, 4096).ok());
}

// Method: the region is closed under a transfer, so that its registration outlives its pages; the fake says so.
TEST_F(RegistrationPauseTest, aRegionThatIsClosedInMidUseIsLetGoWithTheLastUse) {
  RegistrationUse use = acquire(0, 4096).value();
  ASSERT_TRUE(acquire(6 * kMiB, 4096).ok()) << "idle, and so ended in time";
  const RegistrationName name = use.pieces()[0].name;
  std::byte* const before = data();
  region_ = nullptr;
  EXPECT_EQ(world_.registrar->live().size(), 1U);
  EXPECT_EQ(world_.cache->check(name).code(), Code::kState);
  EXPECT_EQ(world_.acquire(before, 4096).status().code(), Code::kNotFound);
  region_ = Region::open(device_, kRegionBytes, std::make_unique<HostBackup>(HostBackupOptions{})).value();
  EXPECT_TRUE(world_.cache->watch(record()).ok()) << "though the addresses are the same";
  use.reset();
  world_.cache->end_waiting();
  EXPECT_EQ(world_.cache->statistics().kept, 0U);
  EXPECT_EQ(world_.cache->check(name).code(), Code::kNotFound);
  (void)world_.registrar->take_faults();
  EXPECT_TRUE(acquire(0, 4096).ok());
}

// Told after the cache that it was attached before.
class LookingObserver final : public PageObserver {
 public:
  explicit LookingObserver(std::shared_ptr<fake::FakeRegistrar> registrar) : registrar_(std::move(registrar)) {}

  std::string_view name() const noexcept override { return "who looks"; }
  Status before_release(const Pages& /*pages*/) override {
    EXPECT_EQ(registrar_->live_bytes(), 0U) << "nothing is registered when the next one is told";
    ++told_;
    return Status();
  }
  void after_return(const Pages& /*pages*/) noexcept override {}

  int told() const noexcept { return told_; }

 private:
  const std::shared_ptr<fake::FakeRegistrar> registrar_;
  std::atomic<int> told_ = 0;
};

TEST_F(RegistrationPauseTest, aPauseWaitsForACacheThatIsEnding) {
  RegistrationWorld second(windows());
  const auto looking = std::make_shared<LookingObserver>(second.registrar);
  ASSERT_TRUE(region_->attach(looking).ok());
  ASSERT_TRUE(second.cache->watch(record()).ok());
  ASSERT_TRUE(second.acquire(data(), 4096).ok());
  second.registrar->ending().hold();
  std::thread ending([&] { second.cache = nullptr; });
  second.registrar->ending().wait_entered();
  std::thread pausing([&] { EXPECT_TRUE(region_->pause().ok()); });
  for (int turn = 0; turn < 1000 && looking->told() == 0; ++turn) std::this_thread::yield();
  second.registrar->ending().let_go();
  ending.join();
  pausing.join();
  EXPECT_EQ(looking->told(), 1);
  region_->detach(looking.get());
}

TEST_F(RegistrationPauseTest, watchingTwiceIsOnceAndWhatIsNoMoreWatchedIsNotRegistered) {
  EXPECT_TRUE(world_.cache->watch(record()).ok());
  ASSERT_TRUE(acquire(0, 4096).ok());
  EXPECT_TRUE(world_.cache->unwatch(*record(), test::soon()).ok());
  EXPECT_EQ(world_.registrar->live_bytes(), 0U);
  EXPECT_EQ(acquire(0, 4096).status().code(), Code::kNotFound);
  EXPECT_EQ(world_.cache->unwatch(*record(), test::soon()).code(), Code::kNotFound);
  ASSERT_TRUE(region_->pause().ok());
  EXPECT_EQ(world_.cache->watch(record()).code(), Code::kState) << "paused";
  ASSERT_TRUE(region_->resume().ok());
  EXPECT_TRUE(world_.cache->watch(record()).ok());
  EXPECT_TRUE(acquire(0, 4096).ok());
}

TEST_F(RegistrationPauseTest, aCacheThatEndsFirstIsNotToldAnyMore) {
  ASSERT_TRUE(acquire(0, 4096).ok());
  world_.cache = nullptr;
  EXPECT_EQ(world_.registrar->live_bytes(), 0U);
  EXPECT_TRUE(region_->pause().ok());
  EXPECT_TRUE(region_->resume().ok());
}

}  // namespace
}  // namespace windlass
