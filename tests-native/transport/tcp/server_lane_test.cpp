#include "transport/tcp/server_lane.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <vector>

#include "base/log.hpp"
#include "fake/fake_lane_volume.hpp"
#include "fake/stream_pair.hpp"
#include "support/pattern.hpp"
#include "support/soon.hpp"
#include "transport/status_fields.hpp"
#include "transport/wire.hpp"

namespace windlass {
namespace {

using fake::FakeLaneVolume;
using fake::StreamPair;
using test::pattern;
using Bytes = std::vector<std::byte>;

using test::soon;

// A lane that a test speaks over by hand.
class ServerLaneTest : public testing::Test {
 protected:
  void open(const FakeLaneVolume::Options& options = {}, const Bytes& unread = {}) {
    volume_.emplace(options);
    StreamPair pair;
    ASSERT_TRUE(volume_->server().admit(std::move(pair.other), FakeLaneVolume::kSession, unread).ok());
    client_ = std::move(pair.one);
  }
  void TearDown() override { client_.close(); }

  void send(const Bytes& bytes) { ASSERT_TRUE(client_.send_all(bytes, soon()).ok()); }
  Bytes receive(size_t count) {
    Bytes bytes(count);
    EXPECT_EQ(client_.receive_exactly(bytes, soon()).to_string(), "OK");
    return bytes;
  }
  // The status of the next answer, and behind an OK so many bytes.
  Status answer(LaneFrame type, uint64_t batch, Bytes* data = nullptr) {
    Result<FrameHeader> header = parse_frame_header(receive(kFrameHeaderBytes), kMaxLanePayloadBytes);
    EXPECT_EQ(header->type, static_cast<uint16_t>(type));
    EXPECT_EQ(header->id, batch);
    const Bytes payload = receive(header->payload_bytes);
    Decoder in(payload);
    Status status = decode_status(in);
    if (data != nullptr) data->assign(payload.end() - static_cast<std::ptrdiff_t>(in.left()), payload.end());
    return status;
  }
  // That the server ended the connection.
  void expect_cut_off() {
    std::byte byte{};
    Result<size_t> got = size_t{1};
    while (got.ok()) got = client_.receive_some(std::span(&byte, 1), soon());
    EXPECT_EQ(got.status().code(), Code::kUnavailable);
    EXPECT_EQ(volume_->server().counts().cut_off, 1U);
  }
  Bytes write_frame(uint64_t batch, const std::vector<RemoteRange>& ranges, const Bytes& data) {
    Bytes bytes;
    append_slices(bytes, LaneFrame::kWrite, batch, ranges);
    bytes.insert(bytes.end(), data.begin(), data.end());
    return bytes;
  }

