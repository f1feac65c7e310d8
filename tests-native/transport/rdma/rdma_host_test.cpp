#include "transport/rdma/rdma_host.hpp"

#include <gtest/gtest.h>

#include "transport/rdma/rdma_world.hpp"

namespace windlass {
namespace {

TEST(RdmaHostTest, aSegmentIsRegisteredOnceForAllSessions) {
  NEEDS_RDMA();
  const std::shared_ptr<RdmaHost> host = open_rdma_host({});
  const auto memory = std::make_shared<std::vector<std::byte>>(4096);
  const std::unique_ptr<RdmaPeer> one = host->open_peer();
  const std::unique_ptr<RdmaPeer> other = host->open_peer();
  const auto first = one->grant(1, memory, memory->data(), memory->size());
  const auto second = other->grant(1, memory, memory->data(), memory->size());
  ASSERT_TRUE(first.ok()) << first.status().to_string();
  ASSERT_TRUE(second.ok()) << second.status().to_string();
  EXPECT_EQ(*first, *second);
  one->close();
  const auto still = other->grant(1, memory, memory->data(), memory->size());
  ASSERT_TRUE(still.ok());
  EXPECT_EQ(*first, *still) << "others have it";
}

TEST(RdmaHostTest, theLastSessionGivesAllUp) {
  NEEDS_RDMA();
  const std::shared_ptr<VerbsHost> host = std::make_shared<VerbsHost>(RdmaWish());
  const auto memory = std::make_shared<std::vector<std::byte>>(4096);
  std::weak_ptr<RdmaDomain> domain;
  {
    const std::unique_ptr<RdmaPeer> peer = host->open_peer();
    ASSERT_TRUE(peer->grant(1, memory, memory->data(), memory->size()).ok());
    const auto entered = host->enter();
    ASSERT_TRUE(entered.ok());
    domain = entered->domain;
    host->leave();
  }
  EXPECT_TRUE(domain.expired());
}

TEST(RdmaHostTest, aDeviceThatIsNotThereIsNamed) {
  NEEDS_RDMA();
  RdmaWish wish;
  wish.device = "nobody0";
  const auto answered = open_rdma_host(wish)->open_peer()->connect({});
  EXPECT_EQ(answered.status().code(), Code::kNotFound);
  EXPECT_NE(answered.status().message().find("nobody0"), std::string_view::npos);
}

}  // namespace
}  // namespace windlass
