#include "archive/archive_file.hpp"

#include <gtest/gtest.h>

#include "archive/hand_archives.hpp"
#include "archive/trees.hpp"
#include "fake/fake_file_calls.hpp"

namespace windlass {
namespace {

class ArchiveFileTest : public test::ArchiveTest {
 protected:
  std::unique_ptr<ArchiveFile> open(const std::string& name, bool writable = false) {
    auto opened = ArchiveFile::open(FileCalls::system(), at(name), writable);
    EXPECT_TRUE(opened.ok()) << opened.status().to_string();
    return std::move(opened).value();
  }
};

TEST_F(ArchiveFileTest, tellsWhatItIs) {
  const std::vector<std::byte> tar = test::ended(test::tar_of({{"a", '0', "x"}}));
  test::write_bytes(at("tar"), tar);
  test::write_bytes(at("zst"), test::compressed(tar));
  test::write_bytes(at("ours"), test::indexed({{"a", '0', "x"}}));
  EXPECT_EQ(open("tar")->format(), ArchiveFormat::kTar);
  EXPECT_EQ(open("zst")->format(), ArchiveFormat::kZstdTar);
  EXPECT_EQ(open("ours")->format(), ArchiveFormat::kWindlass);
  EXPECT_EQ(open("ours")->index().head.entries, 1U);
}

TEST_F(ArchiveFileTest, aSealIsAddedOnceAndChangesNothingElse) {
  test::write_file(at("tree/file"), "content");
  ArchiveSaveOptions options;
  options.note.assign(1000, std::byte{3});
  options.sealable = true;
  const auto saved = test::save(at("tree"), at("archive"), options);
  ASSERT_TRUE(saved.ok());
  EXPECT_FALSE(open("archive")->seal().has_value());
  EXPECT_EQ(open("archive")->index().note.size(), 1000U);
  const std::vector<std::byte> seal(100, std::byte{8});
  ASSERT_TRUE(open("archive", true)->append_seal(seal).ok());
  EXPECT_EQ(open("archive")->seal(), seal);
  EXPECT_EQ(open("archive")->bytes(), saved->archive_bytes);
  EXPECT_EQ(open("archive")->index().root, saved->root);
  EXPECT_EQ(open("archive", true)->append_seal(seal).code(), Code::kState);
  ASSERT_TRUE(test::load(at("archive"), at("back")).ok());
  EXPECT_EQ(test::tree_of(at("back")), test::tree_of(at("tree")));
}

TEST_F(ArchiveFileTest, aSealThatCannotBeWrittenLeavesTheArchiveAsItWas) {
  test::write_bytes(at("archive"), test::indexed({{"a", '0', "x"}}));
  const std::vector<std::byte> before = test::read_bytes(at("archive"));
  const std::vector<std::byte> seal(100, std::byte{8});
  for (const std::string call : {"write_at", "sync"}) {
    fake::FakeFileCalls calls;
    auto archive = ArchiveFile::open(calls, at("archive"), true).value();
    calls.fail_always(call, ENOSPC);
    EXPECT_EQ(archive->append_seal(seal).code(), Code::kNoSpace);
    EXPECT_EQ(test::read_bytes(at("archive")), before);
  }
  EXPECT_EQ(open("archive", true)->append_seal(std::vector<std::byte>(65537)).code(), Code::kInvalidArgument);
  test::write_bytes(at("foreign"), test::ended(test::tar_of({{"a", '0', "x"}})));
  EXPECT_EQ(open("foreign", true)->append_seal(seal).code(), Code::kState);
}

TEST_F(ArchiveFileTest, aSealWithoutAnIndexIsRefused) {
  std::vector<std::byte> bytes = test::compressed(test::ended(test::tar_of({{"a", '0', "x"}})));
  const std::vector<std::byte> seal = encode_seal({});
  bytes.insert(bytes.end(), seal.begin(), seal.end());
  test::write_bytes(at("archive"), bytes);
  EXPECT_EQ(ArchiveFile::open(FileCalls::system(), at("archive")).status().code(), Code::kCorrupt);
}

}  // namespace
}  // namespace windlass
