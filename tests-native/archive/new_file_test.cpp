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

// What file systems say that have no hard links.
class FileSystemWithoutLinks : public test::ArchiveTest, public testing::WithParamInterface<int> {
 protected:
  void SetUp() override {
    calls_.fail_always("make_hard_link", GetParam());
    calls_.fail_always("name_file", GetParam());
  }

  fake::FakeFileCalls calls_;
};

TEST_P(FileSystemWithoutLinks, aNewFileGetsItsNameAndTakesNobodys) {
  for (const bool named : {false, true}) {
    const std::string content = test::words(3'000'000, 1);
    auto file = NewFile::create(calls_, at("file"), named).value();
    test::write_file(at("theirs"), "theirs");
    auto other = NewFile::create(calls_, at("other"), named).value();
    ASSERT_EQ(write(file->descriptor(), content.data(), content.size()), static_cast<ssize_t>(content.size()));
    ASSERT_TRUE(file->publish().ok());
    EXPECT_EQ(test::read_file(at("file")), content);
    EXPECT_EQ(std::filesystem::status(at("file")).permissions(), std::filesystem::perms(0600));
    std::filesystem::rename(at("theirs"), at("other"));
    EXPECT_EQ(other->publish().code(), Code::kState);
    other.reset();
    EXPECT_EQ(test::read_file(at("other")), "theirs");
    EXPECT_EQ(place_.names(), (std::set<std::string>{"file", "other"}));
    std::filesystem::remove(at("file"));
    std::filesystem::remove(at("other"));
  }
}

TEST_P(FileSystemWithoutLinks, whereARenameCannotRefuseTheNameIsLookedForFirst) {
  calls_.fail_nth("rename", 1, EINVAL);
  auto file = NewFile::create(calls_, at("file")).value();
  ASSERT_TRUE(file->publish().ok());
  calls_.fail_nth("rename", 1, EINVAL);
  auto other = NewFile::create(calls_, at("other")).value();
  test::write_file(at("other"), "theirs");
  EXPECT_EQ(other->publish().code(), Code::kState);
  other.reset();
  EXPECT_EQ(test::read_file(at("other")), "theirs");
  EXPECT_EQ(place_.names(), (std::set<std::string>{"file", "other"}));
}

TEST_P(FileSystemWithoutLinks, aTreeIsSavedAndLoadedThere) {
  test::make_usual_tree(at("tree"));
  const auto saved = test::save(at("tree"), at("archive"), test::small_frames(), calls_);
  ASSERT_TRUE(saved.ok()) << saved.status().to_string();
  EXPECT_EQ(saved->archive_bytes, std::filesystem::file_size(at("archive")));
  const auto loaded = test::load(at("archive"), at("back"), {}, calls_);
  ASSERT_TRUE(loaded.ok()) << loaded.status().to_string();
  EXPECT_EQ(test::tree_of(at("back")), test::tree_of(at("tree")));
  EXPECT_EQ(place_.names(), (std::set<std::string>{"archive", "back", "tree"}));
}

TEST_P(FileSystemWithoutLinks, aSaveWhoseCopyFailsLeavesNothing) {
  test::write_file(at("tree/file"), "content");
  // Of the copy: the part, its permissions, and that it is brought to the disk.
  for (const std::string call : {"set_mode", "sync"}) {
    calls_.fail_nth(call, 2, ENOSPC);
    EXPECT_EQ(test::save(at("tree"), at("archive"), test::small_frames(), calls_).status().code(), Code::kNoSpace);
    EXPECT_EQ(calls_.last_failure(), call);
    EXPECT_EQ(place_.names(), (std::set<std::string>{"tree"})) << call;
  }
}

TEST_P(FileSystemWithoutLinks, anArchiveWithHardLinksIsToldWhyItCannotBeLoadedThere) {
  test::write_bytes(at("archive"), test::ended(test::tar_of({{"file", '0', "x"}, {"hard", '1', "", "file"}})));
  const Status refused = test::load(at("archive"), at("back"), {}, calls_).status();
  EXPECT_EQ(refused.code(), Code::kUnsupported);
  EXPECT_NE(refused.message().find("hard link"), std::string::npos) << refused.message();
  EXPECT_EQ(place_.names(), (std::set<std::string>{"archive"}));
}

INSTANTIATE_TEST_SUITE_P(Errors, FileSystemWithoutLinks, testing::Values(EPERM, EOPNOTSUPP),
                         [](const auto& which) { return which.param == EPERM ? "eperm" : "eopnotsupp"; });
INSTANTIATE_TEST_SUITE_P(Named, NewFileTest, testing::Bool(),
                         [](const auto& which) { return which.param ? "named" : "unnamed"; });

}  // namespace
}  // namespace windlass
