#include "archive/archive_index.hpp"

#include <algorithm>
#include <cstring>
#include <limits>
#include <string>
#include <utility>

#include "archive/tar_format.hpp"
#include "base/text.hpp"
#include "codec/zstd_frame.hpp"

namespace windlass {

namespace {

constexpr uint32_t kIndexFrame = 0x184D2A5D;
constexpr uint32_t kSealFrame = 0x184D2A5E;
constexpr uint64_t kIndexMagic = 0x315845444E494C57;  // "WLINDEX1"
constexpr uint64_t kSealMagic = 0x315F4C4145534C57;   // "WLSEAL_1"
constexpr uint32_t kVersion = 1;
constexpr uint32_t kSealableFlag = 1;
constexpr int kTableLevel = 3;
constexpr uint64_t kHashBytes = 16;

Status corrupt(const std::string& what) {
  return Status::error(Code::kCorrupt, text("the archive's index ", what, ": it was damaged or changed"));
}

void put(std::vector<std::byte>& out, uint64_t number, unsigned bytes) {
  for (unsigned at = 0; at < bytes; ++at) out.push_back(static_cast<std::byte>(number >> (8 * at)));
}

void put(std::vector<std::byte>& out, Hash128 hash) {
  put(out, hash.low, 8);
  put(out, hash.high, 8);
}

uint64_t get(const std::byte* from, unsigned bytes) noexcept {
  uint64_t number = 0;
  for (unsigned at = 0; at < bytes; ++at) number |= std::to_integer<uint64_t>(from[at]) << (8 * at);
  return number;
}

Hash128 get_hash(const std::byte* from) noexcept { return {get(from, 8), get(from + 8, 8)}; }

// A column of numbers, byte by byte.
template <typename T, typename Number>
void put_column(std::vector<std::byte>& out, const std::vector<T>& rows, unsigned bytes, Number&& number) {
  for (unsigned at = 0; at < bytes; ++at) {
    for (const T& row : rows) out.push_back(static_cast<std::byte>(static_cast<uint64_t>(number(row)) >> (8 * at)));
  }
}

// Takes columns off a table, as long as there is something.
class Columns {
 public:
  explicit Columns(std::span<const std::byte> rest) noexcept : rest_(rest) {}

  template <typename T, typename Set>
  bool take(std::vector<T>& rows, unsigned bytes, Set&& set) noexcept {
    if (rest_.size() / bytes < rows.size()) return false;
    for (size_t row = 0; row < rows.size(); ++row) {
      uint64_t number = 0;
      for (unsigned at = 0; at < bytes; ++at) {
        number |= std::to_integer<uint64_t>(rest_[at * rows.size() + row]) << (8 * at);
      }
      set(rows[row], number);
    }
    rest_ = rest_.subspan(bytes * rows.size());
    return true;
  }
  bool take(Hash128& hash) noexcept {
    if (rest_.size() < kHashBytes) return false;
    hash = get_hash(rest_.data());
    rest_ = rest_.subspan(kHashBytes);
    return true;
  }
  bool take(Digest& digest) noexcept {
    if (rest_.size() < digest.size()) return false;
    std::memcpy(digest.data(), rest_.data(), digest.size());
    rest_ = rest_.subspan(digest.size());
    return true;
  }
  bool empty() const noexcept { return rest_.empty(); }

