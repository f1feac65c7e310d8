#include "transport/tcp/lane_pool.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <optional>
#include <thread>
#include <vector>

#include "fake/fake_lane_volume.hpp"
#include "fake/fake_socket_calls.hpp"
#include "support/soon.hpp"

namespace windlass {
namespace {

using fake::FakeLaneVolume;
using fake::FakeSocketCalls;

using test::soon;

TEST(LanePoolTest, lanesAreOpenedWhenTheyAreNeededAndKept) {
  FakeLaneVolume volume;
  FakeSocketCalls calls;
  LanePool pool(volume.route(), 3, calls);
  EXPECT_EQ(calls.count("connect"), 0U);
  {
    const Result<LanePool::Loan> loan = pool.borrow(2, soon());
    ASSERT_EQ(loan->lanes().size(), 2U);
    const Result<LanePool::Loan> further = pool.borrow(2, soon());
    ASSERT_EQ(further->lanes().size(), 1U);
  }
  EXPECT_EQ(pool.borrow(3, soon())->lanes().size(), 3U);
  EXPECT_EQ(calls.count("connect"), 3U);
  EXPECT_EQ(pool.borrow(100, soon())->lanes().size(), 3U);
}

TEST(LanePoolTest, whoeverFindsNoneWaitsForOne) {
  FakeLaneVolume volume;
  LanePool pool(volume.route(), 1, SocketCalls::system());
  std::optional<Result<LanePool::Loan>> loan(pool.borrow(1, soon()));
  ASSERT_TRUE(loan->ok());
  EXPECT_EQ(pool.borrow(1, Deadline::after(std::chrono::milliseconds(10))).status().code(), Code::kTimeout);
  std::thread waiter([&] { EXPECT_TRUE(pool.borrow(1, soon()).ok()); });
  loan.reset();
  waiter.join();
}

TEST(LanePoolTest, aLaneThatTheVolumeClosedIsMadeAnew) {
  FakeLaneVolume volume;
  FakeSocketCalls calls;
  LanePool pool(volume.route(), 1, calls);
  int descriptor = -1;
  {
    const Result<LanePool::Loan> loan = pool.borrow(1, soon());
    descriptor = loan->lanes().front()->descriptor();
  }
  volume.close_lanes();
  pollfd asked{descriptor, POLLIN, 0};
  ASSERT_EQ(poll(&asked, 1, 30'000), 1);
  EXPECT_TRUE(pool.borrow(1, soon()).ok());
  EXPECT_EQ(calls.count("connect"), 2U);
}

TEST(LanePoolTest, fewerLanesDoIfNoFurtherCanBeOpened) {
  FakeLaneVolume volume;
  FakeSocketCalls calls;
  LanePool pool(volume.route(), 4, calls);
  calls.fail_nth("socket", 2, EMFILE);
  EXPECT_EQ(pool.borrow(4, soon())->lanes().size(), 1U);
  EXPECT_EQ(pool.borrow(4, soon())->lanes().size(), 4U);
}

TEST(LanePoolTest, aVolumeThatIsGoneIsUnavailableAndNoLaneIsLost) {
  std::optional<FakeLaneVolume> volume(std::in_place);
  LanePool pool(volume->route(), 2, SocketCalls::system());
  volume.reset();
  for (int round = 0; round < 5; ++round) {
    EXPECT_EQ(pool.borrow(2, soon()).status().code(), Code::kUnavailable);
  }
}

}  // namespace
}  // namespace windlass
