// A cache of registrations under many threads, and against a simple model of what it must answer.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <random>
#include <set>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "backup/no_backup.hpp"
#include "base/bytes.hpp"
#include "device/emulated/emulated_device.hpp"
#include "region/region.hpp"
#include "transport/registration_world.hpp"

namespace windlass {
namespace {

using test::RegistrationWorld;

constexpr size_t kThreads = 8;
constexpr uint64_t kStepBytes = 64 * kKiB;

RegistrationCacheOptions busy_options() {
  RegistrationCacheOptions options = RegistrationWorld::exact();
  options.window_bytes = 4 * kStepBytes;
  options.merged_bytes = 16 * kStepBytes;
  options.most_registrations = 8;
  options.most_bytes = 3 * kMiB;
  options.pause_timeout = std::chrono::minutes(1);
  return options;
}

struct RandomRange {
  uint64_t offset = 0;
  uint64_t bytes = 0;
};

RandomRange random_range(std::mt19937_64& random, uint64_t within) {
  RandomRange range;
  range.offset = random() % within;
  range.bytes = 1 + random() % std::min(within - range.offset, 3 * kStepBytes);
  return range;
}

// Uses what it gets, as a device does. Returns whether it got it.
bool use_some(const RegistrationWorld& world, std::mt19937_64& random, const std::byte* memory, uint64_t within) {
  const RandomRange range = random_range(random, within);
  Result<RegistrationUse> use = world.acquire(memory + range.offset, range.bytes, static_cast<uint32_t>(random() % 2));
  if (!use.ok()) {
    EXPECT_EQ(use.status().code(), Code::kState) << use.status().to_string();
    return false;
  }
  world.begin(*use);
  EXPECT_TRUE(random() % 8 != 0 || world.cache->statistics().kept > 0);
  world.end(*use);
  return true;
}

// Method: eight threads use two memories; meanwhile a region pauses and resumes, an arena is forgotten and adopted, and
// the registrar fails now and then for want of memory. The fake finds what must never be.
TEST(RegistrationCacheThreadsTest, eightThreadsUseWhatComesAndGoes) {
  const auto device = EmulatedDevice::open({64 * kMiB, 1, false}).value();
  const auto region = Region::open(device, 8 * kMiB, std::make_unique<NoBackup>()).value();
  auto* const pages = reinterpret_cast<const std::byte*>(region->info().address);
  {
    const RegistrationWorld world(busy_options());
    ASSERT_TRUE(world.cache->watch(device->allocations().find(region->info().address, 1).value()).ok());
    world.adopt();
    world.registrar->refuse_above(5 * kStepBytes);
    std::atomic<bool> is_over{false};
    std::atomic<uint64_t> used{0};
    std::vector<std::thread> threads;
    for (size_t thread = 0; thread < kThreads; ++thread) {
      threads.emplace_back([&, thread] {
        std::mt19937_64 random(thread);
        for (int turn = 0; turn < 300; ++turn) {
          used += use_some(world, random, world.memory.data(), RegistrationWorld::kMemoryBytes) ? 1U : 0U;
          used += use_some(world, random, pages, 8 * kMiB) ? 1U : 0U;
        }
      });
    }
    std::thread pausing([&] {
      while (!is_over) {
        EXPECT_TRUE(region->pause().ok());
        EXPECT_TRUE(region->resume().ok());
      }
    });
    for (std::thread& each : threads) each.join();
    is_over = true;
    pausing.join();
    EXPECT_GE(used, kThreads * 300) << "all of the arena at least, which is always there";
    EXPECT_EQ(world.cache->statistics().used_bytes, 0U);
    world.forget();
  }
}

TEST(RegistrationCacheThreadsTest, memoryThatIsRegisteredOnceIsFreeAfterItsLastUse) {
  const RegistrationWorld world(busy_options());
  std::vector<std::thread> threads;
  for (size_t thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&, thread] {
      // Two threads share a buffer.
      std::byte* const buffer = world.memory.data() + thread / 2 * kMiB;
      for (int turn = 0; turn < 200; ++turn) {
        Result<RegistrationUse> use = world.cache->acquire_once(world.registrar, buffer, kMiB, 0);
        ASSERT_TRUE(use.ok()) << use.status().to_string();
        world.begin(*use);
        world.end(*use);
      }
    });
  }
  for (std::thread& each : threads) each.join();
  EXPECT_EQ(world.registrar->live_bytes(), 0U);
}

