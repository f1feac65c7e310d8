#include "volume/local_transport.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

#include "support/pattern.hpp"
#include "volume/session_calls.hpp"

namespace windlass {
namespace {

using namespace test;

class LocalTransportTest : public testing::Test {
 protected:
  const std::shared_ptr<Volume> volume_ = opened_volume({.limit_bytes = 128 * kMiB});
  const std::shared_ptr<VolumeSession> session_ = opened_session(*volume_, {.peer = "local", .counts_bytes = true});
  LocalTransport transport_{session_, 2};
};

TEST_F(LocalTransportTest, valuesOfAllSizesGoThereAndBack) {
  const std::vector<uint64_t> sizes{1, 0, 4096, 100000, 8 * kMiB, 20 * kMiB + 77};
  const std::vector<RemoteRange> slots = prepared(*session_, sizes);
  std::vector<std::vector<std::byte>> sent;
  std::vector<WriteMove> writes;
  std::vector<CommitItem> items;
  std::vector<std::string> keys;
  for (size_t i = 0; i < sizes.size(); ++i) keys.push_back(std::to_string(i));
  for (size_t i = 0; i < sizes.size(); ++i) {
    sent.push_back(pattern(sizes[i], i));
    writes.push_back({sent[i].data(), slots[i]});
    items.push_back({.key = keys[i], .meta = {}, .bytes = sizes[i], .shard = {}, .token = slots[i].token});
  }
  ASSERT_TRUE(transport_.write(writes, soon()).ok());
  ASSERT_TRUE(session_->commit(items, {}, soon()).ok()) << "all bytes were counted";
  std::vector<AcquireItem> asked;
  for (const std::string& key : keys) asked.push_back({key});
  const Result<Acquired> found = session_->acquire(asked, {}, soon());
  ASSERT_TRUE(found.ok());
  std::vector<std::vector<std::byte>> received;
  std::vector<ReadMove> reads;
  for (size_t i = 0; i < sizes.size(); ++i) received.emplace_back(sizes[i]);
  for (size_t i = 0; i < sizes.size(); ++i) reads.push_back({received[i].data(), found->found[i].place});
  ASSERT_TRUE(transport_.read(reads, soon()).ok());
  EXPECT_EQ(received, sent);
}

TEST_F(LocalTransportTest, aMappingIsTheSlot) {
  const RemoteRange slot = prepared(*session_, {100000})[0];
  const auto mapping = transport_.map(slot, MapFor::kWriting, true, soon());
  ASSERT_TRUE(mapping.ok());
  EXPECT_EQ((*mapping)->bytes(), 100000U);
  std::memset((*mapping)->address(), 0x33, 100000);
  const Result<SlotHold> held = session_->hold({&slot, 1}, MapFor::kWriting);
  ASSERT_TRUE(held.ok());
  EXPECT_EQ(held->parts()[0][99999], std::byte{0x33});
  EXPECT_EQ(transport_.map({}, MapFor::kReading, true, soon()).value()->address(), nullptr);
}

TEST_F(LocalTransportTest, tokensAndTimesAreKept) {
  std::vector<std::byte> bytes(10 * kMiB);
  const WriteMove foreign{bytes.data(), {12345, 1, 0, 100}};
  EXPECT_EQ(transport_.write({&foreign, 1}, soon()).code(), Code::kInvalidArgument);
  EXPECT_EQ(transport_.map(foreign.remote, MapFor::kReading, true, soon()).status().code(), Code::kInvalidArgument);
  const WriteMove late{bytes.data(), prepared(*session_, {bytes.size()})[0]};
  EXPECT_EQ(transport_.write({&late, 1}, Deadline::after(std::chrono::nanoseconds(0))).code(), Code::kTimeout);
  session_->end();
  EXPECT_EQ(transport_.write({&late, 1}, soon()).code(), Code::kUnavailable);
}

}  // namespace
}  // namespace windlass