  std::optional<FakeLaneVolume> volume_;
  Stream client_;
};

TEST_F(ServerLaneTest, bytesReachTheirPlacesAndTheBatchIsAnsweredOnce) {
  open();
  const Bytes data = pattern(3000, 1);
  const std::vector<RemoteRange> ranges{volume_->writable(0, 1000), volume_->writable(5000, 2000)};
  Bytes bytes = write_frame(4, ranges, data);
  append_end(bytes, 4);
  // All in one, and byte by byte.
  send(bytes);
  EXPECT_TRUE(answer(LaneFrame::kDone, 4).ok());
  EXPECT_EQ(volume_->finished_bytes(), 3000U);
  EXPECT_TRUE(std::equal(data.begin(), data.begin() + 1000, volume_->memory().begin()));
  EXPECT_TRUE(std::equal(data.begin() + 1000, data.end(), volume_->memory().begin() + 5000));
  for (const std::byte byte : bytes) send({byte});
  EXPECT_TRUE(answer(LaneFrame::kDone, 4).ok());
  EXPECT_EQ(volume_->finished_bytes(), 6000U);
}

TEST_F(ServerLaneTest, readsAreAnsweredInTheirOrder) {
  open();
  volume_->memory() = pattern(64 * kKiB, 9);
  Bytes bytes;
  for (uint64_t batch = 1; batch <= 20; ++batch) {
    const std::vector<RemoteRange> ranges{volume_->readable(batch, 100), volume_->readable(batch * 1000, 5000)};
    append_slices(bytes, LaneFrame::kRead, batch, ranges);
  }
  send(bytes);
  for (uint64_t batch = 1; batch <= 20; ++batch) {
    Bytes data;
    ASSERT_TRUE(answer(LaneFrame::kBytes, batch, &data).ok());
    ASSERT_EQ(data.size(), 5100U);
    const auto first = volume_->memory().begin();
    const auto offset = static_cast<std::ptrdiff_t>(batch);
    EXPECT_TRUE(std::equal(data.begin(), data.begin() + 100, first + offset));
    EXPECT_TRUE(std::equal(data.begin() + 100, data.end(), first + offset * 1000));
  }
}

TEST_F(ServerLaneTest, whatMayNotBeWrittenIsDroppedAndTheLaneGoesOn) {
  open({.bytes = kMiB});
  const Bytes data = pattern(200'000, 1);
  Bytes bytes = write_frame(1, {volume_->readable(0, data.size())}, data);
  const Bytes more = write_frame(1, {volume_->writable(0, 10)}, pattern(10, 2));
  bytes.insert(bytes.end(), more.begin(), more.end());
  append_end(bytes, 1);
  send(bytes);
  EXPECT_EQ(answer(LaneFrame::kDone, 1).code(), Code::kInvalidArgument);
  EXPECT_EQ(volume_->finished_bytes(), 10U);
  Bytes next = write_frame(2, {volume_->writable(0, 10)}, pattern(10, 2));
  append_end(next, 2);
  append_slices(next, LaneFrame::kRead, 3, std::vector<RemoteRange>{{999, 1, 0, 10}});
  append_slices(next, LaneFrame::kRead, 4, std::vector<RemoteRange>{volume_->readable(0, 10)});
  append_end(next, 5);
  send(next);
  EXPECT_TRUE(answer(LaneFrame::kDone, 2).ok());
  EXPECT_EQ(answer(LaneFrame::kBytes, 3).code(), Code::kInvalidArgument);
  EXPECT_TRUE(answer(LaneFrame::kBytes, 4).ok());
  EXPECT_TRUE(answer(LaneFrame::kDone, 5).ok());
}

TEST_F(ServerLaneTest, whatCameWithTheHandshakeIsNotLost) {
  FakeLaneVolume::Options options;
  Bytes bytes;
  append_slices(bytes, LaneFrame::kRead, 3, std::vector<RemoteRange>{{FakeLaneVolume::kReadToken, 1, 0, 10}});
  open(options, bytes);
  EXPECT_TRUE(answer(LaneFrame::kBytes, 3).ok());
}

TEST_F(ServerLaneTest, whoeverDoesNotKeepToTheProtocolIsCutOff) {
  const Bytes ten = pattern(10, 1);
  const RemoteRange slot{FakeLaneVolume::kWriteToken, 1, 0, 10};
  std::vector<std::function<void(Bytes&)>> offences;
  offences.emplace_back([](Bytes& out) { out.assign(24, std::byte{'X'}); });
  offences.emplace_back([](Bytes& out) { append_done(out, 1, Status()); });
  offences.emplace_back([](Bytes& out) { append_bytes_head(out, 1, Status(), 0); });
  offences.emplace_back([](Bytes& out) { Encoder(out).raw(frame_header_bytes({0x0101, 0, 0, 1})); });
  offences.emplace_back([](Bytes& out) { Encoder(out).raw(frame_header_bytes({0x0202, 1, 0, 1})); });
  offences.emplace_back([](Bytes& out) { Encoder(out).raw(frame_header_bytes({0x0201, 0, 7, 1})); });
  offences.emplace_back([](Bytes& out) { Encoder(out).raw(frame_header_bytes({0x0201, 0, UINT32_MAX, 1})); });
  offences.emplace_back([&](Bytes& out) {
    out = write_frame(1, {slot}, ten);
    append_end(out, 2);
  });
  offences.emplace_back([&](Bytes& out) {
    out = write_frame(1, {slot}, ten);
    const Bytes other = write_frame(2, {slot}, ten);
    out.insert(out.end(), other.begin(), other.end());
  });
  offences.emplace_back([&](Bytes& out) {
    out = write_frame(1, {slot}, ten);
    append_slices(out, LaneFrame::kRead, 2, std::vector<RemoteRange>{slot});
  });
  const std::shared_ptr<LogSubscriber> lines = LogSubscriber::open(LogLevel::kWarning, 100).value();
  for (size_t at = 0; at < offences.size(); ++at) {
    SCOPED_TRACE(at);
    Bytes bytes;
    offences[at](bytes);
    open();
    send(bytes);
    expect_cut_off();
    // One line says who, and why.
    const Result<LogLine> line = lines->read(std::chrono::seconds(30));
    ASSERT_TRUE(line.ok());
    EXPECT_NE(line->message.find("session 7"), std::string::npos) << line->message;
    EXPECT_EQ(lines->read(std::chrono::seconds(0)).status().code(), Code::kTimeout);
  }
}

TEST_F(ServerLaneTest, whoeverBeginsAFrameAndDoesNotEndItIsCutOff) {
  open({.slow_timeout_ns = 20'000'000});
  const Bytes bytes = write_frame(1, {volume_->writable(0, 100)}, pattern(100, 1));
  send({bytes.begin(), bytes.end() - 1});
  expect_cut_off();
  EXPECT_EQ(volume_->finished_bytes(), 0U);
}

TEST_F(ServerLaneTest, whoeverDoesNotReadIsCutOff) {
  open({.bytes = 2 * kMiB, .slow_timeout_ns = 20'000'000});
  Bytes bytes;
  for (uint64_t batch = 0; batch < 50; ++batch) {
    append_slices(bytes, LaneFrame::kRead, batch, std::vector<RemoteRange>{volume_->readable(0, 2 * kMiB)});
  }
  send(bytes);
  const Deadline deadline = soon();
  while (volume_->server().counts().cut_off == 0 && !deadline.expired()) std::this_thread::yield();
  expect_cut_off();
}

TEST_F(ServerLaneTest, anIdleLaneStays) {
  open({.slow_timeout_ns = 1'000'000});
  for (uint64_t batch = 1; batch <= 5; ++batch) {
    Bytes bytes = write_frame(batch, {volume_->writable(0, 100)}, pattern(100, 1));
    append_end(bytes, batch);
    send(bytes);
    EXPECT_TRUE(answer(LaneFrame::kDone, batch).ok());
    // Longer than a frame may take: nothing is in the middle.
    std::byte byte{};
    EXPECT_EQ(client_.receive_some(std::span(&byte, 1), Deadline::after(std::chrono::milliseconds(5))).status().code(),
              Code::kTimeout);
  }
  EXPECT_EQ(volume_->server().counts().cut_off, 0U);
}

}  // namespace
}  // namespace windlass
