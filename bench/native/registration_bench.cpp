// What a cache of registrations saves: 1000 tensors of one checkpoint, in one mapping, as a file of them is mapped, are
// registered as they are asked for, one after the other.
//
// The registrar is a stand-in, as few machines have an RDMA device: it counts, and it locks the pages in memory, which
// is what a device's driver does before all else. The calls into a driver and the tables of a device are left out, in
// favour of the peer, who needs more of them. The peer registers each tensor alone; the limit is one registration of
// all of them.

#include <sys/mman.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.hpp"
#include "base/text.hpp"
#include "host_memory.hpp"
#include "measure.hpp"
#include "transport/registration_cache.hpp"

namespace windlass::bench {

namespace {

constexpr uint64_t kTensors = 1000;
constexpr uint64_t kAlignmentBytes = 64;
// Of a block of a model: norms and biases, and matrices, by their share of the block's bytes.
constexpr std::array<uint64_t, 10> kShares = {1, 1, 64, 16, 16, 64, 1, 172, 172, 172};

class LockedPages final : public Registration {
 public:
  LockedPages(std::byte* data, uint64_t bytes, uint32_t key) noexcept : data_(data), bytes_(bytes), key_(key) {}
  ~LockedPages() override { munlock(data_, bytes_); }

  uint32_t local_key() const noexcept override { return key_; }
  uint32_t remote_key() const noexcept override { return 0; }

 private:
  std::byte* const data_;
  const uint64_t bytes_;
  const uint32_t key_;
};

// Calls come from one thread.
class LockingRegistrar final : public Registrar {
 public:
  Result<std::unique_ptr<Registration>> register_memory(std::byte* data, uint64_t bytes, uint32_t /*access*/) override {
    ++calls_;
    if (mlock(data, bytes) != 0) {
      const int cause = errno;
      return Status::error(Code::kNoMemory,
                           text("locking ", bytes_text(bytes), ": ", errno_text(cause), "; raise ulimit -l"), cause);
    }
    return std::unique_ptr<Registration>(std::make_unique<LockedPages>(data, bytes, static_cast<uint32_t>(calls_)));
  }
  uint64_t most_bytes() const noexcept override { return kGiB; }
  std::string_view name() const noexcept override { return "a registrar that locks"; }

  uint64_t calls() const noexcept { return calls_; }

 private:
  uint64_t calls_ = 0;
};

struct Checkpoint {
  HostMemory memory = HostMemory(moved_bytes(), Pages::kSmall);  // locking a part of a huge page would split it
  std::vector<RegistrationRequest> tensors;
};

Result<std::shared_ptr<Checkpoint>> make_checkpoint() {
  auto made = std::make_shared<Checkpoint>();
  made->memory.populate();
  uint64_t shares = 0;
  for (const uint64_t share : kShares) shares += share;
  const uint64_t block_bytes = made->memory.bytes() / (kTensors / kShares.size());
  uint64_t offset = 0;
  for (uint64_t i = 0; i < kTensors; ++i) {
    const uint64_t bytes = block_bytes * kShares.at(i % kShares.size()) / shares / kAlignmentBytes * kAlignmentBytes;
    made->tensors.push_back({made->memory.data() + offset, bytes});
    offset += bytes;
  }
  return made;
}

struct Registered {
  Cost cost;
  uint64_t registrations = 0;
  Status status;
};

Registered register_cached(const Checkpoint& checkpoint) {
  Registered done;
  const auto registrar = std::make_shared<LockingRegistrar>();
  const std::shared_ptr<RegistrationCache> cache = RegistrationCache::open({});
  done.status = cache->adopt(checkpoint.memory.data(), checkpoint.memory.bytes());
  std::vector<RegistrationUse> uses;
  uses.reserve(kTensors);
  done.cost = cost_of([&] {
    for (const RegistrationRequest& tensor : checkpoint.tensors) {
      Result<RegistrationUse> use = cache->acquire(registrar, tensor.data, tensor.bytes, 0);
      if (!use.ok()) done.status = use.status();
      if (!done.status.ok()) return;
      uses.push_back(*std::move(use));
    }
  });
  done.registrations = registrar->calls();
  return done;
}

Registered register_each(const std::vector<RegistrationRequest>& ranges) {
  Registered done;
  LockingRegistrar registrar;
  std::vector<std::unique_ptr<Registration>> kept;
  kept.reserve(ranges.size());
  done.cost = cost_of([&] {
    for (const RegistrationRequest& range : ranges) {
      Result<std::unique_ptr<Registration>> made = registrar.register_memory(range.data, range.bytes, 0);
      if (!made.ok()) done.status = made.status();
      if (!done.status.ok()) return;
      kept.push_back(*std::move(made));
    }
  });
  done.registrations = registrar.calls();
  return done;
}

struct Round {
  Registered ours;
  Registered peer;
  Registered limit;
};

// Whether all three registered.
bool register_all(benchmark::State& state, Round& round) {
  auto* const checkpoint = keep<Checkpoint>(state, "registrations", make_checkpoint);
  if (checkpoint == nullptr) return false;
  round.ours = register_cached(*checkpoint);
  round.peer = register_each(checkpoint->tensors);
  round.limit = register_each({{checkpoint->memory.data(), checkpoint->memory.bytes()}});
  return require(state, round.ours.status) && require(state, round.peer.status) && require(state, round.limit.status);
}

void registrations(benchmark::State& state) {
  for (auto _ : state) {
    Round round;
    if (!register_all(state, round)) return;
    record(state, "ours", round.ours.cost);
    record(state, "peer", round.peer.cost);
    record(state, "limit", round.limit.cost);
  }
}
BENCHMARK(registrations)->UseManualTime()->Iterations(1);

// How many calls each makes for them.
void registration_count(benchmark::State& state) {
  for (auto _ : state) {
    Round round;
    if (!register_all(state, round)) return;
    state.SetIterationTime(round.ours.cost.seconds);
    state.counters["ours_count"] = static_cast<double>(round.ours.registrations);
    state.counters["peer_count"] = static_cast<double>(round.peer.registrations);
    state.counters["limit_count"] = static_cast<double>(round.limit.registrations);
  }
}
BENCHMARK(registration_count)->UseManualTime()->Iterations(1);

}  // namespace

}  // namespace windlass::bench
