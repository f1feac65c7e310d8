// Item 10: the copy with the hash fused in, against the copy alone, and against memcpy followed by XXH3.

#include <xxhash.h>

#include <cstring>
#include <memory>

#include "host_memory.hpp"
#include "measure.hpp"
#include "memory/copy.hpp"

namespace windlass::bench {

namespace {

struct Buffers {
  HostMemory source = HostMemory(moved_bytes(), Pages::kHuge);
  HostMemory target = HostMemory(moved_bytes(), Pages::kHuge);
  Hash128 wanted;
};

Result<std::shared_ptr<Buffers>> make_buffers() {
  auto buffers = std::make_shared<Buffers>();
  buffers->source.populate();
  buffers->target.populate();
  fill({buffers->source.data(), moved_bytes()}, 10);
  buffers->wanted = reference_hash({buffers->source.data(), moved_bytes()});
  return buffers;
}

void copy_hashed_against_copy(benchmark::State& state) {
  Buffers* const buffers = keep<Buffers>(state, "copy_hashed", make_buffers);
  if (buffers == nullptr) return;
  const uint64_t bytes = moved_bytes();
  const std::byte* const source = buffers->source.data();
  std::byte* const target = buffers->target.data();
  const Hash128 wanted = buffers->wanted;

  for (auto _ : state) {
    fill({target, bytes}, 11);
    Hash128 found;
    record(state, "ours", cost_of([&] { found = copy_hashed(target, source, bytes); }));
    const bool right = found == wanted && reference_hash({target, bytes}) == wanted;
    if (!require(state, right, "copy_hashed gave wrong bytes or a wrong hash")) return;

    fill({target, bytes}, 12);
    record(state, "limit", cost_of([&] { copy(target, source, bytes); }));
    if (!require(state, reference_hash({target, bytes}) == wanted, "copy gave wrong bytes")) return;

    fill({target, bytes}, 13);
    XXH128_hash_t peer_hash{};
    record(state, "peer", cost_of([&] {
             std::memcpy(target, source, bytes);
             peer_hash = XXH3_128bits(target, bytes);
           }));
    if (!require(state, peer_hash.low64 == wanted.low, "the peer's hash is another")) return;

    record(state, "hash", cost_of([&] { benchmark::DoNotOptimize(hash(source, bytes)); }));
    record(state, "memcpy", cost_of([&] { std::memcpy(target, source, bytes); }));
  }
}

BENCHMARK(copy_hashed_against_copy)->Name("copy_hashed")->UseManualTime()->Iterations(1);

}  // namespace

}  // namespace windlass::bench
