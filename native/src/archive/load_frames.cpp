#include "archive/load_frames.hpp"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "archive/frame_layout.hpp"
#include "archive/tar_format.hpp"
#include "base/text.hpp"
#include "base/worker_pool.hpp"
#include "codec/zstd_frame.hpp"

namespace windlass {

namespace {

// What one thread works with.
struct Bench {
  Bench(uint64_t raw_bytes, uint64_t stored_bytes)
      : raw(std::make_unique_for_overwrite<std::byte[]>(raw_bytes)),
        stored(std::make_unique_for_overwrite<std::byte[]>(stored_bytes)) {}

  FrameDecoder decoder;
  std::unique_ptr<std::byte[]> raw;
  std::unique_ptr<std::byte[]> stored;
  TargetTree::Hand hand;
};

// A file that lies in several frames.
struct SplitFile {
  std::string path;
  uint32_t mode = 0;
  OwnedDescriptor descriptor;  // none where nothing is written
  std::vector<Hash128> pieces;
  std::atomic<uint32_t> left{0};
};

class FrameLoad {
 public:
  FrameLoad(const ArchiveFile& archive, const IndexTable& table, Extraction& extraction)
      : archive_(archive), table_(table), extraction_(extraction), layout_(lay_out(table)) {
    uint64_t offset = 0;
    for (const IndexedFrame& frame : table.frames) {
      offsets_.push_back(offset);
      offset += frame.stored_bytes;
      most_raw_bytes_ = std::max<uint64_t>(most_raw_bytes_, frame.raw_bytes);
      most_stored_bytes_ = std::max<uint64_t>(most_stored_bytes_, frame.stored_bytes);
    }
  }

  Status run();

 private:
  Status load_frame(uint64_t number);
  Status load_frame(uint64_t number, Bench& bench);
  Status decode(uint64_t number, Bench& bench);
  Status load_piece(const FramePiece& piece, std::span<const std::byte> raw, TargetTree::Hand& hand);
  Result<ArchiveEntry> take_header(const FramePiece& piece, std::span<const std::byte> raw, uint64_t& header_bytes);
  Status load_entry(const FramePiece& piece, const ArchiveEntry& entry, std::span<const std::byte> content,
                    TargetTree::Hand& hand);
  Status load_part(const FramePiece& piece, std::span<const std::byte> content);
  Status begin_split(uint64_t number, const ArchiveEntry& entry, TargetTree::Hand& hand);
  Result<std::shared_ptr<SplitFile>> find_split(uint64_t number);
  std::unique_ptr<Bench> take_bench();
  void fail(const Status& status);

  const ArchiveFile& archive_;
  const IndexTable& table_;
  Extraction& extraction_;
  const FrameLayout layout_;
  std::vector<uint64_t> offsets_;
  uint64_t most_raw_bytes_ = 0;
  uint64_t most_stored_bytes_ = 0;

