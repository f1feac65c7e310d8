// Threads that encode and decode chunks, and the memory they need for it: made once, and shared by all who compress.
//
// Each thread has a bench with an encoder, a decoder and room for a chunk. Besides there are slots for encoded chunks,
// in two sets, so that one can be filled while the other is emptied. All this is a few MiB for each thread, taken by
// the first prepare() and kept until the end, however many share it.
//
// Threads: any. Whoever works holds the shift; others wait for it, which costs them nothing, because the threads are
// busy meanwhile.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "base/status.hpp"
#include "base/worker_pool.hpp"
#include "codec/chunk_decoder.hpp"
#include "codec/chunk_encoder.hpp"
#include "codec/chunk_format.hpp"

namespace windlass {

struct ChunkWorkersOptions {
  uint32_t thread_count = 0;  // 0: WorkerPool::default_thread_count()
  uint64_t chunk_bytes = kDefaultChunkBytes;
};

class ChunkWorkers {
 public:
  struct Bench {
    explicit Bench(uint64_t chunk_bytes) : encoder(chunk_bytes), decoder(chunk_bytes), room(chunk_bytes) {}

    ChunkEncoder encoder;
    ChunkDecoder decoder;
    std::vector<std::byte> room;  // for one chunk
  };

  using Shift = std::unique_lock<std::mutex>;

  // For open().
  ChunkWorkers(uint32_t thread_count, uint64_t chunk_bytes) noexcept;

  // Errors: kInvalidArgument (chunk_bytes is no power of two from 4 KiB to 2 MiB).
  static Result<std::shared_ptr<ChunkWorkers>> open(const ChunkWorkersOptions& options);

  // Makes sure that the memory is there, so that what follows needs none. Errors: kNoMemory.
  Status prepare();

  uint64_t chunk_bytes() const noexcept { return chunk_bytes_; }
  // How many chunks are worked on in one go: as many as a set has slots.
  size_t batch_chunks() const noexcept { return batch_chunks_; }

  // Waits until nobody else works. What follows is for the holder of the shift, after prepare().
  Shift take_shift() { return Shift(mutex_); }

  // Calls item(0, bench) to item(count - 1, bench), several at once, each with a bench of its own. As WorkerPool::run.
  Status run(const Shift& shift, uint64_t count, const std::function<Status(uint64_t, Bench&)>& item);

  // The set's slots, side by side: encoded_bound(chunk_bytes()) for each chunk of a batch. set is 0 or 1.
  std::span<std::byte> slots(const Shift& shift, size_t set) noexcept;
  uint64_t slot_bytes() const noexcept { return encoded_bound(chunk_bytes_); }

  // Each encoder forgets what it chose.
  void forget_choices(const Shift& shift) noexcept;

 private:
  Bench& take_bench() noexcept;
  void give_back(Bench& bench) noexcept;

  const uint64_t chunk_bytes_;
  const size_t batch_chunks_;
  WorkerPool workers_;
  std::mutex mutex_;  // the shift
  std::vector<std::unique_ptr<Bench>> benches_;
  std::vector<std::byte> slots_;
  std::mutex free_mutex_;  // guards free_
  std::vector<Bench*> free_;
};

}  // namespace windlass
