// Item 4: an image of the emulated device saved to a file and restored, against fio and against one staging buffer.
//
// All files are new, in the same directory, and synced when they are written. Their space is taken before the clock
// starts where the side takes it ahead (ours, fio, the bare loop). Contents are verified after every round.

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "backup/file_backup.hpp"
#include "base/bytes.hpp"
#include "base/text.hpp"
#include "device/allocation.hpp"
#include "device/emulated/emulated_device.hpp"
#include "fio_limit.hpp"
#include "host_memory.hpp"
#include "io/io_queue.hpp"
#include "measure.hpp"

namespace windlass::bench {

namespace {

constexpr uint64_t kExtentBytes = 64 * kMiB;
constexpr uint64_t kStagingBytes = 2 * kMiB;

// Writes or reads blocks, as many at once as the queue is deep, through buffers whose content does not matter.
Status transfer_all(IoQueue& queue, const HostMemory& memory, IoRequest::Kind kind, uint64_t block_bytes) {
  uint64_t offset = 0;
  const auto begin = [&](uint64_t slot) {
    const int error = queue.start({kind, memory.data() + slot * block_bytes, block_bytes, offset, slot});
    offset += block_bytes;
    return error;
  };
  for (uint64_t slot = 0; slot < queue.depth() && offset < moved_bytes(); ++slot) {
    if (begin(slot) != 0) return Status::error(Code::kIo, "the bare loop cannot begin a transfer");
  }
  while (const std::optional<IoCompletion> ended = queue.next(true)) {
    if (ended->error != 0) return Status::error(Code::kIo, text("the bare loop: ", errno_text(ended->error)));
    if (offset < moved_bytes() && begin(ended->token) != 0) {
      return Status::error(Code::kIo, "the bare loop cannot begin a transfer");
    }
  }
  return Status();
}

// Everybody who takes part in a round.
struct FileContest {
  std::shared_ptr<Device> device;
  std::unique_ptr<Allocation> allocation;
  std::shared_ptr<BackupDirectory> place;
  std::unique_ptr<FileBackup> backup;
  std::unique_ptr<IoQueue> bare;
  HostMemory bare_memory;
  HostMemory staging;
  Hash128 wanted;
  BackupDirectoryOptions options;

  std::span<std::byte> content() const { return {reinterpret_cast<std::byte*>(allocation->address()), moved_bytes()}; }
  std::string peer_path() const { return text(bench_directory(), "/windlass-bench-peer-", getpid()); }

