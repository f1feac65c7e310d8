// The state of the fake CUDA driver: a machine of GPUs whose memory is host memory.
//
// Physical memory is a memfd, seen through a window of the fake's own. Reserved addresses never become accessible to
// the processor, as with a real GPU; a copy finds the window through the table of mappings.
//
// Threads: any. One mutex guards all; streams copy without it.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "device/cuda/cuda_api.hpp"
#include "fake_cuda.h"

namespace fake_cuda {

using windlass::cuda::Address;
using windlass::cuda::Code;

inline constexpr uint64_t kGranularityBytes = uint64_t{2} << 20;

// Memory of a GPU. It goes when no handle, no mapping and no copy has it any more.
struct Physical {
  Physical(int descriptor_taken, uint64_t size, int32_t owner);
  ~Physical();
  Physical(const Physical&) = delete;
  Physical& operator=(const Physical&) = delete;

  int descriptor = -1;
  uint64_t bytes = 0;
  int32_t gpu = 0;
  std::byte* window = nullptr;
  bool rdma = false;
  bool exportable = false;
};

struct Mapping {
  uint64_t bytes = 0;
  std::shared_ptr<Physical> physical;
  std::set<int32_t> access;  // of GPUs
};

struct Handle {
  std::shared_ptr<Physical> physical;
};

struct ContextState {
  int32_t gpu = 0;
  uint64_t retained = 0;
  Code lost = Code::kSuccess;
};

// Work of a stream that has not been done.
struct Job {
  Address device_address = 0;
  uint64_t host_address = 0;
  uint64_t bytes = 0;
  std::function<void(std::unique_lock<std::mutex>&)> work;  // called with the lock, which it may let go meanwhile
};

struct StreamState {
  ContextState* context = nullptr;
  std::deque<Job> jobs;  // the first one is at work
  uint64_t enqueued = 0;
  uint64_t done = 0;
  uint64_t wanted = 0;  // somebody waits until that many are done
  bool ending = false;
  std::thread thread;
};

struct EventState {
  ContextState* context = nullptr;
  StreamState* stream = nullptr;  // null: not recorded
  uint64_t after = 0;             // as many of its jobs
};

struct Registration {
  uint64_t bytes = 0;
  ContextState* context = nullptr;
};

struct Failure {
  std::string name;  // empty: any
  uint64_t countdown = 0;
  Code code = Code::kSuccess;
  bool happened = false;
};

struct State {
  std::mutex mutex;
  std::condition_variable changed;
  bool initialized = false;
  bool lazy = true;
  bool peer_access = true;
  int32_t gpu_count = 2;
  uint64_t gpu_bytes = uint64_t{64} << 20;
  std::map<int32_t, int32_t> attributes;
  std::vector<std::unique_ptr<ContextState>> contexts;  // by GPU
  std::map<Address, uint64_t> reservations;
  std::map<uint64_t, Handle> handles;
  uint64_t last_handle = 0;
  std::map<Address, Mapping> mappings;
  std::map<std::pair<uint64_t, uint64_t>, std::weak_ptr<Physical>> files;  // memfd: device and inode
  std::set<std::unique_ptr<StreamState>> streams;
  std::set<std::unique_ptr<EventState>> events;
  std::map<uint64_t, Registration> registrations;
  std::map<std::string, uint64_t> calls;
  uint64_t all_calls = 0;
  uint64_t pageable_copies = 0;
  Failure failure;
  std::string violations;
};

// The process's one; never destroyed, so that streams may outlive main.
State& state();

// The contexts that the calling thread has pushed, the current one last.
std::vector<ContextState*>& context_stack();

// The piece that holds the address, or null.
std::pair<const Address, Mapping>* mapping_at(State& now, Address address);

// Calls visit(window, bytes) for each part of the range, in order; false if some of it is not mapped for that GPU.
bool for_each_window(State& now, Address address, uint64_t bytes, int32_t gpu,
                     const std::function<void(const std::shared_ptr<Physical>&, std::byte*, uint64_t)>& visit);

uint64_t used_bytes(State& now, int32_t gpu);

// Streams: the lock is held, and let go while waiting.
void wait_for(State& now, std::unique_lock<std::mutex>& lock, StreamState& stream, uint64_t jobs);
void want(State& now, StreamState& stream, uint64_t jobs);
void end_stream(State& now, std::unique_lock<std::mutex>& lock, const StreamState* stream);
void end_context(State& now, std::unique_lock<std::mutex>& lock, ContextState& context);

}  // namespace fake_cuda
