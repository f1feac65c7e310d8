#include "volume/control_hub.hpp"

#include <gtest/gtest.h>

#include <future>

#include "volume/volume_world.hpp"

namespace windlass {
namespace {

using test::soon;

TEST(ControlHubTest, workRunsInOrderAndNotAfterTheEnd) {
  const auto volume = *Volume::open(test::VolumeWorld::small());
  const auto hub = *ControlHub::open(volume, nullptr);
  std::vector<int> order;
  std::promise<void> done;
  for (int at = 0; at < 10; ++at) {
    ASSERT_TRUE(hub->run_later([&order, at] { order.push_back(at); }).ok());
  }
  ASSERT_TRUE(hub->run_later([&done] { done.set_value(); }).ok());
  done.get_future().wait();
  EXPECT_EQ(order, (std::vector<int>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}));
  hub->close();
  EXPECT_EQ(hub->run_later([] {}).code(), Code::kState);
}

TEST(ControlHubTest, aSessionWithoutSlotsIsNoOrphan) {
  const auto volume = *Volume::open(test::VolumeWorld::small());
  const auto hub = *ControlHub::open(volume, nullptr);
  std::promise<void> done;
  hub->loop().post([&] {
    const uint64_t idle = hub->sessions().add(*volume->open_session({.peer = "idle"}))->session;
    hub->end_session(idle, true, OwnedDescriptor(), "idle");
    const auto busy = *volume->open_session({.peer = "busy"});
    const uint64_t size = 100;
    EXPECT_TRUE(busy->prepare({&size, 1}, soon()).ok());
    hub->end_session(hub->sessions().add(busy)->session, true, OwnedDescriptor(), "busy");
    done.set_value();
  });
  done.get_future().wait();
  EXPECT_EQ(hub->counts().orphans, 1U);
  EXPECT_EQ(volume->info().orphaned_slots, 1U);
  hub->close();
  EXPECT_EQ(volume->info().orphaned_slots, 0U);
}

TEST(ControlHubTest, closingTwiceIsClosingOnce) {
  const auto volume = *Volume::open(test::VolumeWorld::small());
  const auto hub = *ControlHub::open(volume, nullptr);
  ASSERT_TRUE(hub->listen("tcp://127.0.0.1:0", {}).ok());
  hub->close();
  hub->close();
  EXPECT_EQ(hub->listen("tcp://127.0.0.1:0", {}).status().code(), Code::kState);
}

}  // namespace
}  // namespace windlass
