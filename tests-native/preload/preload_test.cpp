#include "preload/preload.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <cstring>
#include <memory>
#include <thread>
#include <vector>

#include "base/bytes.hpp"
#include "base/contain.hpp"
#include "device/emulated/emulated_device.hpp"
#include "fake/fake_device.hpp"
#include "support/allocation_failure.hpp"
#include "support/pattern.hpp"

namespace windlass {
namespace {

constexpr uint64_t kSizeBytes = 2 * kMiB + 77;

class PreloadTest : public testing::Test {
 protected:
  DeviceForOrdinal opener() {
    return [this](int ordinal) -> Result<std::shared_ptr<Device>> {
      ++opened_;
      if (ordinal > 1) return Status::error(Code::kNotFound, "no such device");
      return std::static_pointer_cast<Device>(EmulatedDevice::open({32 * kMiB, 1}).value());
    };
  }
  static ScopeRequest request(const char* tag) {
    ScopeRequest made;
    made.tag = tag;
    return made;
  }

  std::atomic<int> opened_ = 0;
  Preload preload_{PreloadConfiguration{}, opener()};
};

TEST_F(PreloadTest, anAllocationIsFoundAgainByItsStartOnly) {
  const uint64_t address = preload_.allocate(kSizeBytes, 0).value();
  EXPECT_FALSE(preload_.release(address + 1).has_value());
  EXPECT_FALSE(preload_.release(0).has_value());
  const auto closed = preload_.release(address);
  ASSERT_TRUE(closed.has_value());
  EXPECT_TRUE(closed->ok());
  EXPECT_FALSE(preload_.release(address).has_value());
}

TEST_F(PreloadTest, aDeviceIsOpenedOnceAndAskedForAgainIfItFailed) {
  const uint64_t first = preload_.allocate(kSizeBytes, 0).value();
  const uint64_t second = preload_.allocate(kSizeBytes, 0).value();
  EXPECT_EQ(opened_, 1);
  EXPECT_EQ(preload_.allocate(kSizeBytes, 2).status().code(), Code::kNotFound);
  EXPECT_EQ(preload_.allocate(kSizeBytes, 2).status().code(), Code::kNotFound);
  EXPECT_EQ(opened_, 3);
  EXPECT_TRUE(preload_.release(first).has_value() && preload_.release(second).has_value());
}

TEST_F(PreloadTest, whatAScopeLeavesUnsaidIsAsInTheScopeAround) {
  EXPECT_FALSE(preload_.interposes());
  ScopeRequest said = request("weights");
  said.backup.kind = BackupKind::kPageable;
  said.backup.retain = true;
  const uint64_t outer = preload_.enter(said).value();
  EXPECT_TRUE(preload_.interposes());
  ScopeRequest inner_said;
  inner_said.backup.verify = true;
  const uint64_t inner = preload_.enter(inner_said).value();
  const uint64_t address = preload_.allocate(kSizeBytes, 0).value();
  ASSERT_TRUE(preload_.leave(inner).ok());
  ASSERT_TRUE(preload_.leave(outer).ok());
  EXPECT_FALSE(preload_.interposes());
  EXPECT_EQ(preload_.info("weights").regions, 1U);
  ASSERT_TRUE(preload_.pause({}, false).status.ok());
  ASSERT_TRUE(preload_.resume({}, false).status.ok());
  EXPECT_GE(preload_.info({}).backup_bytes, kSizeBytes) << "the outer scope says that it is retained";
  EXPECT_TRUE(preload_.release(address).has_value());
}

TEST_F(PreloadTest, aScopeThatCannotBeEnteredChangesNothing) {
  ScopeRequest wrong = request("weights");
  wrong.backup.kind = BackupKind::kFile;
  EXPECT_EQ(preload_.enter(wrong).status().code(), Code::kInvalidArgument);
  EXPECT_FALSE(preload_.interposes());
}

TEST_F(PreloadTest, theEnvironmentsScopeIsAroundAllOthers) {
  PreloadConfiguration configuration;
  configuration.makes_scope = true;
  configuration.tag = "around";
  configuration.backup.kind = BackupKind::kNone;
  Preload preload(configuration, opener());
  EXPECT_TRUE(preload.interposes());
  const uint64_t first = preload.allocate(kSizeBytes, 0).value();
  const uint64_t scope = preload.enter({}).value();
  const uint64_t second = preload.allocate(kSizeBytes, 0).value();
  ASSERT_TRUE(preload.leave(scope).ok());
  EXPECT_EQ(preload.info("around").regions, 2U);
  const auto paused = preload.pause("around", false);
  ASSERT_TRUE(paused.status.ok());
  EXPECT_EQ(paused.outcomes[0].report.saved_bytes + paused.outcomes[1].report.saved_bytes, 0U);
  EXPECT_TRUE(preload.release(first).has_value() && preload.release(second).has_value());
}

TEST_F(PreloadTest, aWrongConfigurationIsToldByAllAndInterposesNothing) {
  Preload preload(Status::error(Code::kInvalidArgument, "wrong"), opener());
  EXPECT_FALSE(preload.interposes());
  EXPECT_EQ(preload.configured().message(), "wrong");
  EXPECT_EQ(preload.enter({}).status().message(), "wrong");
  EXPECT_EQ(preload.leave(1).message(), "wrong");
  EXPECT_EQ(preload.allocate(kSizeBytes, 0).status().message(), "wrong");
  EXPECT_FALSE(preload.release(4096).has_value());
}

TEST_F(PreloadTest, failuresAreCountedAndTheLastIsKept) {
  EXPECT_EQ(preload_.failures(), 0U);
  preload_.note_failure(Status::error(Code::kNoMemory, "first"));
  preload_.note_failure(Status::error(Code::kNoMemory, "second"));
  EXPECT_EQ(preload_.failures(), 2U);
  EXPECT_EQ(preload_.last_failure().message(), "second");
}

TEST_F(PreloadTest, theMarginIsKeptFree) {
  preload_.set_margin(30 * kMiB);
  EXPECT_EQ(preload_.margin_bytes(), 30 * kMiB);
  EXPECT_EQ(preload_.allocate(kSizeBytes, 0).status().code(), Code::kNoMemory);
  preload_.set_margin(0);
  EXPECT_TRUE(preload_.release(preload_.allocate(kSizeBytes, 0).value())->ok());
}

TEST_F(PreloadTest, anAddressIsReleasedEvenIfItsDeviceFailsToDrain) {
  const auto device = std::make_shared<fake::FakeDevice>(EmulatedDevice::open({32 * kMiB, 1}).value());
  Preload preload(PreloadConfiguration{}, [&](int) -> Result<std::shared_ptr<Device>> { return {device}; });
  const uint64_t first = preload.allocate(kSizeBytes, 0).value();
  const uint64_t second = preload.allocate(kSizeBytes, 0).value();
  device->fail_always("drain");
  EXPECT_FALSE(preload.release(first)->ok());
  EXPECT_EQ(preload.info({}).regions, 1U);
  device->forgive();
  ASSERT_TRUE(preload.pause({}, false).status.ok());
  device->fail_always("drain");
  EXPECT_TRUE(preload.release(second)->ok()) << "a paused region has no work to wait for";
  EXPECT_EQ(device->memory()->used_bytes, 0U);
}

TEST_F(PreloadTest, withoutMemoryForItsRecordsAnAllocationLeavesNothing) {
  const uint64_t warm = preload_.allocate(kSizeBytes, 0).value();
  for (uint64_t nth = 1;; ++nth) {
    uint64_t address = 0;
    Status done;
    bool fired = false;
    {
      const test::FailAllocationAfter failing(nth);
      done = contain([&] {
        Result<uint64_t> allocated = preload_.allocate(kSizeBytes, 0);
        if (allocated.ok()) address = *allocated;
        return allocated.ok() ? Status() : allocated.status();
      });
      fired = failing.fired();
    }
    EXPECT_EQ(preload_.info({}).regions, done.ok() ? 2U : 1U) << "allocation " << nth;
    if (done.ok()) {
      EXPECT_TRUE(preload_.release(address).has_value());
    }
    if (!fired) break;
  }
  EXPECT_TRUE(preload_.release(warm).has_value());
}

TEST_F(PreloadTest, withoutMemoryForItsRecordsAScopeIsNotEntered) {
  ASSERT_TRUE(preload_.leave(preload_.enter({}).value()).ok());
  for (uint64_t nth = 1;; ++nth) {
    uint64_t scope = 0;
    Status done;
    bool fired = false;
    {
      const test::FailAllocationAfter failing(nth);
      done = contain([&] {
        Result<uint64_t> entered = preload_.enter(request("a tag that is too long to be kept in place"));
        if (entered.ok()) scope = *entered;
        return entered.ok() ? Status() : entered.status();
      });
      fired = failing.fired();
    }
    EXPECT_EQ(preload_.interposes(), done.ok()) << "allocation " << nth;
    if (done.ok()) {
      EXPECT_TRUE(preload_.leave(scope).ok());
    }
    if (!fired) break;
  }
  EXPECT_FALSE(preload_.interposes());
}

TEST_F(PreloadTest, manyThreadsAllocateAndReleaseTheirOwn) {
  std::atomic<bool> wrong = false;
  const auto churn = [&](uint64_t seed) {
    const auto bytes = test::pattern(4096, seed);
    for (int round = 0; round < 50; ++round) {
      Result<uint64_t> address = preload_.allocate(4096, static_cast<int>(seed % 2));
      if (!address.ok()) continue;  // others have the memory now
      auto* const memory = reinterpret_cast<std::byte*>(*address);
      std::memcpy(memory, bytes.data(), bytes.size());
      if (std::memcmp(memory, bytes.data(), bytes.size()) != 0) wrong = true;
      if (!preload_.release(*address).has_value()) wrong = true;
    }
  };
  std::vector<std::thread> threads;
  for (uint64_t seed = 0; seed < 4; ++seed) threads.emplace_back(churn, seed);
  for (std::thread& thread : threads) thread.join();
  EXPECT_FALSE(wrong);
  EXPECT_EQ(opened_, 2);
  EXPECT_EQ(preload_.info({}).regions, 0U);
}

}  // namespace
}  // namespace windlass
