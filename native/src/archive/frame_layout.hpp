// Which part of which entry lies where in which frame: what a writer decides, and a reader finds out from the index.
#pragma once

#include <cstdint>
#include <vector>

#include "archive/archive_index.hpp"
#include "archive/archive_types.hpp"

namespace windlass {

// A part of a frame: an entry's headers, some of its content, or both.
struct FramePiece {
  uint64_t entry = 0;
  bool has_header = false;
  uint64_t raw_at = 0;         // where it begins in the frame
  uint64_t content_at = 0;     // where its content begins in the file
  uint64_t content_bytes = 0;  // without the zeros behind it
  uint32_t number = 0;         // of the pieces of the file that have content
};

struct FrameLayout {
  std::vector<std::vector<FramePiece>> frames;
  std::vector<uint32_t> piece_counts;  // of each entry: the pieces that have content
};

// How large frames are to be: small files are packed, and a file lies in several frames only where one is too small.
std::vector<IndexedFrame> plan_frames(const std::vector<IndexedEntry>& entries, uint64_t frame_bytes);

// The table must add up, as decode_table makes sure.
FrameLayout lay_out(const IndexTable& table);

}  // namespace windlass