  std::mutex mutex_;  // guards what follows
  std::condition_variable opened_;
  std::map<uint64_t, std::shared_ptr<SplitFile>> split_;
  std::vector<std::unique_ptr<Bench>> benches_;
  Status failure_;
};

Status disagrees(const std::string& path) {
  return Status::error(Code::kCorrupt, text("\"", path, "\" is not what the archive's index says: it was changed"));
}

Status damaged(const std::string& path) {
  return Status::error(Code::kCorrupt, text("\"", path, "\" does not have its checksum: the archive is damaged"));
}

Status FrameLoad::run() {
  WorkerPool pool(archive_threads(extraction_.options.threads));
  const Status loaded = pool.run(table_.frames.size(), [this](uint64_t frame) {
    Status done = load_frame(frame);
    if (!done.ok()) fail(done);
    return done;
  });
  return loaded.ok() || failure_.ok() ? loaded : failure_;
}

void FrameLoad::fail(const Status& status) {
  const std::lock_guard lock(mutex_);
  if (failure_.ok()) failure_ = status;
  opened_.notify_all();
}

std::unique_ptr<Bench> FrameLoad::take_bench() {
  {
    const std::lock_guard lock(mutex_);
    if (!benches_.empty()) {
      std::unique_ptr<Bench> bench = std::move(benches_.back());
      benches_.pop_back();
      return bench;
    }
  }
  return std::make_unique<Bench>(most_raw_bytes_, most_stored_bytes_);
}

Status FrameLoad::load_frame(uint64_t number) {
  if (Status going = extraction_.work.check(); !going.ok()) return going;
  std::unique_ptr<Bench> bench = take_bench();
  Status loaded = load_frame(number, *bench);
  const std::lock_guard lock(mutex_);
  benches_.push_back(std::move(bench));
  return loaded;
}

Status FrameLoad::load_frame(uint64_t number, Bench& bench) {
  if (Status decoded = decode(number, bench); !decoded.ok()) return decoded.with_prefix(text("frame ", number));
  const std::span<const std::byte> raw(bench.raw.get(), table_.frames[number].raw_bytes);
  for (const FramePiece& piece : layout_.frames[number]) {
    if (Status loaded = load_piece(piece, raw, bench.hand); !loaded.ok()) return loaded;
  }
  if (number + 1 != table_.frames.size()) return Status();
  const std::span<const std::byte> end = raw.last(kTarEndBytes);
  if (std::all_of(end.begin(), end.end(), [](std::byte byte) { return byte == std::byte{0}; })) return Status();
  return Status::error(Code::kCorrupt, "the archive does not end where its index says: it was changed");
}

Status FrameLoad::decode(uint64_t number, Bench& bench) {
  const IndexedFrame& frame = table_.frames[number];
  const std::span<std::byte> stored(bench.stored.get(), frame.stored_bytes);
  if (Status read = archive_.read(stored, offsets_[number]); !read.ok()) return read;
  if (hash(stored.data(), stored.size()) != frame.hash) {
    return Status::error(Code::kCorrupt, "it does not have its checksum: the archive is damaged");
  }
  if (archive_.index().head.sealable && extraction_.options.expected_root.has_value()) {
    Sha256 digest;
    digest.add(stored);
    if (digest.finish() != frame.digest) {
      return Status::error(Code::kCorrupt, "it does not have its SHA-256: the archive was changed");
    }
  }
  return bench.decoder.decode(stored, {bench.raw.get(), frame.raw_bytes});
}

Status FrameLoad::load_piece(const FramePiece& piece, std::span<const std::byte> raw, TargetTree::Hand& hand) {
  uint64_t at = piece.raw_at;
  Result<ArchiveEntry> entry{ArchiveEntry()};
  if (piece.has_header) {
    uint64_t header_bytes = 0;
    entry = take_header(piece, raw, header_bytes);
    if (!entry.ok()) return entry.status();
    at += header_bytes;
  }
  const std::span<const std::byte> content = raw.subspan(at, piece.content_bytes);
  if (layout_.piece_counts[piece.entry] > 1) {
    if (piece.has_header) {
      if (Status begun = begin_split(piece.entry, *entry, hand); !begun.ok()) return begun;
    }
    return content.empty() ? Status() : load_part(piece, content);
  }
  // Its content may begin in the frame after that of its headers, all of it.
  if (piece.has_header && piece.content_bytes != table_.entries[piece.entry].bytes) {
    return begin_split(piece.entry, *entry, hand);
  }
  return piece.has_header ? load_entry(piece, *entry, content, hand) : load_part(piece, content);
}

Result<ArchiveEntry> FrameLoad::take_header(const FramePiece& piece, std::span<const std::byte> raw,
                                            uint64_t& header_bytes) {
  const IndexedEntry& indexed = table_.entries[piece.entry];
  MemorySource source(raw.subspan(piece.raw_at, indexed.header_bytes));
  TarReader reader;
  Result<std::optional<TarHeader>> header = reader.next(source);
  if (!header.ok()) return header.status();
  if (!header->has_value()) return disagrees(text("entry ", piece.entry));
  TarHeader& found = **header;
  if (found.entry.kind != indexed.kind || found.entry.bytes != indexed.bytes ||
      found.header_bytes != indexed.header_bytes) {
    return disagrees(found.entry.path);
  }
  header_bytes = found.header_bytes;
  return extraction_.admit(piece.entry, std::move(found.entry));
}

Status FrameLoad::load_entry(const FramePiece& piece, const ArchiveEntry& entry, std::span<const std::byte> content,
                             TargetTree::Hand& hand) {
  TargetTree* const tree = extraction_.tree.get();
  if (entry.kind == ArchiveEntryKind::kDirectory) {
    return tree == nullptr || entry.path.empty() ? Status() : tree->make_directory(hand, entry.path);
  }
  if (entry.kind != ArchiveEntryKind::kFile) return Status();
  if (!content.empty() && hash(content.data(), content.size()) != table_.entries[piece.entry].hash) {
    return damaged(entry.path);
  }
  extraction_.work.done_bytes.fetch_add(content.size(), std::memory_order_relaxed);
  if (tree == nullptr) return Status();
  Result<OwnedDescriptor> file = tree->create_file(hand, entry.path, entry.mode);
  if (!file.ok()) return file.status();
  if (Status written = tree->write(file->number(), content, 0, entry.path); !written.ok()) return written;
  if (Status finished = tree->finish_file(file->number(), entry.mode, entry.path); !finished.ok()) return finished;
  return extraction_.space->wrote(content.size());
}

Status FrameLoad::begin_split(uint64_t number, const ArchiveEntry& entry, TargetTree::Hand& hand) {
  auto file = std::make_shared<SplitFile>();
  file->path = entry.path;
  file->mode = entry.mode;
  file->pieces.resize(layout_.piece_counts[number]);
  file->left.store(layout_.piece_counts[number], std::memory_order_relaxed);
  if (extraction_.tree != nullptr) {
    Result<OwnedDescriptor> opened = extraction_.tree->create_file(hand, entry.path, entry.mode);
    if (!opened.ok()) return opened.status();
    file->descriptor = *std::move(opened);
  }
  const std::lock_guard lock(mutex_);
  split_.emplace(number, std::move(file));
  opened_.notify_all();
  return Status();
}

// The frame with the headers was given out before this one, so that somebody is at it.
Result<std::shared_ptr<SplitFile>> FrameLoad::find_split(uint64_t number) {
  std::unique_lock lock(mutex_);
  auto found = split_.end();
  opened_.wait(lock, [&] {
    found = split_.find(number);
    return found != split_.end() || !failure_.ok();
  });
  if (!failure_.ok()) return failure_;
  return found->second;
}

Status FrameLoad::load_part(const FramePiece& piece, std::span<const std::byte> content) {
  Result<std::shared_ptr<SplitFile>> found = find_split(piece.entry);
  if (!found.ok()) return found.status();
  SplitFile& file = **found;
  file.pieces[piece.number] = hash(content.data(), content.size());
  TargetTree* const tree = extraction_.tree.get();
  if (tree != nullptr) {
    Status written = tree->write(file.descriptor.number(), content, piece.content_at, file.path);
    if (written.ok()) written = extraction_.space->wrote(content.size());
    if (!written.ok()) return written;
  }
  extraction_.work.done_bytes.fetch_add(content.size(), std::memory_order_relaxed);
  if (file.left.fetch_sub(1, std::memory_order_acq_rel) != 1) return Status();
  if (combined_hash(file.pieces) != table_.entries[piece.entry].hash) return damaged(file.path);
  if (tree != nullptr) {
    if (Status done = tree->finish_file(file.descriptor.number(), file.mode, file.path); !done.ok()) return done;
  }
  const std::lock_guard lock(mutex_);
  split_.erase(piece.entry);
  return Status();
}

}  // namespace

Status load_frames(const ArchiveFile& archive, const IndexTable& table, Extraction& extraction) {
  return FrameLoad(archive, table, extraction).run();
}

}  // namespace windlass
