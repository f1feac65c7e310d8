// Tables that disagree with the tar are in attack_test.
#include "archive/archive_index.hpp"

#include <gtest/gtest.h>

#include "archive/hand_archives.hpp"
#include "archive/trees.hpp"

namespace windlass {
namespace {

IndexTable table() {
  IndexTable made;
  made.entries.push_back({ArchiveEntryKind::kDirectory, 1536, 0, {}});
  made.entries.push_back({ArchiveEntryKind::kFile, 512, 700, {1, 2}});
  made.entries.push_back({ArchiveEntryKind::kFile, 512, 0, {}});
  made.entries.push_back({ArchiveEntryKind::kSymbolicLink, 512, 0, {}});
  IndexedFrame frame;
  frame.stored_bytes = 100;
  frame.raw_bytes = 1536 + 512 + 1024 + 512 + 512 + 1024;
  frame.hash = {3, 4};
  frame.digest.fill(std::byte{9});
  made.frames.push_back(frame);
  return made;
}

TEST(ArchiveIndexTest, whatIsEncodedIsDecoded) {
  const std::vector<std::byte> note(100, std::byte{5});
  for (const bool sealable : {false, true}) {
    const EncodedIndex encoded = encode_index(sealable, table(), note).value();
    EXPECT_EQ(index_frame_bytes(encoded.frame), encoded.frame.size());
    const CheckedIndex checked = check_index(encoded.frame).value();
    EXPECT_EQ(checked.root, encoded.root);
    EXPECT_EQ(checked.head.sealable, sealable);
    EXPECT_EQ(checked.head.entries, 4U);
    EXPECT_EQ(checked.head.file_bytes, 700U);
    EXPECT_EQ(checked.head.data_bytes, 100U);
    EXPECT_TRUE(std::equal(note.begin(), note.end(), checked.note.begin(), checked.note.end()));
    const IndexTable back = decode_table(checked).value();
    ASSERT_EQ(back.entries.size(), 4U);
    EXPECT_EQ(back.entries[1].bytes, 700U);
    EXPECT_EQ(back.entries[1].hash, (Hash128{1, 2}));
    EXPECT_EQ(back.entries[0].header_bytes, 1536U);
    EXPECT_EQ(back.frames[0].hash, (Hash128{3, 4}));
    EXPECT_EQ(back.frames[0].digest == table().frames[0].digest, sealable);
  }
}

TEST(ArchiveIndexTest, anyChangedByteAndAnyLengthIsRefused) {
  const EncodedIndex encoded = encode_index(true, table(), {}).value();
  for (size_t at = 0; at < encoded.frame.size(); ++at) {
    std::vector<std::byte> changed = encoded.frame;
    changed[at] ^= std::byte{0x10};
    const bool is_found = index_frame_bytes(changed) == changed.size();
    EXPECT_FALSE(is_found && check_index(changed).ok() && at < changed.size() - 16) << at;
    EXPECT_FALSE(check_index(std::span(encoded.frame).first(at)).ok()) << at;
  }
}

TEST(ArchiveIndexTest, theHashOfAFileInPiecesIsThatOfTheirHashes) {
  EXPECT_EQ(combined_hash({{1, 2}}), (Hash128{1, 2}));
  const std::vector<uint64_t> words{1, 2, 3, 4};
  EXPECT_EQ(combined_hash({{1, 2}, {3, 4}}), hash(words.data(), 32));
}

TEST(ArchiveSealTest, sealsAreFoundFromTheEnd) {
  for (const size_t bytes : {size_t{0}, size_t{1}, size_t{65536}}) {
    const std::vector<std::byte> seal(bytes, std::byte{7});
    const std::vector<std::byte> frame = encode_seal(seal);
    EXPECT_EQ(seal_frame_bytes(frame), frame.size());
    const auto back = decode_seal(frame).value();
    EXPECT_TRUE(std::equal(seal.begin(), seal.end(), back.begin(), back.end()));
    EXPECT_FALSE(decode_seal(std::span(frame).first(frame.size() - 1)).ok());
  }
  EXPECT_EQ(seal_frame_bytes(encode_seal(std::vector<std::byte>(65537))), 0U);
  EXPECT_EQ(seal_frame_bytes({}), 0U);
  EXPECT_EQ(index_frame_bytes({}), 0U);
}

}  // namespace
}  // namespace windlass
