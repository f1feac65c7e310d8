#include "fake_state.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <iterator>
#include <set>

#include "fake_call.hpp"

namespace fake_cuda {

namespace {

bool is_sticky(Code code) {
  static const std::set<int32_t> codes{214, 220, 226, 700, 702, 709, 710, 714, 715, 716, 717, 718, 719, 721, 911};
  return codes.contains(static_cast<int32_t>(code));
}

// Runs a stream's jobs until it ends.
void run_stream(State& now, StreamState& stream) {
  std::unique_lock lock(now.mutex);
  while (true) {
    now.changed.wait(
        lock, [&] { return stream.ending || (!stream.jobs.empty() && (!now.lazy || stream.wanted > stream.done)); });
    if (stream.jobs.empty()) return;  // ending
    if (stream.context->lost == Code::kSuccess) stream.jobs.front().work(lock);
    stream.jobs.pop_front();
    ++stream.done;
    now.changed.notify_all();
  }
}

}  // namespace

Physical::Physical(int descriptor_taken, uint64_t size, int32_t owner)
    : descriptor(descriptor_taken), bytes(size), gpu(owner) {
  void* const seen = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
  if (seen != MAP_FAILED) window = static_cast<std::byte*>(seen);
}

Physical::~Physical() {
  if (window != nullptr) munmap(window, bytes);
  if (descriptor >= 0) close(descriptor);
}

State& state() {
  static State* const only = std::make_unique<State>().release();
  return *only;
}

std::vector<ContextState*>& context_stack() {
  thread_local std::vector<ContextState*> stack;
  return stack;
}

Code begin_call(State& now, const char* name, Needs needs) {
  ++now.calls[name];
  ++now.all_calls;
  static const std::set<std::string> spared{"cuCtxPopCurrent_v2", "cuEventQuery", "cuGetErrorName", "cuGetErrorString"};
  Failure& failure = now.failure;
  const bool counts = failure.name.empty() ? !spared.contains(name) : failure.name == name;
  if (failure.countdown != 0 && counts && --failure.countdown == 0) {
    failure.happened = true;
    if (is_sticky(failure.code) && !context_stack().empty()) context_stack().back()->lost = failure.code;
    return failure.code;
  }
  if (needs == Needs::kNothing) return Code::kSuccess;
  if (!now.initialized) return Code::kNotInitialized;
  if (needs == Needs::kInit) return Code::kSuccess;
  if (context_stack().empty() || context_stack().back()->retained == 0) return Code::kInvalidContext;
  return context_stack().back()->lost;
}

std::pair<const Address, Mapping>* mapping_at(State& now, Address address) {
  const auto after = now.mappings.upper_bound(address);
  if (after == now.mappings.begin()) return nullptr;
  auto& found = *std::prev(after);
  return address - found.first < found.second.bytes ? &found : nullptr;
}

bool for_each_window(State& now, Address address, uint64_t bytes, int32_t gpu,
                     const std::function<void(const std::shared_ptr<Physical>&, std::byte*, uint64_t)>& visit) {
  for (uint64_t offset = 0; offset < bytes;) {
    auto* const found = mapping_at(now, address + offset);
    if (found == nullptr || !found->second.access.contains(gpu)) return false;
    const uint64_t inside = address + offset - found->first;
    const uint64_t part = std::min(bytes - offset, found->second.bytes - inside);
    visit(found->second.physical, found->second.physical->window + inside, part);
    offset += part;
  }
  return true;
}

uint64_t used_bytes(State& now, int32_t gpu) {
  uint64_t sum = 0;
  for (const auto& [file, weak] : now.files) {
    const std::shared_ptr<Physical> physical = weak.lock();
    if (physical != nullptr && physical->gpu == gpu) sum += physical->bytes;
  }
  return sum;
}

void want(State& now, StreamState& stream, uint64_t jobs) {
  stream.wanted = std::max(stream.wanted, jobs);
  if (!stream.jobs.empty() && !stream.thread.joinable()) {
    stream.thread = std::thread([&now, &stream] { run_stream(now, stream); });
  }
  now.changed.notify_all();
}

void wait_for(State& now, std::unique_lock<std::mutex>& lock, StreamState& stream, uint64_t jobs) {
  want(now, stream, jobs);
  now.changed.wait(lock, [&] { return stream.done >= jobs; });
}

void end_stream(State& now, std::unique_lock<std::mutex>& lock, const StreamState* stream) {
  const auto found =
      std::find_if(now.streams.begin(), now.streams.end(), [&](const auto& each) { return each.get() == stream; });
  if (found == now.streams.end()) return;
  StreamState& ended = **found;
  wait_for(now, lock, ended, ended.enqueued);
  ended.ending = true;
  now.changed.notify_all();
  lock.unlock();
  if (ended.thread.joinable()) ended.thread.join();
  lock.lock();
  for (const auto& event : now.events) {
    if (event->stream == stream) event->stream = nullptr;
  }
  std::erase_if(now.streams, [&](const auto& each) { return each.get() == stream; });
}

void end_context(State& now, std::unique_lock<std::mutex>& lock, ContextState& context) {
  while (true) {
    const auto found = std::find_if(now.streams.begin(), now.streams.end(),
                                    [&](const auto& each) { return each->context == &context; });
    if (found == now.streams.end()) break;
    end_stream(now, lock, found->get());
  }
  std::erase_if(now.events, [&](const auto& each) { return each->context == &context; });
  std::erase_if(now.registrations, [&](const auto& each) { return each.second.context == &context; });
  context.lost = Code::kSuccess;
}

}  // namespace fake_cuda
