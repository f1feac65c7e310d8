// What every region promises, on each device and with each backup: the bytes survive, and whatever fails, nothing is
// lost, nothing leaks, and the state is one of the two.

#include <gtest/gtest.h>

#include <cerrno>
#include <functional>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <tuple>
#include <vector>

#include "backup/backup_directory.hpp"
#include "backup/compressed_backup.hpp"
#include "backup/file_backup.hpp"
#include "backup/host_backup.hpp"
#include "backup/no_backup.hpp"
#include "backup/tiered_backup.hpp"
#include "base/bytes.hpp"
#include "device/cuda/cuda_device.hpp"
#include "device/emulated/emulated_device.hpp"
#include "fake/fake_cuda.hpp"
#include "fake/fake_device.hpp"
#include "fake/fake_file_calls.hpp"
#include "region/region.hpp"
#include "support/pattern.hpp"
#include "support/same_bytes.hpp"
#include "support/temporary_directory.hpp"

namespace windlass {
namespace {

constexpr uint64_t kDeviceBytes = 64 * kMiB;
constexpr uint64_t kChunkBytes = 2 * kMiB;

// Where backups get their room.
struct Places {
  std::shared_ptr<PagePool> pool;
  std::shared_ptr<BackupDirectory> directory;
  std::shared_ptr<ChunkWorkers> workers;
};

struct RegionBackup {
  const char* name;
  std::function<std::unique_ptr<Backup>(const Places& places)> open;
};
void PrintTo(const RegionBackup& each, std::ostream* out) { *out << each.name; }

std::unique_ptr<Backup> pageable(const Places& /*places*/) {
  return std::make_unique<HostBackup>(HostBackupOptions{.verify = true});
}
std::unique_ptr<Backup> in_file(const Places& places) {
  return std::make_unique<FileBackup>(places.directory, FileBackupOptions{});
}
std::unique_ptr<Backup> tiered(const Places& places) {
  std::vector<Tier> tiers;
  tiers.push_back(
      {std::make_unique<HostBackup>(places.pool, HostBackupOptions{}), std::make_shared<TierBudget>(2 * kMiB)});
  tiers.push_back(
      {std::make_unique<HostBackup>(HostBackupOptions{.verify = true}), std::make_shared<TierBudget>(2 * kMiB)});
  tiers.push_back({in_file(places), nullptr});
  return TieredBackup::open(std::move(tiers)).value();
}

std::vector<RegionBackup> region_backups() {
  return {
      {"none", [](const Places&) -> std::unique_ptr<Backup> { return std::make_unique<NoBackup>(); }},
      {"pinned",
       [](const Places& places) -> std::unique_ptr<Backup> {
         return std::make_unique<HostBackup>(places.pool, HostBackupOptions{});
       }},
      {"pageable", pageable},
      {"file", in_file},
      {"compressed",
       [](const Places& places) -> std::unique_ptr<Backup> {
         return std::make_unique<CompressedBackup>(pageable(places), places.workers, CompressedBackupOptions{});
       }},
      {"compressedInFile",
       [](const Places& places) -> std::unique_ptr<Backup> {
         return std::make_unique<CompressedBackup>(in_file(places), places.workers, CompressedBackupOptions{});
       }},
      {"tiered", tiered},
      {"pageableRetained",
       [](const Places&) -> std::unique_ptr<Backup> {
         return std::make_unique<HostBackup>(HostBackupOptions{.retain = true});
       }},
  };
}

// A device, and how to make its n-th call fail.
class World {
 public:
  virtual ~World() = default;
  virtual std::shared_ptr<Device> device() = 0;
  virtual void fail_at(uint64_t step) = 0;
  virtual bool failed() = 0;
  virtual void forgive() = 0;
  virtual bool can_fail() const { return true; }
};

class EmulatedWorld final : public World {
 public:
  std::shared_ptr<Device> device() override { return fake_; }
  void fail_at(uint64_t step) override { fake_->fail_at(step); }
  bool failed() override { return fake_->failed(); }
  void forgive() override { fake_->forgive(); }

