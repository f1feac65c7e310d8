#include "archive/save.hpp"

#include <algorithm>
#include <condition_variable>
#include <cstring>
#include <memory>
#include <mutex>
#include <span>
#include <thread>
#include <utility>
#include <vector>

#include "archive/archive_index.hpp"
#include "archive/catalogue.hpp"
#include "archive/frame_layout.hpp"
#include "archive/new_file.hpp"
#include "archive/source_tree.hpp"
#include "archive/space_watch.hpp"
#include "archive/tar_format.hpp"
#include "base/clock.hpp"
#include "base/text.hpp"
#include "base/worker_pool.hpp"
#include "codec/zstd_frame.hpp"
#include "io/file_system.hpp"
#include "memory/copy.hpp"

namespace windlass {

namespace {

constexpr int kMostSaves = 3;
constexpr uint32_t kMostUsualThreads = 16;

// What one thread works with.
struct SaveBench {
  SaveBench(int level, uint64_t raw_bytes)
      : encoder(level),
        raw(std::make_unique_for_overwrite<std::byte[]>(raw_bytes)),
        stored_bytes(FrameEncoder::bound(raw_bytes)),
        stored(std::make_unique_for_overwrite<std::byte[]>(stored_bytes)) {}

  FrameEncoder encoder;
  std::unique_ptr<std::byte[]> raw;
  uint64_t stored_bytes;
  std::unique_ptr<std::byte[]> stored;
};

// One try at saving what was listed.
class Saving {
 public:
  Saving(FileCalls& calls, const SourceTree& tree, const std::vector<SourceEntry>& listed, const NewFile& file,
         const ArchiveSaveOptions& options, WorkState& work)
      : calls_(calls),
        tree_(tree),
        listed_(listed),
        file_(file),
        options_(options),
        work_(work),
        space_(calls, file.descriptor(), file.path(), options.spare_bytes) {}

  Result<ArchiveReport> run();

 private:
  void plan();
  Status save_frame(uint64_t number);
  Status save_frame(uint64_t number, SaveBench& bench);
  Status fill(uint64_t number, std::byte* raw);
  Status take_place(uint64_t number, uint64_t bytes, uint64_t& offset);
  Status write(std::span<const std::byte> bytes, uint64_t offset);
  Status check_limit(uint64_t bytes) const;
  void hash_files();
  std::unique_ptr<SaveBench> take_bench();
  void fail(const Status& status);

  FileCalls& calls_;
  const SourceTree& tree_;
  const std::vector<SourceEntry>& listed_;
  const NewFile& file_;
  const ArchiveSaveOptions& options_;
  WorkState& work_;
  SpaceWatch space_;
  IndexTable table_;
  FrameLayout layout_;
  std::vector<std::vector<Hash128>> piece_hashes_;
  uint64_t most_raw_bytes_ = 0;

