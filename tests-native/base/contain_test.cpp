#include "base/contain.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <new>
#include <stdexcept>
#include <vector>

#include "support/allocation_failure.hpp"

namespace windlass {
namespace {

using testing::HasSubstr;

TEST(ContainTest, whatTheWorkReturnsIsReturned) {
  EXPECT_TRUE(contain([] { return Status(); }).ok());
  const Status failed = contain([] { return Status::error(Code::kState, "not now"); });
  EXPECT_EQ(failed.code(), Code::kState);
  EXPECT_EQ(failed.message(), "not now");
}

TEST(ContainTest, wantOfMemoryIsNoMemory) {
  const Status status = contain([]() -> Status { throw std::bad_alloc(); });
  EXPECT_EQ(status.code(), Code::kNoMemory);
  EXPECT_THAT(std::string(status.message()), HasSubstr("try again"));
}

TEST(ContainTest, anyOtherExceptionIsInternalAndToldByItsWords) {
  const Status status = contain([]() -> Status { throw std::out_of_range("index 7"); });
  EXPECT_EQ(status.code(), Code::kInternal);
  EXPECT_THAT(std::string(status.message()), HasSubstr("index 7"));
}

TEST(ContainTest, whatIsNoExceptionClassIsInternalToo) {
  const Status status = contain([]() -> Status { throw 3; });
  EXPECT_EQ(status.code(), Code::kInternal);
  EXPECT_FALSE(status.message().empty());
}

TEST(ContainTest, sayingThatThereIsNoMemoryNeedsNone) {
  const test::FailAllocationAfter failing(1);
  const Status status = contain([]() -> Status {
    const std::vector<int> numbers(100);
    return Status::error(Code::kState, numbers.empty() ? "" : "reached");
  });
  EXPECT_TRUE(failing.fired());
  EXPECT_EQ(status.code(), Code::kNoMemory);
}

TEST(ContainTest, anExceptionThatCannotBeToldForWantOfMemoryIsStillAStatus) {
  const std::runtime_error thrown("words that are longer than what a string keeps within itself");
  const Status status = contain([&thrown]() -> Status {
    const auto exception = std::make_exception_ptr(thrown);
    const test::FailAllocationAfter failing(1);
    try {
      std::rethrow_exception(exception);
    } catch (...) {
      return status_of_current_exception();
    }
  });
  EXPECT_FALSE(status.ok());
  EXPECT_FALSE(status.message().empty());
}

}  // namespace
}  // namespace windlass
