// Archives that mean harm, made by hand: as a plain tar, as a .tar.zst, and with an index that agrees with them. All
// are refused with their reason, and leave nothing.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "archive/hand_archives.hpp"
#include "archive/trees.hpp"

namespace windlass {
namespace {

using test::HandEntry;

struct Attack {
  std::string name;
  std::string why;
  std::vector<HandEntry> entries;
};

std::vector<Attack> attacks() {
  const std::string long_name(256, 'n');
  const std::string pax_path = "290 path=x/" + std::string(256, 'n');
  return {
      {"absolutePath", "absolute", {{"/etc/evil", '0', "x"}}},
      {"absoluteDirectory", "absolute", {{"/evil/", '5'}}},
      {"upwards", "leads upwards", {{"../evil", '0', "x"}}},
      {"upwardsWithin", "leads upwards", {{"a/../../evil", '0', "x"}}},
      {"upwardsAtTheEnd", "leads upwards", {{"a/..", '5'}}},
      {"upwardsAlone", "leads upwards", {{"..", '5'}}},
      {"emptyPath", "is empty", {{"", '0', "x"}}},
      {"emptyPart", "empty part", {{"a//b", '0', "x"}}},
      {"dotWithin", "\".\"", {{"a/./b", '0', "x"}}},
      {"fileWithASlash", "slash", {{"a/", '1', "", "b"}}},
      {"linkUpwards", "leads out", {{"link", '2', "", "../outside"}}},
      {"linkUpwardsFromWithin", "leads out", {{"a/link", '2', "", "../../outside"}}},
      {"linkAbsolute", "outside", {{"link", '2', "", "/etc/passwd"}}},
      {"linkByTwoHops", "leads out", {{"a/x", '0', "x"}, {"b", '2', "", "a/.."}, {"c", '2', "", "b/../outside"}}},
      {"linkByTwoHopsForward", "leads out", {{"a", '2', "", "b/../../x"}, {"b", '2', "", "."}, {"d/e", '0', "x"}}},
      {"linkRound", "goes round", {{"a", '2', "", "b"}, {"b", '2', "", "a"}}},
      {"linkToItself", "goes round", {{"a", '2', "", "a/b"}}},
      {"linkToNothing", "name that cannot be", {{"a", '2', "", ""}}},
      {"fileThroughALink", "no directory", {{"d", '2', "", "e"}, {"d/file", '0', "x"}, {"e/x", '0', "x"}}},
      {"fileThroughALaterLink", "no directory", {{"d/file", '0', "x"}, {"d", '2', "", "."}}},
      {"hardLinkUpwards", "leads upwards", {{"hard", '1', "", "../../etc/passwd"}}},
      {"hardLinkAbsolute", "outside", {{"hard", '1', "", "/etc/passwd"}}},
      {"hardLinkToNothing", "no file before it", {{"hard", '1', "", "nothing"}}},
      {"hardLinkToALaterFile", "no file before it", {{"hard", '1', "", "later"}, {"later", '0', "x"}}},
      {"hardLinkToALink", "no file before it", {{"link", '2', "", "x"}, {"hard", '1', "", "link"}}},
      {"hardLinkToADirectory", "no file before it", {{"d", '5'}, {"hard", '1', "", "d"}}},
      {"twice", "comes twice", {{"a", '0', "x"}, {"a", '0', "y"}}},
      {"fileThenLink", "comes twice", {{"a", '0', "x"}, {"a", '2', "", "b"}}},
      {"fileThenDirectory", "comes twice", {{"a", '0', "x"}, {"a", '5'}}},
      {"caseOfFiles", "case only", {{"readme", '0', "x"}, {"README", '0', "y"}}},
      {"caseOfDirectories", "case only", {{"d/x", '0', "x"}, {"D/y", '0', "y"}}},
      {"fileAsDirectory", "", {{"a", '0', "x"}, {"a/b", '0', "x"}}},
      {"directoryAsFile", "", {{"a/b", '0', "x"}, {"a", '0', "x"}}},
  };
}

class AttackTest : public test::ArchiveTest, public testing::WithParamInterface<Attack> {};

TEST_P(AttackTest, isRefusedInEveryFormat) {
  std::vector<HandEntry> entries = GetParam().entries;
  // Behind something harmless, so that there is something to leave behind.
  entries.insert(entries.begin(), {"harmless", '0', test::words(3000, 1)});
  const std::vector<std::byte> tar = test::ended(test::tar_of(entries));
  test::write_bytes(at("archive.tar"), tar);
  test::write_bytes(at("archive.tar.zst"), test::compressed(tar));
  test::write_bytes(at("indexed.tar.zst"), test::indexed(entries));
  for (const std::string archive : {"archive.tar", "archive.tar.zst", "indexed.tar.zst"}) {
    SCOPED_TRACE(archive);
    // Names that differ in case only are fine where they are allowed.
    const Code code = GetParam().why == "case only" ? Code::kUnsupported : Code::kCorrupt;
    expect_refused(at(archive), code, GetParam().why);
  }
  EXPECT_FALSE(std::filesystem::exists("/etc/evil"));
}

INSTANTIATE_TEST_SUITE_P(Attacks, AttackTest, testing::ValuesIn(attacks()),
                         [](const auto& which) { return which.param.name; });

class StrangeArchiveTest : public test::ArchiveTest {};

TEST_F(StrangeArchiveTest, devicesPipesAndUnknownTypesAreRefused) {
  for (const char type : {'3', '4', '6'}) {
    test::write_bytes(at("archive"), test::ended(test::tar_of({{"a", '0', "x"}, {"device", type}})));
    expect_refused(at("archive"), Code::kCorrupt, "not extracted");
  }
  for (const char type : {'S', 'V', 'M', 'Z'}) {
    test::write_bytes(at("archive"), test::ended(test::tar_of({{"a", '0', "x"}, {"strange", type}})));
    expect_refused(at("archive"), Code::kUnsupported, "strange");
  }
}

TEST_F(StrangeArchiveTest, aBombIsRefusedBeforeItFillsTheDisk) {
  const std::vector<HandEntry> entries{{"bomb", '0', std::string(80 << 20, '\0')}};
  const std::vector<std::byte> tar = test::ended(test::tar_of(entries));
  test::write_bytes(at("archive.tar.zst"), test::compressed(tar));
  expect_refused(at("archive.tar.zst"), Code::kNoSpace, "ratio");
  ArchiveLoadOptions options;
  options.most_ratio = 1e9;
  EXPECT_TRUE(test::verify(at("archive.tar.zst"), options).ok());
  options.most_bytes = 1 << 20;
  expect_refused(at("archive.tar.zst"), Code::kNoSpace, "of files", options);
}

TEST_F(StrangeArchiveTest, manyTinyEntriesAreRefused) {
  std::vector<HandEntry> entries;
  for (uint64_t i = 0; i < 300; ++i) entries.push_back({"file" + std::to_string(i)});
  test::write_bytes(at("archive.tar"), test::ended(test::tar_of(entries)));
  ArchiveLoadOptions options;
  options.most_entries = 299;
  expect_refused(at("archive.tar"), Code::kNoSpace, "entries", options);
  options.most_entries = 300;
  EXPECT_TRUE(test::verify(at("archive.tar"), options).ok());
}

TEST_F(StrangeArchiveTest, specialPermissionsAreNotSet) {
  const std::vector<HandEntry> entries{{"d/", '5', "", "", 07777}, {"d/suid", '0', "x", "", 06755}};
  for (const auto& bytes : {test::ended(test::tar_of(entries)), test::indexed(entries)}) {
    test::write_bytes(at("archive"), bytes);
    ASSERT_TRUE(test::load(at("archive"), at("back")).ok());
    const auto found = test::tree_of(at("back"));
    EXPECT_EQ(found.at("./d"), "directory " + std::to_string(0755));
    EXPECT_EQ(found.at("d/suid"), "file " + std::to_string(0755) + " x");
    std::filesystem::remove_all(at("back"));
  }
}

TEST_F(StrangeArchiveTest, anArchiveCutAnywhereIsRefused) {
  test::make_usual_tree(at("tree"));
  ASSERT_TRUE(test::save(at("tree"), at("archive")).ok());
  const std::vector<std::byte> whole = test::read_bytes(at("archive"));
  const uint64_t data_bytes = check_index(std::span(whole).last(index_frame_bytes(whole)))->head.data_bytes;
  std::vector<uint64_t> cuts{0, 1, 511, data_bytes, data_bytes + 8, whole.size() - 1};
  for (uint64_t cut = 4096; cut < whole.size(); cut += 4096) cuts.push_back(cut);
  for (const uint64_t cut : cuts) {
    SCOPED_TRACE(cut);
    test::write_bytes(at("cut"), std::span(whole).first(cut));
    expect_refused(at("cut"), Code::kCorrupt, "");
  }
}

TEST_F(StrangeArchiveTest, aForeignArchiveCutAnywhereIsRefused) {
  std::vector<HandEntry> entries;
  for (uint64_t i = 0; i < 20; ++i) entries.push_back({"file" + std::to_string(i), '0', test::words(5000, i)});
  const std::vector<std::byte> tar = test::ended(test::tar_of(entries));
  for (const auto& whole : {tar, test::compressed(tar)}) {
    for (uint64_t cut = 512; cut < whole.size(); cut += 4096) {
      SCOPED_TRACE(cut);
      test::write_bytes(at("cut"), std::span(whole).first(cut));
      expect_refused(at("cut"), Code::kCorrupt, "");
    }
  }
}

TEST_F(StrangeArchiveTest, whatIsBehindTheEndIsRefused) {
  const std::vector<HandEntry> entries{{"a", '0', "x"}};
  const std::vector<std::byte> tar = test::ended(test::tar_of(entries));
  for (const auto& whole : {tar, test::compressed(tar), test::indexed(entries)}) {
    std::vector<std::byte> longer = whole;
    for (uint64_t i = 0; i < 700; ++i) longer.push_back(std::byte{'x'});
    test::write_bytes(at("archive"), longer);
    expect_refused(at("archive"), Code::kCorrupt, "");
  }
  // Zeros are how tar pads.
  std::vector<std::byte> padded = tar;
  padded.resize(10240);
  test::write_bytes(at("archive"), padded);
  EXPECT_TRUE(test::verify(at("archive")).ok());
}

TEST_F(StrangeArchiveTest, anyChangedByteIsFound) {
  test::make_usual_tree(at("tree"));
  ArchiveSaveOptions options = test::small_frames();
  options.sealable = true;
  ASSERT_TRUE(test::save(at("tree"), at("archive"), options).ok());
  const std::vector<std::byte> whole = test::read_bytes(at("archive"));
  std::mt19937_64 random(5);
  for (uint64_t round = 0; round < 60; ++round) {
    std::vector<std::byte> changed = whole;
    const size_t where = round < 40 ? random() % whole.size() : whole.size() - 1 - (round - 40) * 7;
    changed[where] ^= std::byte{1} << (random() % 8);
    test::write_bytes(at("changed"), changed);
    const auto verified = test::verify(at("changed"));
    EXPECT_FALSE(verified.ok()) << where << " of " << whole.size();
    EXPECT_FALSE(test::load(at("changed"), at("back")).ok()) << where;
  }
  EXPECT_EQ(place_.names(), (std::set<std::string>{"archive", "changed", "tree"}));
}

TEST_F(StrangeArchiveTest, anIndexThatDisagreesWithTheTarIsRefused) {
  const std::vector<HandEntry> entries{
      {"./", '5'}, {"a", '0', test::words(2000, 1)}, {"b", '0', test::words(600, 2)}, {"c", '2', "", "a"}};
  ASSERT_NO_FATAL_FAILURE(test::write_bytes(at("archive"), test::indexed(entries)));
  EXPECT_TRUE(test::verify(at("archive")).ok());
  const std::vector<std::pair<std::string, std::function<void(IndexTable&)>>> changes{
      {"kind", [](IndexTable& t) { t.entries[0].kind = ArchiveEntryKind::kSymbolicLink; }},
      {"noKind", [](IndexTable& t) { t.entries[0].kind = static_cast<ArchiveEntryKind>(9); }},
      {"bytes", [](IndexTable& t) { t.entries[1].bytes -= 1; }},
      {"moreBytes", [](IndexTable& t) { t.entries[2].bytes += 5000; }},
      {"hugeBytes", [](IndexTable& t) { t.entries[2].bytes = UINT64_MAX - 100; }},
      {"hash", [](IndexTable& t) { t.entries[1].hash.low ^= 1; }},
      {"frameHash", [](IndexTable& t) { t.frames[0].hash.high ^= 1; }},
      {"frameBytes", [](IndexTable& t) { t.frames[0].raw_bytes += 512; }},
      {"fewerEntries", [](IndexTable& t) { t.entries.pop_back(); }},
      {"moreEntries", [](IndexTable& t) { t.entries.push_back(t.entries.back()); }},
      {"noEntries", [](IndexTable& t) { t.entries.clear(); }},
      {"header", [](IndexTable& t) { t.entries[0].header_bytes = 1024; }},
      {"headers", [](IndexTable& t) { t.entries[0].header_bytes = 1024, t.entries[1].bytes -= 512; }},
      {"swapped", [](IndexTable& t) { std::swap(t.entries[1], t.entries[2]); }},
      {"moreFrames", [](IndexTable& t) { t.frames.push_back(t.frames.back()); }},
      {"splitFrames",
       [](IndexTable& t) {
         t.frames[0].raw_bytes -= 1024;
         t.frames.push_back(t.frames[0]);
         t.frames[1].raw_bytes = 1024;
         t.frames[0].stored_bytes -= 10;
         t.frames[1].stored_bytes = 10;
       }},
      {"noFrames", [](IndexTable& t) { t.frames.clear(); }},
  };
  for (const auto& [name, change] : changes) {
    SCOPED_TRACE(name);
    test::write_bytes(at("archive"), test::indexed(entries, change));
    expect_refused(at("archive"), Code::kCorrupt, "");
  }
}

TEST_F(StrangeArchiveTest, whatIsNoArchiveIsToldSo) {
  test::write_file(at("empty"), "");
  expect_refused(at("empty"), Code::kCorrupt, "empty");
  test::write_file(at("text"), test::words(5000, 1));
  expect_refused(at("text"), Code::kCorrupt, "neither");
  test::write_file(at("zeros"), std::string(5000, '\0'));
  expect_refused(at("zeros"), Code::kCorrupt, "");
  test::write_file(at("gzip"), std::string("\x1f\x8b\x08", 3) + std::string(600, 'x'));
  expect_refused(at("gzip"), Code::kUnsupported, "gunzip");
}

}  // namespace
}  // namespace windlass