  template <typename Step>
  Status for_each_extent(Step step) const {
    for (uint64_t offset = 0; offset < moved_bytes(); offset += kExtentBytes) {
      const uint64_t bytes = std::min(kExtentBytes, moved_bytes() - offset);
      if (Status done = step(allocation->address() + offset, offset, bytes); !done.ok()) return done;
    }
    return Status();
  }
  Cost save(Status& failure) {
    failure = backup->prepare(moved_bytes());
    if (!failure.ok()) return {};
    return cost_of([&] {
      failure = for_each_extent([&](uint64_t address, uint64_t offset, uint64_t bytes) {
        return backup->save(*device, address, offset, bytes);
      });
      if (failure.ok()) failure = backup->settle();
    });
  }
  Cost restore(Status& failure) {
    return cost_of([&] {
      failure = for_each_extent([&](uint64_t address, uint64_t offset, uint64_t bytes) {
        return backup->restore(*device, address, offset, bytes);
      });
    });
  }
  // Our queue with nothing around it: what fio does, in this process.
  std::pair<Cost, Cost> bare_costs(Status& failure) {
    const Folder& folder = place->folder();
    const std::string name = text("windlass-bench-bare-", getpid());
    Result<BlockFile> file = BlockFile::create(FileCalls::system(), folder, name, true);
    failure = file.ok() ? file->reserve(moved_bytes()) : file.status();
    if (!failure.ok()) return {};
    bare->use(file->descriptor(), file->alignment_bytes());
    const Cost written = cost_of([&] {
      failure = transfer_all(*bare, bare_memory, IoRequest::Kind::kWrite, options.block_bytes);
      if (failure.ok()) failure = file->sync();
    });
    Cost read;
    if (failure.ok()) {
      read = cost_of([&] { failure = transfer_all(*bare, bare_memory, IoRequest::Kind::kRead, options.block_bytes); });
    }
    bare->use(-1, 1);
    unlinkat(folder.descriptor, name.c_str(), 0);
    return {written, read};
  }
  // One staging buffer and the page cache.
  std::pair<Cost, Cost> peer_costs() {
    const int file = open(peer_path().c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    bool whole = file >= 0;
    const auto each_step = [&](auto&& step) {
      for (uint64_t offset = 0; offset < moved_bytes(); offset += kStagingBytes) {
        whole = step(content().data() + offset, static_cast<off_t>(offset)) == kStagingBytes && whole;
      }
    };
    const Cost written = cost_of([&] {
      each_step([&](std::byte* device_memory, off_t offset) {
        std::memcpy(staging.data(), device_memory, kStagingBytes);
        return pwrite(file, staging.data(), kStagingBytes, offset);
      });
      whole = fsync(file) == 0 && whole;
    });
    // What is in the page cache would be read from memory.
    whole = posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED) == 0 && whole;
    const Cost read = cost_of([&] {
      each_step([&](std::byte* device_memory, off_t offset) {
        const ssize_t bytes = pread(file, staging.data(), kStagingBytes, offset);
        std::memcpy(device_memory, staging.data(), kStagingBytes);
        return bytes;
      });
    });
    close(file);
    unlink(peer_path().c_str());
    return whole ? std::pair(written, read) : std::pair(Cost{}, Cost{});
  }
};

Result<std::shared_ptr<FileContest>> open_contest() {
  auto contest = std::make_shared<FileContest>();
  Result<std::shared_ptr<EmulatedDevice>> device = EmulatedDevice::open({});
  if (!device.ok()) return device.status();
  contest->device = *std::move(device);
  Result<std::unique_ptr<Allocation>> allocation = Allocation::open(contest->device, moved_bytes(), kExtentBytes);
  if (!allocation.ok()) return allocation.status();
  contest->allocation = *std::move(allocation);
  if (Status there = contest->allocation->commit(nullptr); !there.ok()) return there;
  fill(contest->content(), 4);
  contest->wanted = reference_hash(contest->content());

  Result<std::shared_ptr<BackupDirectory>> place = BackupDirectory::open(bench_directory(), contest->options);
  if (!place.ok()) return place.status();
  contest->place = *std::move(place);
  contest->backup = std::make_unique<FileBackup>(contest->place, FileBackupOptions{});

  const uint64_t block_bytes = contest->options.block_bytes;
  contest->bare_memory = HostMemory(contest->options.queue_depth * block_bytes, Pages::kHuge);
  contest->bare_memory.populate();
  fill({contest->bare_memory.data(), contest->bare_memory.bytes()}, 5);
  contest->staging = HostMemory(kStagingBytes, Pages::kHuge);
  contest->staging.populate();
  IoQueueOptions queue;
  queue.depth = contest->options.queue_depth;
  for (uint64_t slot = 0; slot < queue.depth; ++slot) {
    queue.buffers.emplace_back(contest->bare_memory.data() + slot * block_bytes, block_bytes);
  }
  Result<std::unique_ptr<IoQueue>> bare = IoQueue::open(queue);
  if (!bare.ok()) return bare.status();
  contest->bare = *std::move(bare);
  return contest;
}

// Both ways in one round, because what is read must have been written.
void measure(benchmark::State& state, bool saving) {
  auto* const contest = keep<FileContest>(state, "file_backup", open_contest);
  if (contest == nullptr) return;
  FioJob job{bench_directory(), true, moved_bytes(), contest->options.block_bytes, contest->options.queue_depth};
  for (auto _ : state) {
    Status failure;
    const Cost saved = contest->save(failure);
    if (!require(state, failure)) return;
    std::memset(contest->content().data(), 0, moved_bytes());
    const Cost restored = contest->restore(failure);
    if (!require(state, failure)) return;
    contest->backup->release();
    if (!require(state, reference_hash(contest->content()) == contest->wanted, "the image came back changed")) return;
    record(state, "ours", saving ? saved : restored);

    job.writes = true;
    std::optional<Cost> fio = run_fio(job);
    if (!saving && fio) {
      job.writes = false;
      fio = run_fio(job);
    }
    remove_fio_file(job.directory);
    const auto [bare_written, bare_read] = contest->bare_costs(failure);
    if (!require(state, failure)) return;
    const Cost bare = saving ? bare_written : bare_read;
    record(state, "limit", fio.value_or(bare));
    record(state, "bare", bare);

    const auto [peer_written, peer_read] = contest->peer_costs();
    const Cost peer = saving ? peer_written : peer_read;
    if (!require(state, peer.seconds > 0, "the peer cannot write its file")) return;
    record(state, "peer", peer);
  }
}

void file_save(benchmark::State& state) { measure(state, true); }
BENCHMARK(file_save)->UseManualTime()->Iterations(1);

void file_restore(benchmark::State& state) { measure(state, false); }
BENCHMARK(file_restore)->UseManualTime()->Iterations(1);

}  // namespace

}  // namespace windlass::bench
