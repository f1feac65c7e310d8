#include "archive/load.hpp"

#include <algorithm>
#include <memory>
#include <utility>

#include "archive/archive_file.hpp"
#include "archive/extraction.hpp"
#include "archive/load_frames.hpp"
#include "archive/load_stream.hpp"
#include "base/clock.hpp"
#include "base/text.hpp"

namespace windlass {

namespace {

// From so many entries on the file system is synced as a whole, which costs less than syncing each file.
constexpr uint64_t kManyEntries = 64;

Status check_root(const ArchiveFile& archive, const std::string& path, const ArchiveLoadOptions& options) {
  if (!options.expected_root.has_value()) return Status();
  if (archive.format() != ArchiveFormat::kWindlass || !archive.index().head.sealable) {
    return Status::error(
        Code::kPermission,
        text(path, " has no root that vouches for its files, and one is asked for; ", "save it with one (sealable)"));
  }
  if (equal_in_constant_time(archive.index().root, *options.expected_root)) return Status();
  return Status::error(Code::kPermission,
                       text(path, " does not have the root that is asked for: it is another archive, or was changed"));
}

// What can be said before the first frame is looked at.
Result<IndexTable> take_table(const ArchiveFile& archive, const ArchiveLoadOptions& options) {
  const IndexHead& head = archive.index().head;
  if (Status fine = check_entry_limit(options, head.entries == 0 ? 0 : head.entries - 1); !fine.ok()) return fine;
  if (Status fine = check_limits(options, head.file_bytes, archive.bytes()); !fine.ok()) return fine;
  return decode_table(archive.index());
}

Status extract(const ArchiveFile& archive, Extraction& extraction) {
  if (archive.format() != ArchiveFormat::kWindlass) return load_stream(archive, extraction);
  Result<IndexTable> table = take_table(archive, extraction.options);
  if (!table.ok()) return table.status();
  const uint64_t file_bytes = archive.index().head.file_bytes;
  extraction.work.total_bytes.store(file_bytes, std::memory_order_relaxed);
  if (extraction.tree != nullptr && extraction.options.spare_bytes != 0) {
    if (Status enough = extraction.space->check(file_bytes); !enough.ok()) return enough;
  }
  return load_frames(archive, *table, extraction);
}

Status make_tree(FileCalls& calls, const std::string& target, const ArchiveFile& archive, Extraction& extraction) {
  const ArchiveLoadOptions& options = extraction.options;
  const bool few = archive.format() == ArchiveFormat::kWindlass && archive.index().head.entries < kManyEntries;
  Result<std::unique_ptr<TargetTree>> tree = TargetTree::create(calls, target, options.durable, few);
  if (!tree.ok()) return tree.status();
  extraction.tree = *std::move(tree);
  extraction.space = std::make_unique<SpaceWatch>(calls, extraction.tree->descriptor(), target, options.spare_bytes);
  return options.spare_bytes == 0 ? Status() : extraction.space->check(0);
}

}  // namespace

Result<ArchiveReport> load_archive(FileCalls& calls, const std::string& archive,
                                   const std::optional<std::string>& target, const ArchiveLoadOptions& given,
                                   WorkState& work, std::vector<ArchiveEntry>* entries) {
  const Stopwatch watch;
  Result<std::unique_ptr<ArchiveFile>> file = ArchiveFile::open(calls, archive);
  if (!file.ok()) return file.status();
  if (Status fine = check_root(**file, archive, given); !fine.ok()) return fine;
  ArchiveLoadOptions options = given;
  if ((**file).format() != ArchiveFormat::kWindlass) {
    options.free_of_ratio_bytes = std::min(options.free_of_ratio_bytes, kStreamFreeOfRatioBytes);
  }
  Extraction extraction(options, (**file).bytes(), work);
  if (target.has_value()) {
    if (Status made = make_tree(calls, *target, **file, extraction); !made.ok()) return made;
  }
  work.phase.store(ArchivePhase::kMoving, std::memory_order_relaxed);
  if (Status done = extract(**file, extraction); !done.ok()) return done.with_prefix(archive);
  work.phase.store(ArchivePhase::kFinishing, std::memory_order_relaxed);
  if (Status fine = extraction.catalogue.finish(); !fine.ok()) return fine.with_prefix(archive);
  const std::vector<ArchiveEntry>& found = extraction.catalogue.entries();
  if (extraction.tree != nullptr) {
    Status done = extraction.tree->finish(found);
    if (done.ok()) done = work.check();
    if (done.ok()) done = extraction.tree->publish();
    if (!done.ok()) return done;
  }
  ArchiveReport report;
  report.format = (**file).format();
  report.raw_bytes = extraction.catalogue.raw_bytes();
  report.archive_bytes = (**file).bytes();
  for (const ArchiveEntry& entry : found) {
    if (entry.path.empty()) continue;
    ++report.entries;
    if (entries != nullptr) entries->push_back(entry);
  }
  if (report.format == ArchiveFormat::kWindlass) report.root = (**file).index().root;
  report.duration_ns = watch.total_ns();
  return report;
}

}  // namespace windlass
