#include "archive/frame_layout.hpp"

#include <algorithm>

#include "archive/tar_format.hpp"

namespace windlass {

std::vector<IndexedFrame> plan_frames(const std::vector<IndexedEntry>& entries, uint64_t frame_bytes) {
  std::vector<IndexedFrame> frames;
  uint64_t used = 0;
  const auto close = [&] {
    IndexedFrame frame;
    frame.raw_bytes = static_cast<uint32_t>(used);
    frames.push_back(frame);
    used = 0;
  };
  for (const IndexedEntry& entry : entries) {
    uint64_t content = tar_padded(entry.bytes);
    const uint64_t whole = entry.header_bytes + std::min(content, frame_bytes);
    if (used != 0 && used + whole > frame_bytes && (whole <= frame_bytes || used + entry.header_bytes >= frame_bytes)) {
      close();
    }
    used += entry.header_bytes;
    while (content != 0) {
      if (used >= frame_bytes) close();
      const uint64_t taken = std::min(content, (frame_bytes - used) / kTarBlockBytes * kTarBlockBytes);
      // Headers may have left less than a block.
      if (taken == 0) {
        close();
        continue;
      }
      used += taken;
      content -= taken;
    }
  }
  used += kTarEndBytes;
  close();
  return frames;
}

FrameLayout lay_out(const IndexTable& table) {
  FrameLayout layout;
  layout.frames.resize(table.frames.size());
  layout.piece_counts.resize(table.entries.size());
  size_t frame = 0;
  uint64_t at = 0;  // in the frame
  const auto skip_full = [&] {
    while (frame < table.frames.size() && at >= table.frames[frame].raw_bytes) {
      at -= table.frames[frame].raw_bytes;
      ++frame;
    }
  };
  for (uint64_t number = 0; number < table.entries.size(); ++number) {
    const IndexedEntry& entry = table.entries[number];
    skip_full();
    FramePiece piece{.entry = number, .has_header = true, .raw_at = at};
    at += entry.header_bytes;
    uint64_t left = entry.bytes;
    while (true) {
      const uint64_t room = table.frames[frame].raw_bytes - at;
      piece.content_at = entry.bytes - left;
      piece.content_bytes = std::min(left, room);
      piece.number = layout.piece_counts[number];
      if (piece.content_bytes != 0) ++layout.piece_counts[number];
      layout.frames[frame].push_back(piece);
      left -= piece.content_bytes;
      at += tar_padded(piece.content_bytes);
      if (left == 0) break;
      skip_full();
      piece = {.entry = number, .raw_at = at};
    }
  }
  return layout;
}

}  // namespace windlass