TEST(RegistrationCacheThreadsTest, aDeviceAndAnArenaAreGivenUpWhileOthersUseThem) {
  const RegistrationWorld world(busy_options());
  world.adopt();
  std::atomic<bool> is_over{false};
  std::vector<std::thread> threads;
  for (size_t thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&, thread] {
      std::mt19937_64 random(thread);
      while (!is_over) {
        const RandomRange range = random_range(random, RegistrationWorld::kMemoryBytes);
        const Result<RegistrationUse> use = world.acquire(world.memory.data() + range.offset, range.bytes);
        const Code code = use.status().code();
        EXPECT_TRUE(code == Code::kOk || code == Code::kState || code == Code::kNotFound) << use.status().to_string();
      }
    });
  }
  for (int turn = 0; turn < 50; ++turn) {
    const Code device = world.cache->forget(*world.registrar, test::soon()).code();
    EXPECT_TRUE(device == Code::kOk || device == Code::kNotFound);
    world.forget();
    EXPECT_EQ(world.registrar->live_bytes(), 0U);
    world.adopt();
  }
  is_over = true;
  for (std::thread& each : threads) each.join();
}

// What a simple cache would do: which bytes are registered does not matter, but that those asked for are, that each
// piece is in its place, that names count as long as uses last, and that the figures add up.
class Model {
 public:
  explicit Model(uint64_t seed) : random_(seed), world_(options(random_)) {
    world_.adopt();
    if (random_() % 2 == 0) world_.registrar->refuse_above(2 * kStepBytes);
  }

  ~Model() { release_all(); }
  Model(const Model&) = delete;
  Model& operator=(const Model&) = delete;

  void step() {
    switch (random_() % 8) {
      case 0:
      case 1:
      case 2:
        return acquire();
      case 3:
      case 4:
        return release();
      case 5:
        world_.registrar->fail(1 + random_() % 3, random_() % 2 == 0 ? Code::kNoMemory : Code::kDevice);
        return acquire();
      case 6:
        return forget();
      default:
        check();
    }
  }

 private:
  struct Held {
    RegistrationUse use;
    RandomRange range;
  };

  static RegistrationCacheOptions options(std::mt19937_64& random) {
    RegistrationCacheOptions options = RegistrationWorld::exact();
    options.window_bytes = random() % 3 * kStepBytes;
    options.merged_bytes = random() % 3 * 8 * kStepBytes;
    options.most_registrations = 1 + random() % 16;
    options.refusals = random() % 4;
    return options;
  }

  void acquire() {
    const RandomRange range = random_range(random_, RegistrationWorld::kMemoryBytes);
    const uint64_t calls = world_.registrar->calls();
    Result<RegistrationUse> use = world_.acquire(world_.memory.data() + range.offset, range.bytes);
    if (!use.ok()) {
      const bool is_refusal = use.status().message().find("not tried again yet") != std::string_view::npos;
      EXPECT_TRUE(is_refusal || world_.registrar->calls() > calls) << use.status().to_string();
      return;
    }
    world_.begin(*use);
    const std::byte* at = world_.memory.data() + range.offset;
    for (const RegisteredPiece& piece : use->pieces()) {
      EXPECT_EQ(piece.data, at);
      at += piece.bytes;
    }
    EXPECT_EQ(at, world_.memory.data() + range.offset + range.bytes);
    held_.push_back({*std::move(use), range});
  }

  void release() {
    if (held_.empty()) return;
    std::swap(held_[random_() % held_.size()], held_.back());
    world_.end(held_.back().use);
    held_.pop_back();
  }

  void release_all() {
    while (!held_.empty()) release();
  }

  void forget() {
    if (random_() % 2 == 0) release_all();
    const Status outcome =
        world_.cache->forget(world_.memory.data(), world_.memory.bytes(), Deadline::after(std::chrono::nanoseconds(0)));
    EXPECT_EQ(outcome.code(), held_.empty() ? Code::kOk : Code::kTimeout);
    if (!outcome.ok()) return;
    EXPECT_EQ(world_.registrar->live_bytes(), 0U);
    world_.adopt();
  }

  void check() {
    std::set<uint64_t> used;
    uint64_t used_bytes = 0;
    for (const Held& each : held_) {
      for (const RegisteredPiece& piece : each.use.pieces()) {
        EXPECT_TRUE(world_.cache->check(piece.name).ok());
        EXPECT_TRUE(world_.registrar->is_live(piece.local_key));
        used.insert(piece.name.number);
        used_bytes += piece.bytes;
      }
    }
    world_.cache->end_waiting();
    const RegistrationStatistics now = world_.cache->statistics();
    EXPECT_GE(now.kept, used.size());
    EXPECT_EQ(now.used_bytes == 0, used_bytes == 0);
    EXPECT_EQ(now.registrations, world_.registrar->registrations());
    EXPECT_TRUE(now.kept_bytes <= world_.registrar->live_bytes());
  }

  std::mt19937_64 random_;
  RegistrationWorld world_;
  std::vector<Held> held_;
};

TEST(RegistrationCacheModelTest, aThousandStepsOfTwentySeedsDoWhatASimpleCacheWould) {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    SCOPED_TRACE(seed);
    Model model(seed);
    for (int step = 0; step < 1000; ++step) model.step();
  }
}

}  // namespace
}  // namespace windlass
