#include "archive/load_stream.hpp"

#include <algorithm>
#include <cstring>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "archive/tar_format.hpp"
#include "base/text.hpp"
#include "codec/zstd_frame.hpp"

namespace windlass {

namespace {

constexpr uint64_t kReadBytes = 256 * kKiB;
constexpr uint64_t kWriteBytes = kMiB;
constexpr uint64_t kMostPaddingBytes = kMiB;

Status cut() {
  return Status::error(Code::kCorrupt, "the archive ends too early: it was cut, or is still being written");
}

// The tar within the archive, decompressed if need be.
class TarStream final : public ByteSource {
 public:
  TarStream(const ArchiveFile& archive, const ArchiveLoadOptions& options)
      : archive_(archive), options_(options), stored_(kReadBytes) {}

  Status read(std::span<std::byte> target) override {
    while (!target.empty()) {
      Result<uint64_t> made = read_some(target);
      if (!made.ok()) return made.status();
      if (*made == 0) return cut();
      target = target.subspan(*made);
    }
    return Status();
  }

  // 0 at the end.
  Result<uint64_t> read_some(std::span<std::byte> target);

 private:
  Status refill();

  const ArchiveFile& archive_;
  const ArchiveLoadOptions& options_;
  StreamDecoder decoder_;
  std::vector<std::byte> stored_;
  std::span<const std::byte> left_;  // of what was read
  uint64_t offset_ = 0;
  uint64_t made_bytes_ = 0;
};

Status TarStream::refill() {
  const std::span<std::byte> room(stored_.data(), std::min(kReadBytes, archive_.bytes() - offset_));
  if (Status read = archive_.read(room, offset_); !read.ok()) return read;
  offset_ += room.size();
  left_ = room;
  return Status();
}

Result<uint64_t> TarStream::read_some(std::span<std::byte> target) {
  while (true) {
    if (left_.empty() && offset_ < archive_.bytes()) {
      if (Status filled = refill(); !filled.ok()) return filled;
    }
    if (archive_.format() == ArchiveFormat::kTar) {
      const uint64_t count = std::min(target.size(), left_.size());
      if (count != 0) std::memcpy(target.data(), left_.data(), count);
      left_ = left_.subspan(count);
      return count;
    }
    Result<StreamDecoder::Step> step = decoder_.decode(left_, target);
    if (!step.ok()) return step.status();
    left_ = left_.subspan(step->taken);
    made_bytes_ += step->made;
    if (step->made != 0) {
      if (Status fine = check_limits(options_, made_bytes_, archive_.bytes()); !fine.ok()) return fine;
      return uint64_t{step->made};
    }
    if (left_.empty() && offset_ == archive_.bytes()) return decoder_.between_frames() ? Result<uint64_t>(0) : cut();
  }
}

class StreamLoad {
 public:
  StreamLoad(const ArchiveFile& archive, Extraction& extraction)
      : stream_(archive, extraction.options), extraction_(extraction), room_(kWriteBytes) {}

  Status run();

 private:
  Status load_entry(const ArchiveEntry& entry);
  Status check_rest();

  TarStream stream_;
  Extraction& extraction_;
  TarReader reader_;
  TargetTree::Hand hand_;
  std::vector<std::byte> room_;
};

Status StreamLoad::run() {
  for (uint64_t number = 0;; ++number) {
    if (Status going = extraction_.work.check(); !going.ok()) return going;
    Result<std::optional<TarHeader>> header = reader_.next(stream_);
    if (!header.ok()) return header.status();
    if (reader_.marked()) {
      return Status::error(Code::kCorrupt, "the archive's index is missing: it was cut, or is still being written");
    }
    if (!header->has_value()) return check_rest();
    Result<ArchiveEntry> entry = extraction_.admit(number, std::move((**header).entry));
    if (!entry.ok()) return entry.status();
    if (Status loaded = load_entry(*entry); !loaded.ok()) return loaded;
  }
}

Status StreamLoad::load_entry(const ArchiveEntry& entry) {
  TargetTree* const tree = extraction_.tree.get();
  if (entry.kind == ArchiveEntryKind::kDirectory) {
    return tree == nullptr || entry.path.empty() ? Status() : tree->make_directory(hand_, entry.path);
  }
  if (entry.kind != ArchiveEntryKind::kFile) return Status();
  OwnedDescriptor file;
  if (tree != nullptr) {
    Result<OwnedDescriptor> made = tree->create_file(hand_, entry.path, entry.mode);
    if (!made.ok()) return made.status();
    file = *std::move(made);
  }
  for (uint64_t at = 0; at < entry.bytes;) {
    if (Status going = extraction_.work.check(); !going.ok()) return going;
    const std::span<std::byte> piece(room_.data(), std::min<uint64_t>(room_.size(), entry.bytes - at));
    if (Status read = stream_.read(piece); !read.ok()) return read.with_prefix(text("\"", entry.path, "\""));
    if (tree != nullptr) {
      Status written = tree->write(file.number(), piece, at, entry.path);
      if (written.ok()) written = extraction_.space->wrote(piece.size());
      if (!written.ok()) return written;
    }
    at += piece.size();
    extraction_.work.done_bytes.fetch_add(piece.size(), std::memory_order_relaxed);
  }
  const uint64_t padding = tar_padded(entry.bytes) - entry.bytes;
  if (Status read = stream_.read({room_.data(), padding}); !read.ok()) return read;
  return tree == nullptr ? Status() : tree->finish_file(file.number(), entry.mode, entry.path);
}

Status StreamLoad::check_rest() {
  uint64_t padding = 0;
  while (true) {
    Result<uint64_t> count = stream_.read_some(room_);
    if (!count.ok()) return count.status();
    if (*count == 0) return Status();
    padding += *count;
    const bool zeros = std::all_of(room_.begin(), room_.begin() + static_cast<std::ptrdiff_t>(*count),
                                   [](std::byte byte) { return byte == std::byte{0}; });
    if (!zeros || padding > kMostPaddingBytes) {
      return Status::error(Code::kCorrupt, "there is something behind the archive's end: it is refused");
    }
  }
}

}  // namespace

Status load_stream(const ArchiveFile& archive, Extraction& extraction) { return StreamLoad(archive, extraction).run(); }

}  // namespace windlass
