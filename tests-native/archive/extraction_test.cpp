#include "archive/extraction.hpp"

#include <gtest/gtest.h>

namespace windlass {
namespace {

TEST(ExtractionTest, anEntryIsAdmittedAsItWillBe) {
  const ArchiveLoadOptions options;
  WorkState work;
  Extraction extraction(options, 1000, work);
  const auto taken = extraction.admit(
      0, {.kind = ArchiveEntryKind::kDirectory, .mode = 07777, .bytes = 0, .path = "./d/", .target = ""});
  ASSERT_TRUE(taken.ok());
  EXPECT_EQ(taken->path, "d");
  EXPECT_EQ(taken->mode, 0755U);
  EXPECT_EQ(work.entries.load(), 1U);
  EXPECT_FALSE(extraction.admit(1, {.kind = ArchiveEntryKind::kFile, .path = "../d"}).ok());
  EXPECT_FALSE(extraction.admit(2, {.kind = ArchiveEntryKind::kFile, .path = "d"}).ok());
}

}  // namespace
}  // namespace windlass
