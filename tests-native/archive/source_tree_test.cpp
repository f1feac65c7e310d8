// What a save makes of changes is in save_test.
#include "archive/source_tree.hpp"

#include <gtest/gtest.h>

#include "archive/hand_archives.hpp"
#include "archive/trees.hpp"

namespace windlass {
namespace {

class SourceTreeTest : public test::ArchiveTest {};

TEST_F(SourceTreeTest, isListedSortedByPaths) {
  test::make_usual_tree(at("tree"));
  const auto tree = SourceTree::open(FileCalls::system(), at("tree")).value();
  const WorkState work;
  const auto listed = tree->list(work).value();
  EXPECT_EQ(listed.size(), test::tree_of(at("tree")).size() + 1);
  EXPECT_EQ(listed.front().entry.path, "");
  for (size_t i = 1; i < listed.size(); ++i) EXPECT_LT(listed[i - 1].entry.path, listed[i].entry.path);
  EXPECT_TRUE(tree->check_unchanged(listed, work).ok());
}

TEST_F(SourceTreeTest, whatIsReadIsWhatWasListed) {
  test::write_file(at("tree/file"), "0123456789");
  const auto tree = SourceTree::open(FileCalls::system(), at("tree")).value();
  const WorkState work;
  const auto listed = tree->list(work).value();
  std::vector<std::byte> room(4);
  ASSERT_TRUE(tree->read(listed[1], 3, room).ok());
  EXPECT_EQ(room[0], std::byte{'3'});
  test::write_file(at("tree/file"), "abcdefghijk");
  EXPECT_EQ(tree->read(listed[1], 3, room).code(), Code::kConflict);
  EXPECT_EQ(tree->check_unchanged(listed, work).code(), Code::kConflict);
  std::filesystem::remove(at("tree/file"));
  EXPECT_EQ(tree->read(listed[1], 3, room).code(), Code::kConflict);
  std::filesystem::create_symlink("/etc/passwd", at("tree/file"));
  EXPECT_FALSE(tree->read(listed[1], 3, room).ok());
}

}  // namespace
}  // namespace windlass
