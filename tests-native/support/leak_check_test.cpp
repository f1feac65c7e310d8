#include "support/leak_check.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <optional>
#include <string>

#include "base/live_count.hpp"
#include "base/text.hpp"

namespace windlass::test {
namespace {

using testing::HasSubstr;

TEST(LeakCheckTest, nothingHeldIsNothingFound) {
  const Holdings before = Holdings::now();
  EXPECT_EQ(Holdings::now().beyond(before), "");
}

TEST(LeakCheckTest, aLiveObjectIsFound) {
  const Holdings before = Holdings::now();
  std::optional<LiveCount> object(std::in_place, Kind::kRegion);
  EXPECT_THAT(Holdings::now().beyond(before), HasSubstr("live objects of kind region: 1"));
  object.reset();
  EXPECT_EQ(Holdings::now().beyond(before), "");
}

TEST(LeakCheckTest, anOpenFileIsFoundByItsName) {
  const Holdings before = Holdings::now();
  const int descriptor = open("/dev/null", O_RDONLY | O_CLOEXEC);
  ASSERT_GE(descriptor, 0);
  EXPECT_THAT(Holdings::now().beyond(before), HasSubstr("is open: /dev/null"));
  close(descriptor);
}

TEST(LeakCheckTest, sharedMemoryOfThisProcessIsFound) {
  const Holdings before = Holdings::now();
  const std::string path = text("/dev/shm/windlass-", getpid(), "-leak-check-test");
  std::ofstream(path) << "x";
  if (access(path.c_str(), F_OK) != 0) GTEST_SKIP() << "SKIPPED: /dev/shm cannot be written here";
  EXPECT_THAT(Holdings::now().beyond(before), HasSubstr(path + " is left"));
  unlink(path.c_str());
}

}  // namespace
}  // namespace windlass::test