  std::mutex mutex_;  // guards what follows
  std::condition_variable turn_came_;
  std::vector<std::unique_ptr<SaveBench>> benches_;
  uint64_t turn_ = 0;
  uint64_t next_offset_ = 0;
  Status failure_;
};

void Saving::plan() {
  uint64_t file_bytes = 0;
  for (uint64_t at = 0; at < listed_.size(); ++at) {
    const ArchiveEntry& entry = listed_[at].entry;
    IndexedEntry& planned = table_.entries.emplace_back();
    planned.kind = entry.kind;
    planned.header_bytes = tar_header(entry, at == 0).size();
    planned.bytes = entry.bytes;
    file_bytes += entry.bytes;
  }
  work_.total_bytes.store(file_bytes, std::memory_order_relaxed);
  table_.frames = plan_frames(table_.entries, options_.frame_bytes);
  layout_ = lay_out(table_);
  piece_hashes_.resize(table_.entries.size());
  for (uint64_t at = 0; at < table_.entries.size(); ++at) piece_hashes_[at].resize(layout_.piece_counts[at]);
  for (const IndexedFrame& frame : table_.frames) {
    most_raw_bytes_ = std::max<uint64_t>(most_raw_bytes_, frame.raw_bytes);
  }
}

Result<ArchiveReport> Saving::run() {
  if (Status enough = space_.check(0); !enough.ok()) return enough;
  plan();
  work_.phase.store(ArchivePhase::kMoving, std::memory_order_relaxed);
  {
    WorkerPool pool(archive_threads(options_.threads));
    const Status saved = pool.run(table_.frames.size(), [this](uint64_t frame) {
      Status done = save_frame(frame);
      if (!done.ok()) fail(done);
      return done;
    });
    if (!saved.ok()) return failure_.ok() ? saved : failure_;
  }
  work_.phase.store(ArchivePhase::kFinishing, std::memory_order_relaxed);
  hash_files();
  Result<EncodedIndex> index = encode_index(options_.sealable, table_, options_.note);
  if (!index.ok()) return index.status();
  ArchiveReport report;
  report.archive_bytes = next_offset_ + index->frame.size();
  report.raw_bytes = work_.total_bytes.load(std::memory_order_relaxed);
  if (Status fits = check_limit(report.archive_bytes); !fits.ok()) return fits;
  const Status loadable = check_limits(options_.loadable_with, report.raw_bytes, report.archive_bytes);
  if (!loadable.ok()) return not_loadable(loadable);
  if (Status written = write(index->frame, next_offset_); !written.ok()) return written;
  if (Status same = tree_.check_unchanged(listed_, work_); !same.ok()) return same;
  report.entries = listed_.size() - 1;
  report.root = index->root;
  return report;
}

void Saving::fail(const Status& status) {
  const std::lock_guard lock(mutex_);
  if (failure_.ok()) failure_ = status;
  turn_came_.notify_all();
}

std::unique_ptr<SaveBench> Saving::take_bench() {
  {
    const std::lock_guard lock(mutex_);
    if (!benches_.empty()) {
      std::unique_ptr<SaveBench> bench = std::move(benches_.back());
      benches_.pop_back();
      return bench;
    }
  }
  return std::make_unique<SaveBench>(options_.level, most_raw_bytes_);
}

Status Saving::save_frame(uint64_t number) {
  std::unique_ptr<SaveBench> bench = take_bench();
  Status saved = save_frame(number, *bench);
  const std::lock_guard lock(mutex_);
  benches_.push_back(std::move(bench));
  return saved;
}

Status Saving::save_frame(uint64_t number, SaveBench& bench) {
  IndexedFrame& frame = table_.frames[number];
  if (Status filled = fill(number, bench.raw.get()); !filled.ok()) return filled;
  Result<size_t> bytes =
      bench.encoder.encode({bench.raw.get(), frame.raw_bytes}, {bench.stored.get(), bench.stored_bytes});
  if (!bytes.ok()) return bytes.status();
  const std::span<const std::byte> stored(bench.stored.get(), *bytes);
  frame.stored_bytes = static_cast<uint32_t>(*bytes);
  frame.hash = hash(stored.data(), stored.size());
  if (options_.sealable) {
    Sha256 digest;
    digest.add(stored);
    frame.digest = digest.finish();
  }
  uint64_t offset = 0;
  if (Status placed = take_place(number, stored.size(), offset); !placed.ok()) return placed;
  return write(stored, offset);
}

Status Saving::fill(uint64_t number, std::byte* raw) {
  uint64_t at = 0;
  for (const FramePiece& piece : layout_.frames[number]) {
    if (Status going = work_.check(); !going.ok()) return going;
    const SourceEntry& source = listed_[piece.entry];
    if (piece.has_header) {
      const std::vector<std::byte> header = tar_header(source.entry, piece.entry == 0);
      std::memcpy(raw + at, header.data(), header.size());
      at += header.size();
      work_.entries.fetch_add(1, std::memory_order_relaxed);
    }
    if (piece.content_bytes == 0) continue;
    const std::span<std::byte> content(raw + at, piece.content_bytes);
    if (Status read = tree_.read(source, piece.content_at, content); !read.ok()) return read;
    piece_hashes_[piece.entry][piece.number] = hash(content.data(), content.size());
    const uint64_t padded = tar_padded(piece.content_bytes);
    std::memset(raw + at + piece.content_bytes, 0, padded - piece.content_bytes);
    at += padded;
    work_.done_bytes.fetch_add(piece.content_bytes, std::memory_order_relaxed);
  }
  std::memset(raw + at, 0, table_.frames[number].raw_bytes - at);
  return Status();
}

// Waits until the frames before have their places.
Status Saving::take_place(uint64_t number, uint64_t bytes, uint64_t& offset) {
  std::unique_lock lock(mutex_);
  turn_came_.wait(lock, [&] { return turn_ == number || !failure_.ok(); });
  if (!failure_.ok()) return failure_;
  offset = next_offset_;
  next_offset_ += bytes;
  ++turn_;
  turn_came_.notify_all();
  return check_limit(next_offset_);
}

Status Saving::check_limit(uint64_t bytes) const {
  if (bytes <= options_.limit_bytes) return Status();
  return Status::error(Code::kNoSpace, text(file_.path(), " would be larger than ", bytes_text(options_.limit_bytes),
                                            ", the limit that was set; raise it, or archive less"));
}

Status Saving::write(std::span<const std::byte> bytes, uint64_t offset) {
  const uint64_t begin = offset;
  while (!bytes.empty()) {
    const int64_t count = calls_.write_at(file_.descriptor(), bytes.data(), bytes.size(), offset);
    if (count < 0) return file_failure(static_cast<int>(-count), "write", file_.path());
    bytes = bytes.subspan(static_cast<size_t>(count));
    offset += static_cast<uint64_t>(count);
  }
  calls_.begin_sync(file_.descriptor(), begin, offset - begin);
  return space_.wrote(offset - begin);
}

void Saving::hash_files() {
  for (uint64_t at = 0; at < table_.entries.size(); ++at) {
    if (!piece_hashes_[at].empty()) table_.entries[at].hash = combined_hash(piece_hashes_[at]);
  }
}

}  // namespace

uint32_t archive_threads(uint32_t asked) noexcept {
  return asked != 0 ? asked : std::clamp(std::thread::hardware_concurrency(), 1U, kMostUsualThreads);
}

Result<ArchiveReport> save_archive(FileCalls& calls, const std::string& directory, const std::string& archive,
                                   const ArchiveSaveOptions& options, WorkState& work) {
  const Stopwatch watch;
  Result<std::unique_ptr<SourceTree>> tree = SourceTree::open(calls, directory, options.loadable_with);
  if (!tree.ok()) return tree.status();
  Result<std::unique_ptr<NewFile>> file = NewFile::create(calls, archive);
  if (!file.ok()) return file.status();
  Status failure;
  for (int tried = 0; tried < kMostSaves; ++tried) {
    work.phase.store(ArchivePhase::kScanning, std::memory_order_relaxed);
    work.done_bytes.store(0, std::memory_order_relaxed);
    work.entries.store(0, std::memory_order_relaxed);
    if (const int emptied = calls.truncate((*file)->descriptor(), 0); emptied < 0) {
      return file_failure(-emptied, "empty", archive);
    }
    Result<std::vector<SourceEntry>> listed = (*tree)->list(work);
    failure = listed.status();
    if (listed.ok()) {
      Result<ArchiveReport> report = Saving(calls, **tree, *listed, **file, options, work).run();
      failure = report.status();
      if (report.ok()) {
        if (Status going = work.check(); !going.ok()) return going;
        if (Status published = (*file)->publish(); !published.ok()) return published;
        report->duration_ns = watch.total_ns();
        return report;
      }
    }
    if (failure.code() != Code::kConflict) break;
  }
  return failure;
}

}  // namespace windlass
