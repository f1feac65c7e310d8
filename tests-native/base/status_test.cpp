#include "base/status.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <new>
#include <set>
#include <string>

#include "support/allocation_failure.hpp"

namespace windlass {
namespace {

TEST(StatusTest, okCostsNothingAndSaysNothing) {
  const test::AllocationCount count;
  const Status status;
  EXPECT_TRUE(status.ok());
  EXPECT_EQ(status.code(), Code::kOk);
  EXPECT_EQ(status.system_code(), 0);
  EXPECT_EQ(status.message(), "");
  EXPECT_EQ(count.value(), 0U);
  EXPECT_EQ(status.to_string(), "OK");
}

TEST(StatusTest, anErrorKeepsItsCodeItsMessageAndTheSystemsCode) {
  const Status status = Status::error(Code::kNoMemory, "the region: no memory", 12);
  EXPECT_FALSE(status.ok());
  EXPECT_EQ(status.code(), Code::kNoMemory);
  EXPECT_EQ(status.system_code(), 12);
  EXPECT_EQ(status.message(), "the region: no memory");
  EXPECT_EQ(status.to_string(), "NO_MEMORY: the region: no memory");
}

TEST(StatusTest, copiesShareTheDetail) {
  const Status status = Status::error(Code::kIo, "a long message, longer than a string keeps within itself");
  const test::AllocationCount count;
  const Status copy = status;  // NOLINT(performance-unnecessary-copy-initialization)
  EXPECT_EQ(copy.message().data(), status.message().data());
  EXPECT_EQ(count.value(), 0U);
}

TEST(StatusTest, aPrefixNamesTheObjectThatTheCallerKnows) {
  const Status status = Status::error(Code::kDevice, "refused", 7).with_prefix("region 0x7f");
  EXPECT_EQ(status.message(), "region 0x7f: refused");
  EXPECT_EQ(status.code(), Code::kDevice);
  EXPECT_EQ(status.system_code(), 7);
  EXPECT_TRUE(Status().with_prefix("region").ok());
}

TEST(StatusTest, everyCodeHasANameAndAMeaningOfItsOwn) {
  std::set<std::string> names;
  std::set<std::string> meanings;
  for (wl_status code = 0; code <= WL_STATUS_INCOMPLETE; ++code) {
    names.insert(code_name(static_cast<Code>(code)));
    meanings.insert(code_meaning(static_cast<Code>(code)));
    EXPECT_THAT(code_meaning(static_cast<Code>(code)), testing::EndsWith("."));
  }
  EXPECT_EQ(names.size(), size_t{WL_STATUS_INCOMPLETE} + 1);
  EXPECT_EQ(meanings.size(), names.size());
  EXPECT_EQ(names.count("UNKNOWN"), 0U);
}

TEST(StatusTest, aNumberThatIsNoCodeIsUnknown) {
  for (const wl_status number : {-1, WL_STATUS_INCOMPLETE + 1, 1000000}) {
    EXPECT_STREQ(code_name(static_cast<Code>(number)), "UNKNOWN");
    EXPECT_STRNE(code_meaning(static_cast<Code>(number)), "");
  }
}

TEST(StatusTest, memoryThatRunsOutWhileAnErrorIsMadeLeavesNothingBehind) {
  const std::string message = "a long message, longer than a string keeps within itself";
  for (uint64_t n = 1;; ++n) {
    ASSERT_LT(n, 100U);
    const test::FailAllocationAfter failing(n);
    bool made = false;
    try {
      const Status status = Status::error(Code::kIo, message).with_prefix("a prefix that is long as well");
      made = !status.ok();
    } catch (const std::bad_alloc&) {
      EXPECT_TRUE(failing.fired());
    }
    EXPECT_EQ(made, !failing.fired());
    if (!failing.fired()) break;
  }
}

TEST(ResultTest, aValueIsThere) {
  Result<std::string> result = std::string("value");
  ASSERT_TRUE(result.ok());
  EXPECT_TRUE(result.status().ok());
  EXPECT_EQ(*result, "value");
  EXPECT_EQ(result->size(), 5U);
  EXPECT_EQ(result.value(), "value");
}

TEST(ResultTest, anErrorSaysWhyThereIsNoValue) {
  const Result<std::string> result = Status::error(Code::kNotFound, "no such thing");
  EXPECT_FALSE(result.ok());
  EXPECT_EQ(result.status().code(), Code::kNotFound);
  EXPECT_EQ(result.status().message(), "no such thing");
}

TEST(ResultTest, aValueThatCannotBeCopiedIsMovedOut) {
  Result<std::unique_ptr<int>> result = std::make_unique<int>(3);
  ASSERT_TRUE(result.ok());
  const std::unique_ptr<int> value = *std::move(result);
  EXPECT_EQ(*value, 3);
}

}  // namespace
}  // namespace windlass
