#include "base/environment.hpp"

#include <gtest/gtest.h>

#include <cstdlib>

namespace windlass {
namespace {

constexpr const char* kName = "WINDLASS_TEST_ENVIRONMENT";

TEST(EnvironmentTest, aVariableThatIsSetHasItsText) {
  setenv(kName, "some text", 1);
  EXPECT_EQ(environment_variable(kName), "some text");
  unsetenv(kName);
}

TEST(EnvironmentTest, emptyTextIsNotTheSameAsNoVariable) {
  setenv(kName, "", 1);
  EXPECT_EQ(environment_variable(kName), "");
  unsetenv(kName);
  EXPECT_FALSE(environment_variable(kName).has_value());
}

}  // namespace
}  // namespace windlass
