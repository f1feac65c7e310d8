#include "support/allocation_failure.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <new>
#include <thread>
#include <vector>

namespace windlass::test {
namespace {

TEST(AllocationFailureTest, theNthAllocationFailsAndTheOthersDoNot) {
  std::vector<std::unique_ptr<int>> kept;
  kept.reserve(3);
  const FailAllocationAfter failing(2);
  kept.push_back(std::make_unique<int>(1));
  EXPECT_FALSE(failing.fired());
  EXPECT_THROW(kept.push_back(std::make_unique<int>(2)), std::bad_alloc);
  EXPECT_TRUE(failing.fired());
  kept.push_back(std::make_unique<int>(3));
  EXPECT_EQ(kept.size(), 2U);
}

TEST(AllocationFailureTest, otherThreadsAreNotAffected) {
  bool made = false;
  std::thread other([&made] {
    const std::vector<int> numbers(100, 1);
    made = numbers.size() == 100;
  });
  {
    const FailAllocationAfter failing(1);
    other.join();
    EXPECT_FALSE(failing.fired());
  }
  EXPECT_TRUE(made);
}

TEST(AllocationFailureTest, allocationsAreCounted) {
  const AllocationCount count;
  // Called by name, because a compiler may leave out what new and delete do between them.
  operator delete(operator new(1));
  EXPECT_EQ(count.value(), 1U);
}

}  // namespace
}  // namespace windlass::test
