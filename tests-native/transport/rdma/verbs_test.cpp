#include "transport/rdma/verbs.hpp"

#include <gtest/gtest.h>

namespace windlass {
namespace {

TEST(VerbsTest, aLibraryThatIsNotThereIsNamedWithTheWayOut) {
  const auto loaded = load_verbs("libwindlass_of_nobody.so.1");
  ASSERT_FALSE(loaded.ok());
  EXPECT_EQ(loaded.status().code(), Code::kLibrary);
  EXPECT_NE(loaded.status().message().find("libwindlass_of_nobody.so.1"), std::string::npos);
  EXPECT_NE(loaded.status().message().find("install"), std::string::npos);
}

TEST(VerbsTest, aFunctionThatIsMissingIsNamed) {
  const auto loaded = load_verbs("libm.so.6");
  ASSERT_FALSE(loaded.ok());
  EXPECT_EQ(loaded.status().code(), Code::kUnsupported);
  EXPECT_NE(loaded.status().message().find("ibv_get_device_list"), std::string::npos);
}

TEST(VerbsTest, theLibraryOfThisMachineHasAll) {
  const auto loaded = load_verbs();
  if (loaded.status().code() == Code::kLibrary) GTEST_SKIP() << loaded.status().message();
  ASSERT_TRUE(loaded.ok()) << loaded.status().to_string();
  EXPECT_NE((*loaded)->modify_qp, nullptr);
}

}  // namespace
}  // namespace windlass
