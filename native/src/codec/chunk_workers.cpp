#include "codec/chunk_workers.hpp"

#include <cassert>
#include <utility>

#include "base/contain.hpp"
#include "base/text.hpp"

namespace windlass {

namespace {

constexpr uint64_t kLeastChunkBytes = 4 * kKiB;
// Parts of an image begin at multiples of this, and so must chunks.
constexpr uint64_t kLargestChunkBytes = 2 * kMiB;

// With more than one chunk for each thread, one that takes longer does not keep all others waiting.
constexpr size_t kChunksPerThread = 2;

}  // namespace

ChunkWorkers::ChunkWorkers(uint32_t thread_count, uint64_t chunk_bytes) noexcept
    : chunk_bytes_(chunk_bytes), batch_chunks_(kChunksPerThread * thread_count), workers_(thread_count) {}

Result<std::shared_ptr<ChunkWorkers>> ChunkWorkers::open(const ChunkWorkersOptions& options) {
  if (!is_power_of_two(options.chunk_bytes) || options.chunk_bytes < kLeastChunkBytes ||
      options.chunk_bytes > kLargestChunkBytes) {
    return Status::error(Code::kInvalidArgument,
                         text("compression: chunks of ", options.chunk_bytes, " bytes; give a power of two from ",
                              bytes_text(kLeastChunkBytes), " to ", bytes_text(kLargestChunkBytes)));
  }
  const uint32_t threads = options.thread_count != 0 ? options.thread_count : WorkerPool::default_thread_count();
  return std::make_shared<ChunkWorkers>(threads, options.chunk_bytes);
}

Status ChunkWorkers::prepare() {
  const Shift shift = take_shift();
  if (!benches_.empty()) return Status();
  return contain([&] {
    std::vector<std::unique_ptr<Bench>> benches;
    std::vector<Bench*> free;
    for (uint32_t thread = 0; thread < workers_.thread_count(); ++thread) {
      benches.push_back(std::make_unique<Bench>(chunk_bytes_));
      free.push_back(benches.back().get());
    }
    slots_.resize(2 * batch_chunks_ * slot_bytes());
    const std::lock_guard lock(free_mutex_);
    benches_ = std::move(benches);
    free_ = std::move(free);
    return Status();
  });
}

Status ChunkWorkers::run(const Shift& shift, uint64_t count, const std::function<Status(uint64_t, Bench&)>& item) {
  assert(shift.owns_lock() && !benches_.empty());
  (void)shift;
  return workers_.run(count, [&](uint64_t index) {
    Bench& bench = take_bench();
    Status done = contain([&] { return item(index, bench); });
    give_back(bench);
    return done;
  });
}

std::span<std::byte> ChunkWorkers::slots(const Shift& shift, size_t set) noexcept {
  assert(shift.owns_lock() && set < 2);
  (void)shift;
  return std::span(slots_).subspan(set * batch_chunks_ * slot_bytes(), batch_chunks_ * slot_bytes());
}

void ChunkWorkers::forget_choices(const Shift& shift) noexcept {
  assert(shift.owns_lock());
  (void)shift;
  for (const std::unique_ptr<Bench>& bench : benches_) bench->encoder.forget_choice();
}

ChunkWorkers::Bench& ChunkWorkers::take_bench() noexcept {
  const std::lock_guard lock(free_mutex_);
  // There are as many benches as threads, and only the shift's holder has these.
  assert(!free_.empty());
  Bench& bench = *free_.back();
  free_.pop_back();
  return bench;
}

void ChunkWorkers::give_back(Bench& bench) noexcept {
  const std::lock_guard lock(free_mutex_);
  free_.push_back(&bench);  // It was taken from there: the room is kept.
}

}  // namespace windlass
