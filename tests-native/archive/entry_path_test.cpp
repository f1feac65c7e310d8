#include "archive/entry_path.hpp"

#include <gtest/gtest.h>

namespace windlass {
namespace {

TEST(EntryPathTest, ordinaryPathsAreTakenAsTheyAre) {
  EXPECT_EQ(checked_path("a", ArchiveEntryKind::kFile).value(), "a");
  EXPECT_EQ(checked_path("./a/b", ArchiveEntryKind::kFile).value(), "a/b");
  EXPECT_EQ(checked_path("a/b/", ArchiveEntryKind::kDirectory).value(), "a/b");
  EXPECT_EQ(checked_path(".", ArchiveEntryKind::kDirectory).value(), "");
  EXPECT_EQ(checked_path("./", ArchiveEntryKind::kDirectory).value(), "");
  EXPECT_EQ(checked_path("..a/b..", ArchiveEntryKind::kFile).value(), "..a/b..");
  EXPECT_EQ(checked_path("a\\b\n", ArchiveEntryKind::kFile).value(), "a\\b\n");
  EXPECT_TRUE(checked_path(std::string(255, 'n'), ArchiveEntryKind::kFile).ok());
}

TEST(EntryPathTest, pathsThatLeadElsewhereAreRefused) {
  for (const std::string& path :
       {std::string(), std::string("/"), std::string("/a"), std::string(".."), std::string("../a"), std::string("a/.."),
        std::string("a/../b"), std::string("./../b"), std::string("a//b"), std::string("a/./b"), std::string("././a"),
        std::string("a/."), std::string("a\0b", 3), std::string(256, 'n'), std::string("//")}) {
    EXPECT_EQ(checked_path(path, ArchiveEntryKind::kFile).status().code(), Code::kCorrupt) << path;
    EXPECT_EQ(checked_path(path, ArchiveEntryKind::kDirectory).status().code(), Code::kCorrupt) << path;
  }
  std::string deep;
  for (int i = 0; i < 2049; ++i) deep += "d/";
  EXPECT_FALSE(checked_path(deep + "f", ArchiveEntryKind::kFile).ok());
  EXPECT_FALSE(checked_path(".", ArchiveEntryKind::kFile).ok());
  EXPECT_FALSE(checked_path("a/", ArchiveEntryKind::kFile).ok());
  EXPECT_FALSE(checked_path("a//", ArchiveEntryKind::kDirectory).ok());
}

TEST(EntryPathTest, parentsAndNames) {
  EXPECT_EQ(parent_of("a/b/c"), "a/b");
  EXPECT_EQ(parent_of("a"), "");
  EXPECT_EQ(name_of("a/b/c"), "c");
  EXPECT_EQ(name_of("a"), "a");
}

TEST(EntryPathTest, permissionsAreReduced) {
  EXPECT_EQ(saved_mode(ArchiveEntryKind::kFile, 0664), 0644U);
  EXPECT_EQ(saved_mode(ArchiveEntryKind::kFile, 0100), 0700U);
  EXPECT_EQ(saved_mode(ArchiveEntryKind::kFile, 0400), 0600U);
  EXPECT_EQ(saved_mode(ArchiveEntryKind::kDirectory, 01777), 0755U);
  EXPECT_EQ(saved_mode(ArchiveEntryKind::kDirectory, 0500), 0700U);
  EXPECT_EQ(loaded_mode(ArchiveEntryKind::kFile, 06777), 0755U);
  EXPECT_EQ(loaded_mode(ArchiveEntryKind::kFile, 0444), 0444U);
  EXPECT_EQ(loaded_mode(ArchiveEntryKind::kDirectory, 0), 0700U);
}

}  // namespace
}  // namespace windlass
