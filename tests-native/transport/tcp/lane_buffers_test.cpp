#include "transport/tcp/lane_buffers.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "fake/fake_socket_calls.hpp"
#include "fake/stream_pair.hpp"
#include "support/pattern.hpp"
#include "support/soon.hpp"

namespace windlass {
namespace {

using fake::FakeSocketCalls;
using fake::StreamPair;
using test::pattern;

using test::soon;

TEST(LaneBuffersTest, directedBytesGoWhereTheyBelongAndTheRestIsHeld) {
  for (const uint64_t most : {uint64_t{0}, uint64_t{1}, uint64_t{7}, uint64_t{3000}}) {
    FakeSocketCalls calls;
    calls.make_short(most);
    StreamPair pair(calls);
    const std::vector<std::byte> sent = pattern(10'000, 3);
    ASSERT_TRUE(pair.other.send_all(sent, soon()).ok());
    LaneInput input;
    while (input.held().size() < 100) ASSERT_GT(input.receive(pair.one).value(), 0U);
    EXPECT_TRUE(std::equal(sent.begin(), sent.begin() + 100, input.held().begin()));
    input.take(100);
    std::vector<std::byte> target(9000);
    const std::vector<std::span<std::byte>> parts{std::span(target).first(5), std::span(target).subspan(5, 0),
                                                  std::span(target).subspan(5)};
    input.direct(parts);
    while (!input.arrived()) ASSERT_GT(input.receive(pair.one).value(), 0U);
    EXPECT_TRUE(std::equal(target.begin(), target.end(), sent.begin() + 100));
    while (input.held().size() < 900) ASSERT_GT(input.receive(pair.one).value(), 0U);
    EXPECT_TRUE(std::equal(sent.begin() + 9100, sent.end(), input.held().begin()));
    EXPECT_EQ(input.receive(pair.one).value(), 0U);
  }
}

TEST(LaneBuffersTest, theStoreTakesNoMoreThanItsSize) {
  StreamPair pair;
  const std::vector<std::byte> sent(LaneInput::kStoreBytes + 1);
  ASSERT_TRUE(pair.other.send_all(sent, soon()).ok());
  LaneInput input;
  while (input.held().size() < LaneInput::kStoreBytes) ASSERT_GT(input.receive(pair.one).value(), 0U);
  EXPECT_EQ(input.receive(pair.one).status().code(), Code::kCorrupt);
  LaneInput early;
  EXPECT_TRUE(early.put(std::span(sent).first(10)).ok());
  EXPECT_EQ(early.held().size(), 10U);
  EXPECT_EQ(early.put(std::span(sent).first(LaneInput::kStoreBytes)).code(), Code::kCorrupt);
}

TEST(LaneBuffersTest, headsAndMemoryLeaveInTheirOrder) {
  for (const uint64_t most : {uint64_t{0}, uint64_t{1}, uint64_t{999}}) {
    FakeSocketCalls calls;
    calls.make_short(most);
    StreamPair pair(calls);
    const std::vector<std::byte> expected = pattern(3000, 4);
    LaneOutput output;
    output.clear();
    output.heads().assign(expected.begin(), expected.begin() + 10);
    output.add_head(0);
    output.add(std::span(expected).subspan(10, 2000));
    output.add({});
    output.heads().insert(output.heads().end(), expected.begin() + 2010, expected.end());
    output.add_head(10);
    output.ready();
    std::vector<std::byte> received(3000);
    size_t count = 0;
    while (!output.empty()) {
      if (output.send(pair.one).value() != 0) continue;
      count += pair.other.receive_some(std::span(received).subspan(count), soon()).value();
    }
    ASSERT_TRUE(pair.other.receive_exactly(std::span(received).subspan(count), soon()).ok());
    EXPECT_EQ(received, expected);
  }
}

}  // namespace
}  // namespace windlass