 private:
  std::shared_ptr<fake::FakeDevice> fake_ =
      std::make_shared<fake::FakeDevice>(EmulatedDevice::open({kDeviceBytes, 2}).value());
};

class CudaWorld final : public World {
 public:
  CudaWorld() {
    if (fake::cuda_is_fake()) fake_.emplace().set_gpus(1, kDeviceBytes);
    CudaDeviceOptions options;
    options.driver = CudaDriver::load(fake::cuda_library()).value();
    options.worker_threads = 2;
    if (fake_.has_value()) options.staging = {2 * kMiB, 3};  // what a small device needs
    device_ = CudaDevice::open(options).value();
  }
  ~CudaWorld() override {
    device_ = nullptr;
    if (!fake_.has_value()) return;
    EXPECT_EQ(fake_->violations(), "");
    EXPECT_EQ(fake::leftovers(fake_->live()), "");
  }
  std::shared_ptr<Device> device() override { return device_; }
  void fail_at(uint64_t step) override { fake_->fail(nullptr, step, cuda::Code::kUnknown); }
  bool failed() override { return fake_->failed(); }
  void forgive() override { fake_->forgive(); }
  bool can_fail() const override { return fake_.has_value(); }

 private:
  std::optional<fake::FakeCuda> fake_;  // none over a real driver
  std::shared_ptr<CudaDevice> device_;
};

struct WorldCase {
  const char* name;
  std::function<std::unique_ptr<World>()> open;
};
void PrintTo(const WorldCase& each, std::ostream* out) { *out << each.name; }

class RegionContract : public testing::TestWithParam<std::tuple<WorldCase, RegionBackup>> {
 protected:
  static const RegionBackup& backup_case() { return std::get<1>(GetParam()); }
  static bool keeps_bytes() { return std::string(backup_case().name) != "none"; }

  std::shared_ptr<Region> open(uint64_t size_bytes) {
    return Region::open(world_->device(), size_bytes, backup_case().open(places_), {.chunk_bytes = kChunkBytes})
        .value();
  }
  static void fill(Region& region, const std::vector<std::byte>& bytes) {
    ASSERT_TRUE(region.write(0, bytes.data(), bytes.size()).ok());
  }
  static std::vector<std::byte> content(Region& region) {
    std::vector<std::byte> bytes(region.info().size_bytes);
    EXPECT_TRUE(region.read(0, bytes.data(), bytes.size()).ok());
    return bytes;
  }
  uint64_t used() { return world_->device()->memory().value().used_bytes; }

  // Half of it like weights, which shrink, and half noise, which does not.
  static std::vector<std::byte> image(uint64_t size_bytes, uint64_t seed) {
    std::vector<std::byte> bytes = test::pattern(size_bytes, seed);
    for (uint64_t at = 1; at < size_bytes / 2; at += 2) bytes[at] = std::byte{0x3C} | (bytes[at] & std::byte{3});
    return bytes;
  }

  // Fails step after step of a cycle, by arm, until a cycle goes through without reaching it.
  template <typename Arm, typename Fired, typename Forgive>
  void sweep(uint64_t size_bytes, Arm&& arm, Fired&& fired, Forgive&& forgive);

