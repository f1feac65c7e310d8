#include "archive/tar_format.hpp"

#include <gtest/gtest.h>

#include "archive/hand_archives.hpp"
#include "archive/trees.hpp"

namespace windlass {
namespace {

Result<std::optional<TarHeader>> parse(const std::vector<std::byte>& bytes) {
  MemorySource source(bytes);
  return TarReader().next(source);
}

// A path that fits a header's two fields, or just does not.
std::string far(size_t prefix_bytes) {
  std::string path(prefix_bytes, 'p');
  path += '/';
  path.append(100, 'n');
  return path;
}

TEST(TarFormatTest, whatIsWrittenIsReadAsItWas) {
  const std::vector<ArchiveEntry> entries{
      {.kind = ArchiveEntryKind::kFile, .mode = 0644, .bytes = 5, .path = "a"},
      {.kind = ArchiveEntryKind::kDirectory, .mode = 0700, .path = "directory"},
      {.kind = ArchiveEntryKind::kDirectory, .mode = 0755, .path = ""},
      {.kind = ArchiveEntryKind::kSymbolicLink, .mode = 0777, .path = "link", .target = "somewhere"},
      {.kind = ArchiveEntryKind::kSymbolicLink, .mode = 0777, .path = "far", .target = std::string(300, 't')},
      {.kind = ArchiveEntryKind::kFile, .mode = 0755, .bytes = uint64_t{9} << 30U, .path = "large"},
      {.kind = ArchiveEntryKind::kFile, .mode = 0644, .bytes = 0, .path = std::string(100, 'n')},
      {.kind = ArchiveEntryKind::kFile, .mode = 0644, .bytes = 1, .path = far(155)},
      {.kind = ArchiveEntryKind::kFile, .mode = 0644, .bytes = 1, .path = far(156)},
      {.kind = ArchiveEntryKind::kFile, .mode = 0644, .bytes = 1, .path = "x/" + std::string(101, 'n')},
      {.kind = ArchiveEntryKind::kDirectory, .mode = 0755, .path = "x/" + std::string(101, 'n')},
      {.kind = ArchiveEntryKind::kFile, .mode = 0644, .bytes = 1, .path = "größe"},
  };
  for (const ArchiveEntry& entry : entries) {
    for (const bool marked : {false, true}) {
      const std::vector<std::byte> bytes = tar_header(entry, marked);
      MemorySource source(bytes);
      TarReader reader;
      const auto found = reader.next(source);
      ASSERT_TRUE(found.ok()) << found.status().to_string();
      ASSERT_TRUE(found->has_value());
      const TarHeader& header = **found;
      EXPECT_EQ(header.header_bytes, bytes.size());
      EXPECT_TRUE(source.rest().empty());
      EXPECT_EQ(reader.marked(), marked);
      EXPECT_EQ(header.entry.kind, entry.kind);
      EXPECT_EQ(header.entry.mode, entry.mode);
      EXPECT_EQ(header.entry.bytes, entry.bytes);
      EXPECT_EQ(header.entry.target, entry.target);
      const bool slash = entry.kind == ArchiveEntryKind::kDirectory;
      EXPECT_EQ(header.entry.path, entry.path.empty() ? "./" : entry.path + (slash ? "/" : ""));
    }
  }
}

TEST(TarFormatTest, theEndIsTwoBlocksOfZeros) {
  std::vector<std::byte> zeros(1024);
  EXPECT_FALSE(parse(zeros).value().has_value());
  zeros[700] = std::byte{1};
  EXPECT_EQ(parse(zeros).status().code(), Code::kCorrupt);
  EXPECT_EQ(parse(std::vector<std::byte>(512)).status().code(), Code::kCorrupt);
  EXPECT_EQ(parse({}).status().code(), Code::kCorrupt);
}

TEST(TarFormatTest, anyWrongByteOfAHeaderIsFound) {
  const std::vector<std::byte> header = tar_header({.kind = ArchiveEntryKind::kFile, .mode = 0644, .path = "a"}, false);
  for (size_t at = 0; at < header.size(); ++at) {
    std::vector<std::byte> wrong = header;
    wrong[at] ^= std::byte{1};
    const auto found = parse(wrong);
    // The last digit of the checksum's field may end it in more than one way.
    if (at != 155) {
      EXPECT_FALSE(found.ok() && found->has_value()) << at;
    }
  }
}

std::vector<std::byte> with_extension(char type, const std::string& content, const std::string& path = "short") {
  std::vector<std::byte> bytes = test::tar_of({{"long", type, content}, {path, '0', "x"}});
  return bytes;
}

TEST(TarFormatTest, longNamesOfGnuAndRecordsOfPaxAreRead) {
  const std::string name(200, 'g');
  EXPECT_EQ((*parse(with_extension('L', name + std::string(1, '\0'))))->entry.path, name);
  EXPECT_EQ((*parse(with_extension('x', "16 path=renamed\n")))->entry.path, "renamed");
  EXPECT_EQ((*parse(with_extension('x', "20 atime=1234567.89\n")))->entry.path, "short");
  EXPECT_EQ((*parse(with_extension('g', "20 comment=anything\n")))->entry.path, "short");
}

TEST(TarFormatTest, damagedRecordsAreRefused) {
  for (const std::string record :
       {"16 path=renamed", "x path=a\n", "99 path=a\n", "3 =\n", "10 path a\n", "0 path=a\n", "11 size=abc\n",
        "33 size=99999999999999999999999\n", "18446744073709551616 path=a\n"}) {
    EXPECT_EQ(parse(with_extension('x', record)).status().code(), Code::kCorrupt) << record;
  }
  EXPECT_EQ(parse(with_extension('g', "10 path=a\n")).status().code(), Code::kUnsupported);
  EXPECT_EQ(parse(with_extension('x', "22 GNU.sparse.major=1\n")).status().code(), Code::kUnsupported);
}

TEST(TarFormatTest, manyOrLargeExtensionsAreRefused) {
  std::vector<test::HandEntry> entries(20, {"x", 'x', "10 path=a\n"});
  EXPECT_EQ(parse(test::tar_of(entries)).status().code(), Code::kCorrupt);
  EXPECT_EQ(parse(with_extension('L', std::string((1 << 20) + 1, 'n'))).status().code(), Code::kCorrupt);
  EXPECT_EQ(parse(test::ended(test::tar_of({{"x", 'x', "10 path=a\n"}}))).status().code(), Code::kCorrupt);
}

TEST(MemorySourceTest, givesWhatThereIsAndNoMore) {
  const std::vector<std::byte> bytes(10);
  MemorySource source(bytes);
  std::vector<std::byte> room(6);
  EXPECT_TRUE(source.read(room).ok());
  EXPECT_EQ(source.rest().size(), 4U);
  EXPECT_EQ(source.read(room).code(), Code::kCorrupt);
}

}  // namespace
}  // namespace windlass
