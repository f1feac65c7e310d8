#include "base/nonce.hpp"

#include <gtest/gtest.h>

#include <set>

namespace windlass {
namespace {

TEST(NonceTest, noTwoAreTheSameAndNoneIsZero) {
  std::set<uint64_t> seen = {0};
  for (int i = 0; i < 1000; ++i) EXPECT_TRUE(seen.insert(fresh_nonce()).second);
}

}  // namespace
}  // namespace windlass
