// What the catalogue refuses is in attack_test; here is what it lets through, and its limits.
#include "archive/catalogue.hpp"

#include <gtest/gtest.h>

namespace windlass {
namespace {

ArchiveEntry entry(ArchiveEntryKind kind, const std::string& path, const std::string& target = "", uint64_t bytes = 0) {
  return {.kind = kind, .mode = 0644, .bytes = bytes, .path = path, .target = target};
}

TEST(CatalogueTest, linksThatStayWithinAreTakenAndEntriesComeInTheirOrder) {
  const ArchiveLoadOptions options;
  Catalogue catalogue(options, 1000);
  const std::vector<ArchiveEntry> entries{
      entry(ArchiveEntryKind::kDirectory, ""),
      entry(ArchiveEntryKind::kFile, "a/b/file", "", 7),
      entry(ArchiveEntryKind::kSymbolicLink, "a/b/up", "../.."),
      entry(ArchiveEntryKind::kSymbolicLink, "a/through", "b/up/a/b/file"),
      entry(ArchiveEntryKind::kSymbolicLink, "dangling", "a/nowhere"),
      entry(ArchiveEntryKind::kSymbolicLink, "itself", "."),
      entry(ArchiveEntryKind::kHardLink, "hard", "./a/b/file"),
  };
  for (uint64_t number = entries.size(); number-- > 0;) ASSERT_TRUE(catalogue.admit(number, entries[number]).ok());
  ASSERT_TRUE(catalogue.finish().ok());
  ASSERT_EQ(catalogue.entries().size(), entries.size());
  for (size_t at = 0; at < entries.size(); ++at) EXPECT_EQ(catalogue.entries()[at].path, entries[at].path);
  EXPECT_EQ(catalogue.entries().back().target, "a/b/file");
  EXPECT_EQ(catalogue.raw_bytes(), 7U);
}

TEST(CatalogueTest, aLinkThatLeavesByWayOfAnotherIsRefusedInAnyOrder) {
  for (const bool reversed : {false, true}) {
    const ArchiveLoadOptions options;
    Catalogue catalogue(options, 1000);
    std::vector<ArchiveEntry> entries{entry(ArchiveEntryKind::kSymbolicLink, "a/one", ".."),
                                      entry(ArchiveEntryKind::kSymbolicLink, "b/two", "../a/one/../x")};
    if (reversed) std::swap(entries[0], entries[1]);
    for (uint64_t number = 0; number < 2; ++number) ASSERT_TRUE(catalogue.admit(number, entries[number]).ok());
    EXPECT_EQ(catalogue.finish().code(), Code::kCorrupt);
  }
}

TEST(CatalogueTest, caseCollisionsCanBeAllowed) {
  ArchiveLoadOptions options;
  options.allow_case_collisions = true;
  Catalogue catalogue(options, 1000);
  EXPECT_TRUE(catalogue.admit(0, entry(ArchiveEntryKind::kFile, "A/x")).ok());
  EXPECT_TRUE(catalogue.admit(1, entry(ArchiveEntryKind::kFile, "a/X")).ok());
  EXPECT_TRUE(catalogue.finish().ok());
}

TEST(CatalogueTest, sizesThatOverflowAreRefused) {
  const ArchiveLoadOptions options;
  Catalogue catalogue(options, 1000);
  EXPECT_EQ(catalogue.admit(0, entry(ArchiveEntryKind::kFile, "a", "", UINT64_MAX)).code(), Code::kNoSpace);
  EXPECT_EQ(catalogue.admit(1, entry(ArchiveEntryKind::kFile, "b", "", UINT64_MAX)).code(), Code::kNoSpace);
}

TEST(CatalogueTest, theRatioCountsBeyondWhatIsFreeOfIt) {
  ArchiveLoadOptions options;
  EXPECT_TRUE(check_limits(options, kGiB, 1).ok());
  EXPECT_EQ(check_limits(options, kGiB + 1, 1).code(), Code::kNoSpace);
  options.free_of_ratio_bytes = kStreamFreeOfRatioBytes;
  options.most_ratio = 10;
  EXPECT_TRUE(check_limits(options, 64 * kMiB, 1).ok());
  EXPECT_EQ(check_limits(options, 64 * kMiB + 1, 1).code(), Code::kNoSpace);
  EXPECT_TRUE(check_limits(options, 100 * kMiB, 10 * kMiB).ok());
  EXPECT_EQ(check_limits(options, 101 * kMiB, 10 * kMiB).code(), Code::kNoSpace);
}

TEST(CatalogueTest, whatALoadWouldRefuseIsUnsupportedForASaveAndToldOnce) {
  EXPECT_TRUE(not_loadable(Status()).ok());
  ArchiveLoadOptions options;
  options.most_entries = 1;
  const Status many = not_loadable(check_entry_limit(options, 2));
  EXPECT_EQ(many.code(), Code::kUnsupported);
  EXPECT_TRUE(many.message().starts_with(kNotLoadable)) << many.message();
  Catalogue catalogue(options, 1, kNotLoadable);
  const Status link = not_loadable(catalogue.admit(0, entry(ArchiveEntryKind::kSymbolicLink, "a", "/b")));
  EXPECT_EQ(link.code(), Code::kUnsupported);
  EXPECT_TRUE(link.message().ends_with(kNotLoadable)) << link.message();
}

}  // namespace
}  // namespace windlass
