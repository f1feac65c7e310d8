#include "io/open_beneath.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "base/owned_descriptor.hpp"
#include "support/temporary_directory.hpp"

namespace windlass {
namespace {

using OpenFunction = int (*)(int, const char*, int, mode_t) noexcept;

class OpenBeneathTest : public testing::TestWithParam<OpenFunction> {
 protected:
  OpenBeneathTest() : root_(open((place_.path() + "/root").c_str(), O_RDONLY | O_DIRECTORY)) {}

  int result_of(const std::string& path, int flags = O_RDONLY) {
    const int opened = GetParam()(root_.number(), path.c_str(), flags, 0600);
    if (opened < 0) return opened;
    const OwnedDescriptor closed(opened);
    return 0;
  }

  struct Place : test::TemporaryDirectory {
    Place() {
      std::filesystem::create_directories(path() + "/root/a/b");
      std::ofstream(path() + "/root/a/b/file") << "x";
      std::ofstream(path() + "/outside") << "x";
      std::filesystem::create_symlink("../outside", path() + "/root/out");
      std::filesystem::create_directory_symlink("a", path() + "/root/within");
    }
  };
  Place place_;
  OwnedDescriptor root_;
};

TEST_P(OpenBeneathTest, whatIsBeneathIsOpened) {
  EXPECT_EQ(result_of("a/b/file"), 0);
  EXPECT_EQ(result_of("a"), 0);
  EXPECT_EQ(result_of("."), 0);
  EXPECT_EQ(result_of("a/b/new", O_WRONLY | O_CREAT | O_EXCL), 0);
  EXPECT_EQ(result_of("a/b/new", O_WRONLY | O_CREAT | O_EXCL), -EEXIST);
  EXPECT_EQ(result_of("a/nothing"), -ENOENT);
}

TEST_P(OpenBeneathTest, noLinkIsFollowedAndNothingLeadsUpwards) {
  for (const std::string path : {"out", "within/b/file", "within", "../outside", "/etc/passwd"}) {
    EXPECT_LT(result_of(path), 0) << path;
  }
  EXPECT_LT(result_of("a/../../outside"), 0);
  EXPECT_LT(result_of("out", O_WRONLY | O_CREAT), 0);
}

INSTANTIATE_TEST_SUITE_P(Ways, OpenBeneathTest, testing::Values(&open_beneath, &open_step_by_step),
                         [](const auto& which) { return which.index == 0 ? "atOnce" : "stepByStep"; });

}  // namespace
}  // namespace windlass
