#include "volume/door.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "volume/control_hub.hpp"
#include "volume/volume_world.hpp"

// What a door does with clients is tested in volume_server_test.cpp.

namespace windlass {
namespace {

TEST(DoorTest, placesAreCountedAndGivenBack) {
  test::TemporaryDirectory directory;
  const auto volume = *Volume::open(test::VolumeWorld::small());
  const auto hub = *ControlHub::open(volume, nullptr);
  ListenOptions options;
  options.most_clients = 2;
  Result<Listener> listener = Listener::open(*parse_address(text("shm://", directory.path(), "/door.sock")));
  ASSERT_TRUE(listener.ok());
  Door door(*hub, *std::move(listener), options);
  EXPECT_TRUE(door.is_unix());
  EXPECT_TRUE(door.take_place().ok());
  EXPECT_TRUE(door.take_place().ok());
  EXPECT_EQ(door.take_place().code(), Code::kUnavailable);
  door.give_place();
  EXPECT_TRUE(door.take_place().ok());
}

}  // namespace
}  // namespace windlass