  test::TemporaryDirectory folder_;
  fake::FakeFileCalls calls_;
  std::unique_ptr<World> world_ = std::get<0>(GetParam()).open();
  Places places_ = {
      PagePool::open({kDeviceBytes, 2}).value(),
      BackupDirectory::open(folder_.path(), {.queue_depth = 2, .engine = IoEngine::kThreads, .calls = &calls_}).value(),
      ChunkWorkers::open({.thread_count = 2}).value()};
};

TEST_P(RegionContract, threeCyclesKeepEveryByteAtOddSizes) {
  for (const uint64_t size_bytes : {uint64_t{1}, uint64_t{4096}, 2 * kMiB, 2 * kMiB + 1, 13 * kMiB + 4321}) {
    const auto region = open(size_bytes);
    const uint64_t address = region->info().address;
    for (uint64_t cycle = 1; cycle <= 3; ++cycle) {
      const auto bytes = image(size_bytes, size_bytes + cycle);
      fill(*region, bytes);
      Result<PauseReport> paused = region->pause();
      ASSERT_TRUE(paused.ok()) << paused.status().message();
      EXPECT_EQ(paused->saved_bytes, keeps_bytes() ? size_bytes : 0);
      EXPECT_EQ(used(), 0U);
      if (keeps_bytes()) {
        std::vector<std::byte> seen(size_bytes);
        ASSERT_TRUE(region->read_backup(0, seen.data(), size_bytes).ok());
        EXPECT_TRUE(test::same_bytes(seen, bytes)) << "what the backup shows";
      }
      Result<ResumeReport> resumed = region->resume();
      ASSERT_TRUE(resumed.ok()) << resumed.status().message();
      EXPECT_EQ(region->info().address, address);
      EXPECT_EQ(region->info().content_defined, keeps_bytes());
      if (keeps_bytes()) {
        EXPECT_TRUE(test::same_bytes(content(*region), bytes)) << size_bytes << " bytes, cycle " << cycle;
      }
    }
  }
  EXPECT_EQ(folder_.names_ending(".backup").size(), 0U);
}

TEST_P(RegionContract, aRegionMayEndInEitherStateAndLeavesNothing) {
  open(5 * kMiB);
  auto region = open(5 * kMiB);
  ASSERT_TRUE(region->pause().ok());
  region = nullptr;
  EXPECT_EQ(used(), 0U);
  EXPECT_EQ(places_.pool->info().lent_bytes, 0U);
  EXPECT_EQ(folder_.names_ending(".backup").size(), 0U);
}

template <typename Arm, typename Fired, typename Forgive>
void RegionContract::sweep(uint64_t size_bytes, Arm&& arm, Fired&& fired, Forgive&& forgive) {
  const auto bytes = image(size_bytes, 7);
  for (uint64_t step = 1;; ++step) {
    ASSERT_LT(step, 1000U);
    auto region = open(size_bytes);
    const uint64_t address = region->info().address;
    fill(*region, bytes);
    arm(step);
    Result<PauseReport> paused = region->pause();
    Status resumed;
    if (paused.ok()) resumed = region->resume().status();
    const bool reached = fired();
    forgive();
    ASSERT_TRUE(reached || (paused.ok() && resumed.ok())) << paused.status().message() << resumed.message();
    if (region->info().state == RegionState::kPaused) {
      Result<ResumeReport> again = region->resume();
      ASSERT_TRUE(again.ok()) << "step " << step << ": " << again.status().message();
    }
    EXPECT_EQ(region->info().address, address);
    const bool undefined = !region->info().content_defined;
    ASSERT_TRUE(test::same_bytes(content(*region), bytes) || (!keeps_bytes() && undefined)) << "step " << step;
    // The next cycle is as if nothing had been.
    ASSERT_TRUE(region->pause().ok()) << "step " << step;
    EXPECT_EQ(used(), 0U);
    ASSERT_TRUE(region->resume().ok()) << "step " << step;
    ASSERT_TRUE(test::same_bytes(content(*region), bytes) || !keeps_bytes()) << "step " << step;
    region = nullptr;
    EXPECT_EQ(used(), 0U);
    EXPECT_EQ(places_.pool->info().lent_bytes, 0U);
    EXPECT_EQ(folder_.names_ending(".backup").size(), 0U);
    if (!reached) return;
  }
}

TEST_P(RegionContract, aFailureOfAnyDeviceCallInACycleLosesNothing) {
  if (!world_->can_fail()) GTEST_SKIP() << "SKIPPED: this device does not fail on demand";
  sweep(
      5 * kMiB + 77, [&](uint64_t step) { world_->fail_at(step); }, [&] { return world_->failed(); },
      [&] { world_->forgive(); });
}

TEST_P(RegionContract, aFailureOfAnyFileCallInACycleLosesNothing) {
  sweep(
      5 * kMiB + 77, [&](uint64_t step) { calls_.fail_at(step, EIO); }, [&] { return calls_.failed(); },
      [&] { calls_.forgive(); });
}

TEST_P(RegionContract, aFullDiskLeavesTheRegionActiveAndSaysWhatIsMissing) {
  const auto bytes = image(9 * kMiB, 8);
  const auto region = open(9 * kMiB);
  fill(*region, bytes);
  calls_.fail_always("allocate", ENOSPC);
  Result<PauseReport> paused = region->pause();
  calls_.forgive();
  if (paused.ok()) return;  // it needs no disk
  EXPECT_EQ(paused.status().code(), Code::kNoSpace);
  EXPECT_NE(paused.status().message().find("are free"), std::string_view::npos) << paused.status().message();
  EXPECT_EQ(region->info().state, RegionState::kActive);
  EXPECT_TRUE(test::same_bytes(content(*region), bytes));
  ASSERT_TRUE(region->pause().ok()) << "once there is room";
  ASSERT_TRUE(region->resume().ok());
  EXPECT_TRUE(test::same_bytes(content(*region), bytes));
}

INSTANTIATE_TEST_SUITE_P(
    Regions, RegionContract,
    testing::Combine(
        testing::Values(WorldCase{"emulated", [] { return std::unique_ptr<World>(std::make_unique<EmulatedWorld>()); }},
                        WorldCase{"cuda", [] { return std::unique_ptr<World>(std::make_unique<CudaWorld>()); }}),
        testing::ValuesIn(region_backups())),
    [](const auto& param_info) {
      return std::string(std::get<0>(param_info.param).name) + "_" + std::get<1>(param_info.param).name;
    });

}  // namespace
}  // namespace windlass
