#include "archive/frame_layout.hpp"

#include <gtest/gtest.h>

#include <random>

#include "archive/tar_format.hpp"

namespace windlass {
namespace {

// Goal: whatever the sizes, each byte of each file lies in one frame, in order, and no headers in two.
// Method: by chance.
TEST(FrameLayoutTest, everyByteHasItsPlace) {
  std::mt19937_64 random(3);
  for (uint64_t round = 0; round < 300; ++round) {
    IndexTable table;
    const uint64_t frame_bytes = kLeastFrameBytes + random() % 3 * 4096;
    for (uint64_t entries = 1 + random() % 60; entries != 0; --entries) {
      IndexedEntry entry;
      entry.header_bytes = kTarBlockBytes * (1 + random() % 8 % 3 * 2);
      const uint64_t sizes[] = {0,
                                random() % 600,
                                random() % 70'000,
                                frame_bytes,
                                frame_bytes - entry.header_bytes,
                                random() % 500'000,
                                3 * frame_bytes};
      entry.bytes = sizes[random() % std::size(sizes)];
      table.entries.push_back(entry);
    }
    table.frames = plan_frames(table.entries, frame_bytes);
    const FrameLayout layout = lay_out(table);
    uint64_t entry = 0;
    uint64_t content = 0;
    uint32_t number = 0;
    bool begun = false;
    for (size_t frame = 0; frame < table.frames.size(); ++frame) {
      ASSERT_LE(table.frames[frame].raw_bytes, frame_bytes + kTarEndBytes);
      ASSERT_EQ(table.frames[frame].raw_bytes % kTarBlockBytes, 0U);
      uint64_t at = 0;
      for (const FramePiece& piece : layout.frames[frame]) {
        if (piece.has_header) {
          if (begun) ++entry;
          begun = true;
          content = 0;
          number = 0;
        }
        ASSERT_EQ(piece.entry, entry);
        ASSERT_EQ(piece.raw_at, at);
        ASSERT_EQ(piece.content_at, content);
        if (piece.content_bytes != 0) {
          ASSERT_EQ(piece.number, number++);
        }
        content += piece.content_bytes;
        at += (piece.has_header ? table.entries[entry].header_bytes : 0) + tar_padded(piece.content_bytes);
        ASSERT_LE(at, table.frames[frame].raw_bytes);
        if (content == table.entries[entry].bytes) {
          ASSERT_EQ(layout.piece_counts[entry], number);
        }
      }
      const bool last = frame + 1 == table.frames.size();
      ASSERT_EQ(at + (last ? kTarEndBytes : 0), table.frames[frame].raw_bytes);
    }
    ASSERT_EQ(entry + 1, table.entries.size());
    ASSERT_EQ(content, table.entries.back().bytes);
  }
}

TEST(FrameLayoutTest, aFileThatFitsAFrameIsNotSplit) {
  IndexTable table;
  for (uint64_t i = 0; i < 20; ++i) {
    IndexedEntry entry;
    entry.header_bytes = kTarBlockBytes;
    entry.bytes = 40 * kKiB;
    table.entries.push_back(entry);
  }
  table.frames = plan_frames(table.entries, kLeastFrameBytes);
  EXPECT_EQ(table.frames.size(), 20U);
  for (const uint32_t pieces : lay_out(table).piece_counts) EXPECT_EQ(pieces, 1U);
}

}  // namespace
}  // namespace windlass
