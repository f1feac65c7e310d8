#include "archive/new_file.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include "archive/hand_archives.hpp"
#include "archive/trees.hpp"
#include "fake/fake_file_calls.hpp"

namespace windlass {
namespace {

class NewFileTest : public test::ArchiveTest, public testing::WithParamInterface<bool> {};

TEST_P(NewFileTest, hasItsNameOnceItIsPublished) {
  auto file = NewFile::create(FileCalls::system(), at("file"), GetParam()).value();
  EXPECT_EQ(write(file->descriptor(), "content", 7), 7);
  EXPECT_FALSE(std::filesystem::exists(at("file")));
  ASSERT_TRUE(file->publish().ok());
  file.reset();
  EXPECT_EQ(test::read_file(at("file")), "content");
  EXPECT_EQ(place_.names(), (std::set<std::string>{"file"}));
}

TEST_P(NewFileTest, goesIfItIsNotPublished) {
  NewFile::create(FileCalls::system(), at("file"), GetParam()).value().reset();
  EXPECT_TRUE(place_.names().empty());
}

TEST_P(NewFileTest, takesNobodysName) {
  auto file = NewFile::create(FileCalls::system(), at("file"), GetParam()).value();
  test::write_file(at("file"), "theirs");
  EXPECT_EQ(file->publish().code(), Code::kState);
  EXPECT_EQ(NewFile::create(FileCalls::system(), at("file"), GetParam()).status().code(), Code::kState);
  file.reset();
  EXPECT_EQ(test::read_file(at("file")), "theirs");
  EXPECT_EQ(place_.names(), (std::set<std::string>{"file"}));
}

TEST_P(NewFileTest, aFileSystemWithoutHardLinksOrUnnamedFilesIsNoReasonToFail) {
  fake::FakeFileCalls calls;
  calls.fail_always("make_hard_link", EPERM);
  if (!GetParam()) calls.fail_nth("open_at", 2, EOPNOTSUPP);
  auto file = NewFile::create(calls, at("file"), GetParam()).value();
  EXPECT_EQ(write(file->descriptor(), "content", 7), 7);
  ASSERT_TRUE(file->publish().ok());
  EXPECT_EQ(test::read_file(at("file")), "content");
  EXPECT_EQ(place_.names(), (std::set<std::string>{"file"}));
}

INSTANTIATE_TEST_SUITE_P(Named, NewFileTest, testing::Bool(),
                         [](const auto& which) { return which.param ? "named" : "unnamed"; });

}  // namespace
}  // namespace windlass
