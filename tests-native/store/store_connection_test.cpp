#include "store/store_connection.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "fake/fake_link.hpp"
#include "store/store_host.hpp"

namespace windlass::test {
namespace {

TEST(StoreConnectionTest, aVolumeOfThisProcessIsReachedByLocalAlone) {
  StoreHost host(Way::kLocal);
  const std::shared_ptr<Volume> volume = host.volume().shared_from_this();
  for (const TransportKind kind : {TransportKind::kShm, TransportKind::kTcp, TransportKind::kRdma}) {
    StoreOptions options;
    options.transport = kind;
    EXPECT_EQ(StoreConnection::open_local(volume, options).status().code(), Code::kUnsupported);
  }
  StoreOptions options;
  options.transport = TransportKind::kLocal;
  const Result<std::shared_ptr<StoreConnection>> opened = StoreConnection::open_local(volume, options);
  ASSERT_TRUE(opened.ok());
  const StoreInfo info = (*opened)->info();
  EXPECT_EQ(info.transport, TransportKind::kLocal);
  EXPECT_EQ(info.reason, "the volume is in this process");
  EXPECT_EQ(info.connections, 1U);
  EXPECT_EQ(info.volume_nonce, volume->nonce());
  host.close();
  EXPECT_EQ(StoreConnection::open_local(volume, options).status().code(), Code::kUnavailable);
}

TEST(StoreConnectionTest, addressesThatLeadNowhereAreNamed) {
  StoreOptions options;
  options.connect_timeout = std::chrono::milliseconds(100);
  EXPECT_EQ(StoreConnection::open("", options).status().code(), Code::kInvalidArgument);
  EXPECT_EQ(StoreConnection::open("ftp://somewhere", options).status().code(), Code::kInvalidArgument);
  TemporaryDirectory directory;
  EXPECT_EQ(StoreConnection::open("shm://" + directory.path() + "/nobody", options).status().code(),
            Code::kUnavailable);
}

TEST(StoreConnectionTest, largeCopiesAreSharedOut) {
  StoreHost host(Way::kLocal);
  const auto link = std::make_shared<FakeLink>(host.volume().shared_from_this());
  const std::shared_ptr<StoreConnection> connection = FakeLink::connect(link);
  const std::vector<std::byte> source = pattern(21 * kMiB + 5, 1);
  std::vector<std::byte> target(source.size());
  const StoreConnection::Copy copies[] = {{target.data(), source.data(), 20 * kMiB},
                                          {nullptr, nullptr, 0},
                                          {target.data() + 20 * kMiB, source.data() + 20 * kMiB, 1 * kMiB + 5}};
  EXPECT_TRUE(connection->copy_all(copies).ok());
  EXPECT_EQ(target, source);
}

TEST(StoreConnectionTest, whatIsOfASessionThatEndedIsNotGivenBackToAnother) {
  StoreHost host(Way::kLocal);
  const auto link = std::make_shared<FakeLink>(host.volume().shared_from_this());
  const std::shared_ptr<StoreConnection> connection = FakeLink::connect(link);
  const uint64_t size = 1000;
  const Deadline deadline = connection->deadline(std::nullopt);
  const Result<StoreConnection::Prepared> before = connection->prepare({&size, 1}, deadline);
  ASSERT_TRUE(before.ok());
  EXPECT_EQ(before->session, 1U);
  link->break_connection();
  const Result<StoreConnection::Prepared> after = connection->prepare({&size, 1}, deadline);
  ASSERT_TRUE(after.ok());
  EXPECT_EQ(after->session, 2U);
  const uint64_t prepared = host.info().prepared_slots;
  connection->abandon({&after->slots[0].token, 1}, before->session);
  EXPECT_EQ(host.info().prepared_slots, prepared);
  connection->abandon({&after->slots[0].token, 1}, after->session);
  EXPECT_EQ(host.info().prepared_slots, prepared - 1);
}

TEST(StoreConnectionTest, aTimeLimitOfACallGoesBeforeTheStores) {
  StoreHost host(Way::kLocal);
  const auto link = std::make_shared<FakeLink>(host.volume().shared_from_this());
  const std::shared_ptr<StoreConnection> connection = FakeLink::connect(link);
  EXPECT_TRUE(connection->deadline(std::chrono::nanoseconds(0)).expired());
  EXPECT_FALSE(connection->deadline(std::nullopt).expired());
}

}  // namespace
}  // namespace windlass::test
