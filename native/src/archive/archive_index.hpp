// The index behind an archive's frames, and the seal behind the index.
//
// Both are skippable frames, which other tools pass over, and end with a footer of fixed size, so that they are found
// from the archive's end. The index has a head, the writer's note, and a table, compressed. All of its numbers are
// little-endian.
//
//   index   u32 0x184D2A5D, u32 payload bytes; payload: head (80), note, table, footer (32)
//   head    magic "WLINDEX1", u32 version, u32 flags (1: sealable), u64 entries, u64 frames, u64 bytes of the tar,
//           u64 bytes of the files, u64 bytes of the frames, u64 bytes of the note, u64 bytes of the table raw,
//           u64 bytes of the table stored
//   footer  XXH3-128 of head, note and table as stored; u64 payload bytes; magic
//   table   of the entries, column by column: kinds (1 byte), header blocks (2), bytes (8); XXH3-128 of each file that
//           has content. Of the frames: bytes stored (4), raw (4), XXH3-128 as stored; if sealable, SHA-256 as stored.
//           Columns of numbers are stored byte by byte: all lowest bytes first.
//   seal    u32 0x184D2A5E, u32 payload bytes; payload: the seal, footer: u64 payload bytes, magic "WLSEAL_1"
//
// A file that lies in several frames has, as its XXH3-128, that of the XXH3-128s of its pieces, one behind the other.
// The root is the SHA-256 of head, note and table as stored.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "archive/archive_types.hpp"
#include "base/status.hpp"
#include "memory/copy.hpp"

namespace windlass {

inline constexpr uint64_t kSkippableHeadBytes = 8;
inline constexpr uint64_t kIndexHeadBytes = 80;
inline constexpr uint64_t kIndexFooterBytes = 32;
inline constexpr uint64_t kSealFooterBytes = 16;
inline constexpr uint64_t kMostIndexBytes = kGiB;
// Headers come on top of a frame's content.
inline constexpr uint64_t kMostRawFrameBytes = kMostFrameBytes + kMiB;

struct IndexedFrame {
  uint32_t stored_bytes = 0;
  uint32_t raw_bytes = 0;
  Hash128 hash;
  Digest digest{};  // if sealable
};

struct IndexedEntry {
  ArchiveEntryKind kind = ArchiveEntryKind::kFile;
  uint64_t header_bytes = 0;
  uint64_t bytes = 0;
  Hash128 hash;  // of files with content
};

struct IndexHead {
  bool sealable = false;
  uint64_t entries = 0;  // with the tree's own directory
  uint64_t frames = 0;
  uint64_t tar_bytes = 0;
  uint64_t file_bytes = 0;
  uint64_t data_bytes = 0;
  uint64_t note_bytes = 0;
  uint64_t table_raw_bytes = 0;
  uint64_t table_stored_bytes = 0;
};

struct IndexTable {
  std::vector<IndexedEntry> entries;
  std::vector<IndexedFrame> frames;
};

struct EncodedIndex {
  std::vector<std::byte> frame;
  Digest root{};
};

// The hash of a file, from those of its pieces.
Hash128 combined_hash(const std::vector<Hash128>& pieces);

// Errors: kNoMemory; kNoSpace (it is larger than a frame can be).
Result<EncodedIndex> encode_index(bool sealable, const IndexTable& table, std::span<const std::byte> note);

// What an index says of itself, once its checksum has been found right. frame is all of it, its skippable frame's head
// included. Errors: kCorrupt; kUnsupported (a later version).
struct CheckedIndex {
  IndexHead head;
  std::span<const std::byte> note;   // within the frame
  std::span<const std::byte> table;  // the same
  Digest root{};
};
Result<CheckedIndex> check_index(std::span<const std::byte> frame);

// Its table, of which all sums are right: frames and entries are as many bytes as the head says, and no header lies in
// two frames. Errors: kCorrupt; kNoMemory.
Result<IndexTable> decode_table(const CheckedIndex& index);

// How long the index or the seal is that these last bytes of an archive end; nothing where they end neither.
uint64_t index_frame_bytes(std::span<const std::byte> last) noexcept;
uint64_t seal_frame_bytes(std::span<const std::byte> last) noexcept;

std::vector<std::byte> encode_seal(std::span<const std::byte> seal);
// Errors: kCorrupt.
Result<std::span<const std::byte>> decode_seal(std::span<const std::byte> frame);

}  // namespace windlass
