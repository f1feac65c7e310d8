#include "transport/rdma/queue_pair.hpp"

#include <gtest/gtest.h>

#include <chrono>

#include "transport/rdma/rdma_world.hpp"

namespace windlass {
namespace {

Result<std::unique_ptr<QueuePair>> open_pair() {
  QueuePairOptions options;
  options.path = *choose_rdma_path(list_rdma_devices(), {});
  options.answers = true;
  const auto context = RdmaContext::open(options.path.device);
  if (!context.ok()) return context.status();
  const auto domain = RdmaDomain::open(*context);
  if (!domain.ok()) return domain.status();
  return QueuePair::open(*domain, options);
}

TEST(QueuePairTest, twoAreConnectedWithEachOther) {
  NEEDS_RDMA();
  const auto one = open_pair();
  const auto other = open_pair();
  ASSERT_TRUE(one.ok()) << one.status().to_string();
  ASSERT_TRUE(other.ok());
  EXPECT_NE((*one)->endpoint().queue_pair, (*other)->endpoint().queue_pair);
  EXPECT_TRUE((*one)->connect((*other)->endpoint()).ok());
  EXPECT_TRUE((*other)->connect((*one)->endpoint()).ok());
}

TEST(QueuePairTest, senselessEndsAreRefused) {
  NEEDS_RDMA();
  const auto one = open_pair();
  ASSERT_TRUE(one.ok());
  const RdmaEndpoint sound = (*one)->endpoint();
  RdmaEndpoint wrong = sound;
  wrong.mtu = 9;
  EXPECT_EQ((*one)->connect(wrong).code(), Code::kInvalidArgument);
  wrong = sound;
  wrong.first_packet = 1U << 24U;
  EXPECT_EQ((*one)->connect(wrong).code(), Code::kInvalidArgument);
  wrong = sound;
  wrong.local_id = 5;
  EXPECT_EQ((*one)->connect(wrong).code(), Code::kUnavailable);
}

TEST(QueuePairTest, waitingForNothingEndsWithItsTime) {
  NEEDS_RDMA();
  const auto one = open_pair();
  ASSERT_TRUE(one.ok());
  std::array<ibv_wc, 1> completions{};
  const auto came = (*one)->wait(completions, Deadline::after(std::chrono::milliseconds(20)));
  EXPECT_EQ(came.status().code(), Code::kTimeout);
}

}  // namespace
}  // namespace windlass
