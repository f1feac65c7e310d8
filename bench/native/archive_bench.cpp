// Items 12 and 13: real trees of files saved as archives and loaded, against tar and zstd, and against `cp -r`.
//
// Everything is read from the page cache. Ours is on disk when it ends; the peers are not, unless "synced" stands
// beside their name. Before a side begins, what the others left is gone and on disk.

#include <fcntl.h>
#include <sys/stat.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "archive/archive_file.hpp"
#include "archive/load.hpp"
#include "archive/save.hpp"
#include "archive_trees.hpp"
#include "base/bytes.hpp"
#include "base/text.hpp"
#include "base/worker_pool.hpp"
#include "codec/zstd_frame.hpp"
#include "command.hpp"
#include "io/file_calls.hpp"
#include "measure.hpp"

namespace windlass::bench {

namespace {

using Kind = ArchiveTree::Kind;

constexpr uint64_t kLargeBytes = 512 * kMiB;

ArchiveTree* keep_tree(benchmark::State& state, Kind kind, uint64_t bytes) {
  const std::string name = text("archive ", static_cast<int>(kind), " ", bytes);
  return keep<ArchiveTree>(state, name, [&] { return ArchiveTree::make(kind, bytes); });
}

void record_bytes(benchmark::State& state, const ArchiveTree& tree) {
  state.counters["bytes"] = static_cast<double>(tree.bytes());
  state.counters["files"] = static_cast<double>(tree.files());
}

bool record_command(benchmark::State& state, const std::string& side, const std::string& command) {
  const Result<Cost> cost = run_command(command);
  if (!require(state, cost.status())) return false;
  record(state, side, *cost);
  return true;
}

Status save_ours(const ArchiveTree& tree) {
  WorkState work;
  ArchiveSaveOptions options;
  options.loadable_with.allow_case_collisions = true;  // as the peers do
  return save_archive(FileCalls::system(), tree.tree(), tree.path("ours"), options, work).status();
}

std::string save_peer(const ArchiveTree& tree) {
  return text("tar -C ", quoted(tree.tree()), " -c . | zstd -q -T0 -3 -o ", quoted(tree.path("peer")));
}

Status verify(const ArchiveTree& tree) {
  WorkState work;
  ArchiveLoadOptions options;
  options.allow_case_collisions = true;
  return load_archive(FileCalls::system(), tree.path("ours"), std::nullopt, options, work, nullptr).status();
}

uint64_t size_of(const std::string& path) {
  struct statx found {};
  return FileCalls::system().status_at(AT_FDCWD, path.c_str(), &found) == 0 ? found.stx_size : 0;
}

void save(benchmark::State& state, Kind kind) {
  const ArchiveTree* const tree = keep_tree(state, kind, kLargeBytes);
  if (tree == nullptr) return;
  for (auto _ : state) {
    tree->clear("ours");
    Status saved;
    record(state, "ours", cost_of([&] { saved = save_ours(*tree); }));
    if (!require(state, saved) || !require(state, verify(*tree))) return;
    // The same bytes, there already, compressed and dropped.
    if (!require(
            state,
            run_command(text("tar -C ", quoted(tree->tree()), " -cf ", quoted(tree->path("tar")), " .")).status())) {
      return;
    }
    tree->clear("peer");
    if (!record_command(state, "limit", text("zstd -q -T0 -3 -c ", quoted(tree->path("tar")), " >/dev/null"))) return;
    tree->clear("tar");
    if (!record_command(state, "peer", save_peer(*tree))) return;
    tree->clear("peer");
    if (!record_command(state, "synced_peer", text(save_peer(*tree), "; sync ", quoted(tree->path("peer"))))) return;
    record_bytes(state, *tree);
  }
}

void archive_save_small(benchmark::State& state) { save(state, Kind::kSmallFiles); }
BENCHMARK(archive_save_small)->UseManualTime()->Iterations(1);

void archive_save_large(benchmark::State& state) { save(state, Kind::kLargeFiles); }
BENCHMARK(archive_save_large)->UseManualTime()->Iterations(1);

void size(benchmark::State& state, Kind kind) {
  const ArchiveTree* const tree = keep_tree(state, kind, kLargeBytes);
  if (tree == nullptr) return;
  for (auto _ : state) {
    tree->clear("ours");
    tree->clear("peer");
    if (!require(state, save_ours(*tree)) || !require(state, run_command(save_peer(*tree)).status())) return;
    const auto share = [&](const char* name) {
      return static_cast<double>(size_of(tree->path(name))) / static_cast<double>(tree->bytes());
    };
    state.SetIterationTime(0);
    state.counters["ours_share"] = share("ours");
    state.counters["limit_share"] = share("peer");
  }
}

void archive_size_small(benchmark::State& state) { size(state, Kind::kSmallFiles); }
BENCHMARK(archive_size_small)->UseManualTime()->Iterations(1);

void archive_size_large(benchmark::State& state) { size(state, Kind::kLargeFiles); }
BENCHMARK(archive_size_large)->UseManualTime()->Iterations(1);

Status load_ours(const ArchiveTree& tree, bool durable) {
  WorkState work;
  ArchiveLoadOptions options;
  options.durable = durable;
  options.allow_case_collisions = true;
  return load_archive(FileCalls::system(), tree.path("ours"), tree.path("loaded"), options, work, nullptr).status();
}

// Every frame is read and decoded, by all processors, and that is all.
Status decode_frames(const ArchiveTree& tree) {
  Result<std::unique_ptr<ArchiveFile>> archive = ArchiveFile::open(FileCalls::system(), tree.path("ours"));
  if (!archive.ok()) return archive.status();
  Result<IndexTable> table = decode_table((*archive)->index());
  if (!table.ok()) return table.status();
  std::vector<uint64_t> offsets{0};
  for (const IndexedFrame& frame : table->frames) offsets.push_back(offsets.back() + frame.stored_bytes);
  WorkerPool pool(archive_threads(0));
  return pool.run(table->frames.size(), [&](uint64_t number) {
    thread_local FrameDecoder decoder;
    thread_local std::vector<std::byte> stored;
    thread_local std::vector<std::byte> raw;
    stored.resize(table->frames[number].stored_bytes);
    raw.resize(table->frames[number].raw_bytes);
    const Status read = (*archive)->read(stored, offsets[number]);
    return read.ok() ? decoder.decode(stored, raw) : read;
  });
}

std::string load_peer(const ArchiveTree& tree) {
  const std::string loaded = quoted(tree.path("loaded"));
  return text("mkdir ", loaded, "; zstd -q -d -c ", quoted(tree.path("peer")), " | tar -C ", loaded, " -x");
}

bool make_archives(benchmark::State& state, const ArchiveTree& tree) {
  return (size_of(tree.path("ours")) != 0 || require(state, save_ours(tree))) &&
         (size_of(tree.path("peer")) != 0 || require(state, run_command(save_peer(tree)).status()));
}

bool check_loaded(benchmark::State& state, const ArchiveTree& tree) {
  return require(state,
                 run_command(text("diff -r ", quoted(tree.tree()), " ", quoted(tree.path("loaded")), " >&2")).status());
}

void load(benchmark::State& state, Kind kind) {
  const ArchiveTree* const tree = keep_tree(state, kind, kLargeBytes);
  if (tree == nullptr || !make_archives(state, *tree)) return;
  for (auto _ : state) {
    for (const bool durable : {true, false}) {
      tree->clear("loaded");
      Status loaded;
      record(state, durable ? "durable" : "ours", cost_of([&] { loaded = load_ours(*tree, durable); }));
      if (!require(state, loaded) || !check_loaded(state, *tree)) return;
    }
    Status decoded;
    record(state, "limit", cost_of([&] { decoded = decode_frames(*tree); }));
    if (!require(state, decoded)) return;
    tree->clear("loaded");
    if (!record_command(state, "peer", load_peer(*tree))) return;
    tree->clear("loaded");
    if (!record_command(state, "synced_peer", text(load_peer(*tree), "; sync -f ", quoted(tree->path("loaded"))))) {
      return;
    }
    record_bytes(state, *tree);
  }
}

void archive_load_small(benchmark::State& state) { load(state, Kind::kSmallFiles); }
BENCHMARK(archive_load_small)->UseManualTime()->Iterations(1);

void archive_load_large(benchmark::State& state) { load(state, Kind::kLargeFiles); }
BENCHMARK(archive_load_large)->UseManualTime()->Iterations(1);

void archive_load_1g(benchmark::State& state) {
  const ArchiveTree* const tree = keep_tree(state, Kind::kLargeFiles, kGiB);
  if (tree == nullptr || (size_of(tree->path("ours")) == 0 && !require(state, save_ours(*tree)))) return;
  for (auto _ : state) {
    tree->clear("loaded");
    Status loaded;
    record(state, "ours", cost_of([&] { loaded = load_ours(*tree, false); }));
    if (!require(state, loaded) || !check_loaded(state, *tree)) return;
    Status decoded;
    record(state, "limit", cost_of([&] { decoded = decode_frames(*tree); }));
    if (!require(state, decoded)) return;
    tree->clear("loaded");
    if (!record_command(state, "peer", text("cp -r ", quoted(tree->tree()), " ", quoted(tree->path("loaded"))))) return;
    record_bytes(state, *tree);
  }
}
BENCHMARK(archive_load_1g)->UseManualTime()->Iterations(1);

}  // namespace

}  // namespace windlass::bench
