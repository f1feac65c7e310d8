// Item 11: decoding and encoding chunks of bf16 weights, against zstd -1 on the same chunks, one thread each; and the
// size of what comes out, against the least that any coder of exponents can reach.

#include <zstd.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <memory>
#include <random>
#include <span>
#include <utility>
#include <vector>

#include "base/bytes.hpp"
#include "codec/chunk_decoder.hpp"
#include "codec/chunk_encoder.hpp"
#include "codec/entropy.hpp"
#include "host_memory.hpp"
#include "measure.hpp"
#include "memory/copy.hpp"

namespace windlass::bench {

namespace {

constexpr int kPeerLevel = 1;
constexpr uint64_t kWeightsBytes = 64 * kMiB;  // made once, and repeated: making them takes far longer than coding them
constexpr float kSigma = 0.02F;

struct FreeContext {
  void operator()(ZSTD_CCtx* context) const noexcept { ZSTD_freeCCtx(context); }
  void operator()(ZSTD_DCtx* context) const noexcept { ZSTD_freeDCtx(context); }
};

uint16_t bf16_of(float number) noexcept {
  const auto bits = std::bit_cast<uint32_t>(number);
  return static_cast<uint16_t>((bits + 0x7FFF + (bits >> 16U & 1U)) >> 16U);
}

// Encoded chunks, each at the start of a slot that is large enough for either coder.
struct Encoded {
  HostMemory memory;
  std::vector<uint64_t> chunk_bytes;
  uint64_t total_bytes = 0;
};

struct CodecContest {
  CodecContest() : weights(moved_bytes(), Pages::kHuge), target(moved_bytes(), Pages::kHuge) {
    weights.populate();
    target.populate();
    for (Encoded* side : {&ours, &peer}) {
      side->memory = HostMemory(round_up(chunks() * slot_bytes(), 2 * kMiB), Pages::kHuge);
      side->memory.populate();
      side->chunk_bytes.resize(chunks());
    }
    make_weights();
    wanted = reference_hash({weights.data(), weights.bytes()});
  }

  static uint64_t chunks() noexcept { return moved_bytes() / kDefaultChunkBytes; }
  static uint64_t slot_bytes() noexcept { return ZSTD_compressBound(kDefaultChunkBytes) + kChunkHeaderBytes; }
  std::span<std::byte> raw(uint64_t chunk) const {
    return {weights.data() + chunk * kDefaultChunkBytes, kDefaultChunkBytes};
  }
  std::span<std::byte> back(uint64_t chunk) const {
    return {target.data() + chunk * kDefaultChunkBytes, kDefaultChunkBytes};
  }
  std::span<std::byte> slot(Encoded& side, uint64_t chunk) const {
    return {side.memory.data() + chunk * slot_bytes(), slot_bytes()};
  }

  void make_weights() const {
    std::mt19937_64 random(11);
    std::normal_distribution<float> normal(0, kSigma);
    const uint64_t made = std::min(kWeightsBytes, moved_bytes());
    for (uint64_t at = 0; at < made; at += sizeof(uint16_t)) {
      const uint16_t weight = bf16_of(normal(random));
      std::memcpy(weights.data() + at, &weight, sizeof weight);
    }
    for (uint64_t at = made; at < moved_bytes(); at += made) {
      std::memcpy(weights.data() + at, weights.data(), std::min(made, moved_bytes() - at));
    }
  }

  // Sign and mantissa as they are, the exponents by their frequency.
  double floor_bytes() const {
    std::vector<std::byte> exponents(std::min(kWeightsBytes, moved_bytes()) / sizeof(uint16_t));
    for (size_t i = 0; i < exponents.size(); ++i) {
      uint16_t weight = 0;
      std::memcpy(&weight, weights.data() + i * sizeof weight, sizeof weight);
      exponents[i] = static_cast<std::byte>(weight >> 7U);
    }
    return static_cast<double>(moved_bytes()) * (1 + entropy_bits(exponents) / 8) / 2;
  }

  // Runs a coder over all chunks; it returns how many bytes a chunk took.
  template <typename Code>
  static Cost encode_all(Encoded& side, Code&& code) {
    const Cost cost = cost_of([&] {
      for (uint64_t chunk = 0; chunk < chunks(); ++chunk) side.chunk_bytes[chunk] = code(chunk);
    });
    side.total_bytes = 0;
    for (const uint64_t bytes : side.chunk_bytes) side.total_bytes += bytes;
    return cost;
  }

  bool came_back() const { return reference_hash({target.data(), target.bytes()}) == wanted; }

