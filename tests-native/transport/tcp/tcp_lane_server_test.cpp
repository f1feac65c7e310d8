#include "transport/tcp/tcp_lane_server.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <optional>
#include <thread>
#include <vector>

#include "fake/fake_lane_volume.hpp"
#include "fake/fake_socket_calls.hpp"
#include "fake/stream_pair.hpp"
#include "support/soon.hpp"

namespace windlass {
namespace {

using fake::FakeLaneVolume;
using fake::FakeSocketCalls;
using fake::StreamPair;

using test::soon;

void wait_until_open(FakeLaneVolume& volume, uint64_t lanes) {
  const Deadline deadline = soon();
  while (volume.server().counts().open != lanes && !deadline.expired()) std::this_thread::yield();
  EXPECT_EQ(volume.server().counts().open, lanes);
}

void expect_end(Stream& stream) {
  std::byte byte{};
  EXPECT_EQ(stream.receive_some(std::span(&byte, 1), soon()).status().code(), Code::kUnavailable);
}

TEST(TcpLaneServerTest, theEndOfASessionEndsItsLanesAndNoOthers) {
  FakeLaneVolume volume({.loops = 3});
  std::vector<StreamPair> ended(5);
  std::vector<StreamPair> kept(5);
  for (StreamPair& pair : ended) ASSERT_TRUE(volume.server().admit(std::move(pair.other), 1, {}).ok());
  for (StreamPair& pair : kept) ASSERT_TRUE(volume.server().admit(std::move(pair.other), 2, {}).ok());
  volume.server().end_session(1);
  volume.server().end_session(3);
  for (StreamPair& pair : ended) expect_end(pair.one);
  wait_until_open(volume, 5);
  EXPECT_EQ(volume.server().counts().opened, 10U);
  EXPECT_EQ(volume.server().counts().cut_off, 0U);
  for (StreamPair& pair : kept) pair.one.close();
  wait_until_open(volume, 0);
}

TEST(TcpLaneServerTest, itsEndClosesAllLanes) {
  std::optional<FakeLaneVolume> volume(std::in_place);
  StreamPair pair;
  ASSERT_TRUE(volume->server().admit(std::move(pair.other), 1, {}).ok());
  volume.reset();
  expect_end(pair.one);
}

TEST(TcpLaneServerTest, aLaneThatSaidTooMuchAlreadyIsNotLetIn) {
  FakeLaneVolume volume;
  StreamPair pair;
  const std::vector<std::byte> much(LaneInput::kStoreBytes + 1);
  EXPECT_EQ(volume.server().admit(std::move(pair.other), 1, much).code(), Code::kCorrupt);
  expect_end(pair.one);
  wait_until_open(volume, 0);
}

TEST(TcpLaneServerTest, withoutThreadsThereIsNoServer) {
  FakeLaneVolume volume;
  FakeSocketCalls calls;
  calls.fail_nth("epoll_open", 2, EMFILE);
  EXPECT_EQ(open_lane_server(volume, {.loops = 3, .slow_timeout_ns = 1, .calls = &calls}).status().code(),
            Code::kNoMemory);
}

}  // namespace
}  // namespace windlass
