#include "fuzz/archive_targets.hpp"

#include <optional>
#include <string>

#include "archive/archive_index.hpp"
#include "archive/entry_path.hpp"
#include "archive/frame_layout.hpp"
#include "archive/tar_format.hpp"

namespace windlass::fuzz {

namespace {

bool feed_headers(std::span<const std::byte> input) {
  MemorySource source(input);
  TarReader reader;
  while (true) {
    const size_t before = source.rest().size();
    const Result<std::optional<TarHeader>> header = reader.next(source);
    if (!header.ok() || !header->has_value()) return true;
    if (before - source.rest().size() != (**header).header_bytes) return false;
    const Result<std::string> path = checked_path((**header).entry.path, (**header).entry.kind);
    if (path.ok() && (path->starts_with('/') || path->starts_with("../") || path->ends_with('/'))) return false;
  }
}

// The payload alone, with a checksum that is right, so that chance gets further.
bool feed_index(std::span<const std::byte> input) {
  if (index_frame_bytes(input) > kMostIndexBytes + kSkippableHeadBytes) return false;
  const Result<std::span<const std::byte>> seal = decode_seal(input);
  if (seal.ok() && seal->size() > input.size()) return false;
  const Result<CheckedIndex> index = check_index(input);
  if (!index.ok()) return true;
  const Result<IndexTable> table = decode_table(*index);
  if (!table.ok()) return true;
  const FrameLayout layout = lay_out(*table);
  uint64_t content = 0;
  for (const auto& frame : layout.frames) {
    for (const FramePiece& piece : frame) content += piece.content_bytes;
  }
  return content == index->head.file_bytes;
}

}  // namespace

bool feed_archive(std::span<const std::byte> input) {
  bool held = feed_headers(input) && feed_index(input);
  constexpr uint64_t kAround = kSkippableHeadBytes + kIndexFooterBytes;
  if (input.size() > kAround + kIndexHeadBytes) {
    std::vector<std::byte> repaired(input.begin(), input.end());
    const std::byte* const payload = repaired.data() + kSkippableHeadBytes;
    const Hash128 sum = hash(payload, repaired.size() - kAround);
    for (unsigned at = 0; at < 8; ++at) {
      repaired[repaired.size() - 32 + at] = static_cast<std::byte>(sum.low >> (8 * at));
      repaired[repaired.size() - 24 + at] = static_cast<std::byte>(sum.high >> (8 * at));
    }
    const uint64_t bytes = repaired.size() - kSkippableHeadBytes;
    for (unsigned at = 0; at < 4; ++at) repaired[4 + at] = static_cast<std::byte>(bytes >> (8 * at));
    held = held && feed_index(repaired);
  }
  return held;
}

std::vector<std::vector<std::byte>> archive_seeds() {
  std::vector<std::vector<std::byte>> seeds;
  ArchiveEntry entry;
  entry.path = std::string(300, 'p');
  seeds.push_back(tar_header(entry, true));
  entry.kind = ArchiveEntryKind::kSymbolicLink;
  entry.path = "link";
  entry.target = "target";
  seeds.push_back(tar_header(entry, false));
  seeds.push_back(encode_seal(std::vector<std::byte>(20)));
  IndexTable table;
  for (const uint64_t bytes : {uint64_t{0}, uint64_t{700}, uint64_t{70'000}}) {
    IndexedEntry& row = table.entries.emplace_back();
    row.header_bytes = kTarBlockBytes;
    row.bytes = bytes;
  }
  table.frames = plan_frames(table.entries, kLeastFrameBytes);
  for (IndexedFrame& frame : table.frames) frame.stored_bytes = 100;
  for (const bool sealable : {false, true}) {
    const Result<EncodedIndex> index = encode_index(sealable, table, std::vector<std::byte>(30));
    if (index.ok()) seeds.push_back(index->frame);
  }
  return seeds;
}

}  // namespace windlass::fuzz