  HostMemory weights;
  HostMemory target;
  Encoded ours;
  Encoded peer;
  Hash128 wanted;
  ChunkEncoder encoder{kDefaultChunkBytes};
  ChunkDecoder decoder{kDefaultChunkBytes};
  std::unique_ptr<ZSTD_CCtx, FreeContext> peer_encoder{ZSTD_createCCtx()};
  std::unique_ptr<ZSTD_DCtx, FreeContext> peer_decoder{ZSTD_createDCtx()};
};

Result<std::shared_ptr<CodecContest>> open_contest() { return std::make_shared<CodecContest>(); }

// Encodes all chunks with both coders, ours first.
std::pair<Cost, Cost> encode_both(CodecContest& contest) {
  contest.encoder.forget_choice();
  const Cost ours = CodecContest::encode_all(contest.ours, [&](uint64_t chunk) {
    return contest.encoder.encode(std::nullopt, contest.raw(chunk), contest.slot(contest.ours, chunk));
  });
  const Cost peer = CodecContest::encode_all(contest.peer, [&](uint64_t chunk) {
    const std::span<std::byte> slot = contest.slot(contest.peer, chunk);
    return ZSTD_compressCCtx(contest.peer_encoder.get(), slot.data(), slot.size(), contest.raw(chunk).data(),
                             kDefaultChunkBytes, kPeerLevel);
  });
  return {ours, peer};
}

Cost copy_cost(const CodecContest& contest) {
  return cost_of([&] { windlass::copy(contest.target.data(), contest.weights.data(), contest.weights.bytes()); });
}

// The limit of decoding is a copy of what it makes.
void codec_decode(benchmark::State& state) {
  auto* const contest = keep<CodecContest>(state, "codec", open_contest);
  if (contest == nullptr) return;
  if (contest->ours.total_bytes == 0) (void)encode_both(*contest);
  for (auto _ : state) {
    fill({contest->target.data(), moved_bytes()}, 1);
    bool fine = true;
    record(state, "ours", cost_of([&] {
             for (uint64_t chunk = 0; chunk < CodecContest::chunks(); ++chunk) {
               const auto encoded = contest->slot(contest->ours, chunk).first(contest->ours.chunk_bytes[chunk]);
               fine = contest->decoder.decode(encoded, contest->back(chunk)).ok() && fine;
             }
           }));
    if (!require(state, fine && contest->came_back(), "decoding gave wrong bytes")) return;

    record(state, "limit", copy_cost(*contest));

    fill({contest->target.data(), moved_bytes()}, 2);
    record(state, "peer", cost_of([&] {
             for (uint64_t chunk = 0; chunk < CodecContest::chunks(); ++chunk) {
               ZSTD_decompressDCtx(contest->peer_decoder.get(), contest->back(chunk).data(), kDefaultChunkBytes,
                                   contest->slot(contest->peer, chunk).data(), contest->peer.chunk_bytes[chunk]);
             }
           }));
    if (!require(state, contest->came_back(), "zstd gave wrong bytes")) return;
  }
}
BENCHMARK(codec_decode)->UseManualTime()->Iterations(1);

// What comes out is right where codec_decode, which is measured with the same, says so.
void codec_encode(benchmark::State& state) {
  auto* const contest = keep<CodecContest>(state, "codec", open_contest);
  if (contest == nullptr) return;
  for (auto _ : state) {
    const auto [ours, peer] = encode_both(*contest);
    record(state, "ours", ours);
    record(state, "limit", copy_cost(*contest));
    record(state, "peer", peer);
  }
}
BENCHMARK(codec_encode)->UseManualTime()->Iterations(1);

// What is left of the bytes: the limit is what no coder of exponents can go below.
void codec_size(benchmark::State& state) {
  auto* const contest = keep<CodecContest>(state, "codec", open_contest);
  if (contest == nullptr) return;
  for (auto _ : state) {
    state.SetIterationTime(cost_of([&] {
                             if (contest->ours.total_bytes == 0) (void)encode_both(*contest);
                           }).seconds);
    const auto raw_bytes = static_cast<double>(moved_bytes());
    state.counters["ours_share"] = static_cast<double>(contest->ours.total_bytes) / raw_bytes;
    state.counters["limit_share"] = contest->floor_bytes() / raw_bytes;
    state.counters["peer_share"] = static_cast<double>(contest->peer.total_bytes) / raw_bytes;
  }
}
BENCHMARK(codec_size)->UseManualTime()->Iterations(1);

}  // namespace

}  // namespace windlass::bench
