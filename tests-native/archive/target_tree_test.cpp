// What becomes of it when calls fail or its process dies is in load_test and durability_test.
#include "archive/target_tree.hpp"

#include <gtest/gtest.h>

#include "archive/hand_archives.hpp"
#include "archive/trees.hpp"

namespace windlass {
namespace {

class TargetTreeTest : public test::ArchiveTest {};

TEST_F(TargetTreeTest, isThereOnceItIsPublished) {
  for (const bool each_file : {false, true}) {
    auto tree = TargetTree::create(FileCalls::system(), at("tree"), true, each_file).value();
    TargetTree::Hand hand;
    const std::string path = "a/b/file";
    auto file = tree->create_file(hand, path, 0644).value();
    const std::vector<std::byte> bytes(3, std::byte{'x'});
    EXPECT_TRUE(tree->write(file.number(), bytes, 2, path).ok());
    EXPECT_TRUE(tree->finish_file(file.number(), 0644, path).ok());
    EXPECT_TRUE(tree->make_directory(hand, "a/b").ok());
    EXPECT_TRUE(tree->finish({{.kind = ArchiveEntryKind::kDirectory, .mode = 0700, .path = "a/b"},
                              {.kind = ArchiveEntryKind::kFile, .mode = 0644, .path = path}})
                    .ok());
    EXPECT_FALSE(std::filesystem::exists(at("tree")));
    EXPECT_TRUE(tree->publish().ok());
    tree.reset();
    const auto found = test::tree_of(at("tree"));
    EXPECT_EQ(found.at("a/b/file"), "file " + std::to_string(0644) + " " + std::string("\0\0xxx", 5));
    EXPECT_EQ(found.at("a/b"), "directory " + std::to_string(0700));
    EXPECT_EQ(place_.names(), (std::set<std::string>{"tree"}));
    std::filesystem::remove_all(at("tree"));
  }
}

TEST_F(TargetTreeTest, nothingIsWrittenThroughALinkOrOverWhatIsThere) {
  test::write_file(at("outside/file"), "stays");
  auto tree = TargetTree::create(FileCalls::system(), at("tree"), false, false).value();
  const std::string part = *place_.names_ending(".part").begin();
  std::filesystem::create_directory_symlink(at("outside"), at(part + "/link"));
  test::write_file(at(part + "/there"), "stays");
  TargetTree::Hand hand;
  EXPECT_EQ(tree->create_file(hand, "link/file", 0644).status().code(), Code::kCorrupt);
  EXPECT_EQ(tree->create_file(hand, "link/new", 0644).status().code(), Code::kCorrupt);
  EXPECT_EQ(tree->create_file(hand, "link", 0644).status().code(), Code::kCorrupt);
  EXPECT_EQ(tree->create_file(hand, "there", 0644).status().code(), Code::kCorrupt);
  EXPECT_EQ(tree->create_file(hand, "there/below", 0644).status().code(), Code::kCorrupt);
  tree.reset();
  EXPECT_EQ(test::read_file(at("outside/file")), "stays");
  EXPECT_EQ(place_.names(), (std::set<std::string>{"outside"}));
}

TEST_F(TargetTreeTest, takesNobodysName) {
  auto tree = TargetTree::create(FileCalls::system(), at("tree"), false, false).value();
  std::filesystem::create_directory(at("tree"));
  EXPECT_EQ(tree->publish().code(), Code::kState);
  tree.reset();
  EXPECT_EQ(TargetTree::create(FileCalls::system(), at("tree"), false, false).status().code(), Code::kState);
  EXPECT_EQ(place_.names(), (std::set<std::string>{"tree"}));
}

}  // namespace
}  // namespace windlass
