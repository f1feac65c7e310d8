#include "volume/control_client.hpp"

#include <gtest/gtest.h>

#include "support/pattern.hpp"
#include "transport/stream.hpp"
#include "volume/replies.hpp"
#include "volume/volume_world.hpp"

// What it cuts off is tested in volume_server_test.cpp.

namespace windlass {
namespace {

using test::soon;
using test::VolumeWorld;
using test::Way;

Stream greeted(const std::string& uri) {
  Stream stream = *Stream::connect(*parse_address(uri), soon());
  EXPECT_TRUE(shake_hands(stream, {.purpose = Purpose::kControl, .secret = "", .grant = {}}, soon()).ok());
  return stream;
}

void append(std::vector<std::byte>& bytes, Message type, uint64_t id, std::span<const std::byte> payload) {
  FrameWriter frame(bytes, static_cast<uint16_t>(type), id);
  bytes.insert(bytes.end(), payload.begin(), payload.end());
  EXPECT_TRUE(frame.finish().ok());
}

FrameHeader next_header(Stream& stream) {
  FrameHeaderBytes head{};
  EXPECT_TRUE(stream.receive_exactly(head, soon()).ok());
  const FrameHeader header = *parse_frame_header(head, kMaxFramePayloadBytes);
  std::vector<std::byte> payload(header.payload_bytes);
  EXPECT_TRUE(stream.receive_exactly(payload, soon()).ok());
  return header;
}

TEST(ControlClientTest, manyRequestsInOnePieceAreAnsweredInOrder) {
  VolumeWorld world;
  Stream stream = greeted(world.unix_uri());
  std::vector<std::byte> prepare;
  Encoder out(prepare);
  const std::vector<uint64_t> sizes{100'000};
  encode_prepare(sizes, out);
  std::vector<std::byte> bytes;
  // More than are taken at once; the first waits for pages, and the others for it.
  append(bytes, Message::kPrepare, 0, prepare);
  for (uint64_t id = 1; id < 500; ++id) append(bytes, Message::kInfo, id, {});
  ASSERT_TRUE(stream.send_all(bytes, soon()).ok());
  for (uint64_t id = 0; id < 500; ++id) ASSERT_EQ(next_header(stream).id, id);
}

TEST(ControlClientTest, aRequestThatComesByteByByteIsAnswered) {
  VolumeWorld world;
  Stream stream = greeted(world.unix_uri());
  std::vector<std::byte> bytes;
  append(bytes, Message::kInfo, 3, {});
  for (const std::byte byte : bytes) ASSERT_TRUE(stream.send_all(std::span(&byte, 1), soon()).ok());
  EXPECT_EQ(next_header(stream).id, 3U);
}

TEST(ControlClientTest, aLargeRequestIsAnswered) {
  VolumeWorld world;
  const test::Client one = world.client(Way::kShm);
  std::vector<std::string> keys;
  for (int at = 0; at < 2000; ++at) keys.push_back(text(std::string(1000, 'k'), at));
  std::vector<std::string_view> views(keys.begin(), keys.end());
  const Result<std::vector<EntryInfo>> described = one.control().describe(views, soon());
  ASSERT_TRUE(described.ok()) << described.status().to_string();
  EXPECT_EQ(described->size(), keys.size());
}

TEST(ControlClientTest, aClientThatGoesWhileItsRequestIsCarriedOutLeavesNothing) {
  VolumeWorld world;
  std::vector<std::byte> prepare;
  Encoder out(prepare);
  const std::vector<uint64_t> sizes{10 << 20};
  encode_prepare(sizes, out);
  for (int round = 0; round < 10; ++round) {
    Stream stream = *Stream::connect(*parse_address(world.tcp_uri()), soon());
    ASSERT_TRUE(shake_hands(stream, {.purpose = Purpose::kControl, .secret = test::kSecret, .grant = {}}, soon()).ok());
    std::vector<std::byte> bytes;
    append(bytes, Message::kPrepare, 1, prepare);
    ASSERT_TRUE(stream.send_all(bytes, soon()).ok());
  }
  EXPECT_TRUE(test::comes_true([&] { return world.server().counts().clients == 0; }));
  EXPECT_TRUE(test::comes_true([&] { return world.volume().info().prepared_slots == 0; }));
  EXPECT_EQ(world.volume().info().used_bytes, 0U);
}

}  // namespace
}  // namespace windlass