 private:
  std::span<const std::byte> rest_;
};

bool has_hash(const IndexedEntry& entry) noexcept { return entry.kind == ArchiveEntryKind::kFile && entry.bytes != 0; }

std::vector<std::byte> table_bytes(bool sealable, const IndexTable& table) {
  std::vector<std::byte> out;
  put_column(out, table.entries, 1, [](const IndexedEntry& entry) { return static_cast<uint64_t>(entry.kind); });
  put_column(out, table.entries, 2, [](const IndexedEntry& entry) { return entry.header_bytes / kTarBlockBytes; });
  put_column(out, table.entries, 8, [](const IndexedEntry& entry) { return entry.bytes; });
  for (const IndexedEntry& entry : table.entries) {
    if (has_hash(entry)) put(out, entry.hash);
  }
  put_column(out, table.frames, 4, [](const IndexedFrame& frame) { return frame.stored_bytes; });
  put_column(out, table.frames, 4, [](const IndexedFrame& frame) { return frame.raw_bytes; });
  for (const IndexedFrame& frame : table.frames) put(out, frame.hash);
  if (sealable) {
    for (const IndexedFrame& frame : table.frames) out.insert(out.end(), frame.digest.begin(), frame.digest.end());
  }
  return out;
}

bool take_table(const IndexHead& head, std::span<const std::byte> bytes, IndexTable& table) {
  Columns columns(bytes);
  table.entries.resize(head.entries);
  table.frames.resize(head.frames);
  bool fine = columns.take(table.entries, 1, [](IndexedEntry& row, uint64_t number) {
    row.kind = static_cast<ArchiveEntryKind>(number);
  }) && columns.take(table.entries, 2, [](IndexedEntry& row, uint64_t number) {
    row.header_bytes = number * kTarBlockBytes;
  }) && columns.take(table.entries, 8, [](IndexedEntry& row, uint64_t number) { row.bytes = number; });
  for (IndexedEntry& entry : table.entries) fine = fine && (!has_hash(entry) || columns.take(entry.hash));
  fine = fine && columns.take(table.frames, 4, [](IndexedFrame& row, uint64_t number) {
    row.stored_bytes = static_cast<uint32_t>(number);
  }) && columns.take(table.frames, 4, [](IndexedFrame& row, uint64_t number) {
    row.raw_bytes = static_cast<uint32_t>(number);
  });
  for (IndexedFrame& frame : table.frames) fine = fine && columns.take(frame.hash);
  if (head.sealable) {
    for (IndexedFrame& frame : table.frames) fine = fine && columns.take(frame.digest);
  }
  return fine && columns.empty();
}

// Adds unless it grows beyond the limit.
bool add_within(uint64_t& sum, uint64_t more, uint64_t limit) noexcept {
  if (more > limit || sum > limit - more) return false;
  sum += more;
  return true;
}

Status check_table(const IndexHead& head, const IndexTable& table) {
  uint64_t data_bytes = 0;
  uint64_t raw_bytes = 0;
  std::vector<uint64_t> frame_ends;
  frame_ends.reserve(table.frames.size());
  for (const IndexedFrame& frame : table.frames) {
    if (frame.raw_bytes == 0 || frame.raw_bytes > kMostRawFrameBytes || frame.raw_bytes % kTarBlockBytes != 0 ||
        !add_within(data_bytes, frame.stored_bytes, head.data_bytes) ||
        !add_within(raw_bytes, frame.raw_bytes, head.tar_bytes)) {
      return corrupt("has frames of sizes that cannot be");
    }
    frame_ends.push_back(raw_bytes);
  }
  uint64_t at = 0;
  uint64_t file_bytes = 0;
  size_t frame = 0;
  for (const IndexedEntry& entry : table.entries) {
    const bool is_file = entry.kind == ArchiveEntryKind::kFile;
    if (entry.kind > ArchiveEntryKind::kHardLink || entry.header_bytes == 0 || (!is_file && entry.bytes != 0) ||
        entry.bytes > head.file_bytes) {
      return corrupt("has an entry that cannot be");
    }
    while (frame < frame_ends.size() && at >= frame_ends[frame]) ++frame;
    if (frame == frame_ends.size() || entry.header_bytes > frame_ends[frame] - at) {
      return corrupt("has an entry that begins in one frame and goes on in another");
    }
    at += entry.header_bytes;
    if (!add_within(file_bytes, entry.bytes, head.file_bytes) ||
        !add_within(at, tar_padded(entry.bytes), head.tar_bytes)) {
      return corrupt("has entries of sizes that cannot be");
    }
  }
  if (data_bytes != head.data_bytes || raw_bytes != head.tar_bytes || file_bytes != head.file_bytes ||
      at + kTarEndBytes != head.tar_bytes) {
    return corrupt("does not add up");
  }
  return Status();
}

}  // namespace

Hash128 combined_hash(const std::vector<Hash128>& pieces) {
  if (pieces.size() == 1) return pieces.front();
  std::vector<std::byte> bytes;
  for (const Hash128 piece : pieces) put(bytes, piece);
  return hash(bytes.data(), bytes.size());
}

Result<EncodedIndex> encode_index(bool sealable, const IndexTable& table, std::span<const std::byte> note) {
  IndexHead head{.sealable = sealable, .entries = table.entries.size(), .frames = table.frames.size()};
  for (const IndexedFrame& frame : table.frames) {
    head.data_bytes += frame.stored_bytes;
    head.tar_bytes += frame.raw_bytes;
  }
  for (const IndexedEntry& entry : table.entries) head.file_bytes += entry.bytes;
  const std::vector<std::byte> raw = table_bytes(sealable, table);
  std::vector<std::byte> stored(FrameEncoder::bound(raw.size()));
  Result<size_t> stored_bytes = FrameEncoder(kTableLevel).encode(raw, stored);
  if (!stored_bytes.ok()) return stored_bytes.status();
  stored.resize(*stored_bytes);
  const uint64_t payload = kIndexHeadBytes + note.size() + stored.size() + kIndexFooterBytes;
  if (payload > kMostIndexBytes) {
    return Status::error(Code::kNoSpace, "the index would be larger than 1 GiB; archive fewer files at once");
  }
  EncodedIndex made;
  std::vector<std::byte>& out = made.frame;
  out.reserve(kSkippableHeadBytes + payload);
  put(out, kIndexFrame, 4);
  put(out, payload, 4);
  put(out, kIndexMagic, 8);
  put(out, kVersion, 4);
  put(out, sealable ? kSealableFlag : 0, 4);
  for (const uint64_t number :
       {head.entries, head.frames, head.tar_bytes, head.file_bytes, head.data_bytes, static_cast<uint64_t>(note.size()),
        static_cast<uint64_t>(raw.size()), static_cast<uint64_t>(stored.size())}) {
    put(out, number, 8);
  }
  out.insert(out.end(), note.begin(), note.end());
  out.insert(out.end(), stored.begin(), stored.end());
  const std::span<const std::byte> vouched = std::span<const std::byte>(out).subspan(kSkippableHeadBytes);
  Sha256 root;
  root.add(vouched);
  made.root = root.finish();
  put(out, hash(vouched.data(), vouched.size()));
  put(out, payload, 8);
  put(out, kIndexMagic, 8);
  return made;
}

Result<CheckedIndex> check_index(std::span<const std::byte> frame) {
  if (frame.size() < kSkippableHeadBytes + kIndexHeadBytes + kIndexFooterBytes || get(frame.data(), 4) != kIndexFrame ||
      get(frame.data() + 4, 4) != frame.size() - kSkippableHeadBytes) {
    return corrupt("does not begin where its end says");
  }
  const std::span<const std::byte> vouched =
      frame.subspan(kSkippableHeadBytes, frame.size() - kSkippableHeadBytes - kIndexFooterBytes);
  if (hash(vouched.data(), vouched.size()) != get_hash(vouched.data() + vouched.size())) {
    return corrupt("does not have its checksum");
  }
  const std::byte* const at = vouched.data();
  if (get(at, 8) != kIndexMagic) return corrupt("has no head");
  if (get(at + 8, 4) != kVersion || (get(at + 12, 4) & ~uint64_t{kSealableFlag}) != 0) {
    return Status::error(Code::kUnsupported, "the archive's index is of a later version; use a newer library");
  }
  CheckedIndex found;
  IndexHead& head = found.head;
  head.sealable = get(at + 12, 4) != 0;
  head.entries = get(at + 16, 8);
  head.frames = get(at + 24, 8);
  head.tar_bytes = get(at + 32, 8);
  head.file_bytes = get(at + 40, 8);
  head.data_bytes = get(at + 48, 8);
  head.note_bytes = get(at + 56, 8);
  head.table_raw_bytes = get(at + 64, 8);
  head.table_stored_bytes = get(at + 72, 8);
  const uint64_t rest = vouched.size() - kIndexHeadBytes;
  if (head.note_bytes > kMostNoteBytes || head.note_bytes > rest || head.table_stored_bytes != rest - head.note_bytes) {
    return corrupt("has parts of sizes that cannot be");
  }
  found.note = vouched.subspan(kIndexHeadBytes, head.note_bytes);
  found.table = vouched.subspan(kIndexHeadBytes + head.note_bytes);
  Sha256 root;
  root.add(vouched);
  found.root = root.finish();
  return found;
}

Result<IndexTable> decode_table(const CheckedIndex& index) {
  const IndexHead& head = index.head;
  // An entry takes 11 or 27 bytes, a frame 24 or 56, and each has at least a block, and at least a byte, of its own.
  if (head.entries > head.tar_bytes / kTarBlockBytes || head.frames > head.data_bytes ||
      head.table_raw_bytes > kMostIndexBytes || head.entries > head.table_raw_bytes / 11 ||
      head.frames > head.table_raw_bytes / 24) {
    return corrupt("has a table that cannot be");
  }
  std::vector<std::byte> raw(head.table_raw_bytes);
  FrameDecoder decoder;
  if (Status decoded = decoder.decode(index.table, raw); !decoded.ok()) return decoded.with_prefix("the index's table");
  IndexTable table;
  if (!take_table(head, raw, table)) return corrupt("has a table that ends too early or too late");
  if (Status fine = check_table(head, table); !fine.ok()) return fine;
  return table;
}

uint64_t index_frame_bytes(std::span<const std::byte> last) noexcept {
  if (last.size() < kIndexFooterBytes) return 0;
  const std::byte* const end = last.data() + last.size();
  if (get(end - 8, 8) != kIndexMagic) return 0;
  const uint64_t payload = get(end - 16, 8);
  return payload < kIndexHeadBytes + kIndexFooterBytes || payload > kMostIndexBytes ? 0 : kSkippableHeadBytes + payload;
}

uint64_t seal_frame_bytes(std::span<const std::byte> last) noexcept {
  if (last.size() < kSealFooterBytes) return 0;
  const std::byte* const end = last.data() + last.size();
  if (get(end - 8, 8) != kSealMagic) return 0;
  const uint64_t payload = get(end - 16, 8);
  return payload < kSealFooterBytes || payload > kMostSealBytes + kSealFooterBytes ? 0 : kSkippableHeadBytes + payload;
}

std::vector<std::byte> encode_seal(std::span<const std::byte> seal) {
  std::vector<std::byte> out;
  put(out, kSealFrame, 4);
  put(out, seal.size() + kSealFooterBytes, 4);
  out.insert(out.end(), seal.begin(), seal.end());
  put(out, seal.size() + kSealFooterBytes, 8);
  put(out, kSealMagic, 8);
  return out;
}

Result<std::span<const std::byte>> decode_seal(std::span<const std::byte> frame) {
  if (frame.size() < kSkippableHeadBytes + kSealFooterBytes || get(frame.data(), 4) != kSealFrame ||
      get(frame.data() + 4, 4) != frame.size() - kSkippableHeadBytes) {
    return Status::error(Code::kCorrupt, "the archive's seal does not begin where its end says: it was damaged");
  }
  return frame.subspan(kSkippableHeadBytes, frame.size() - kSkippableHeadBytes - kSealFooterBytes);
}

}  // namespace windlass
