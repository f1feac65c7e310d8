// What tests steer the fake driver with.
#include <sys/mman.h>

#include <algorithm>
#include <cstring>

#include "fake_call.hpp"
#include "fake_cuda.h"

using fake_cuda::Code;
using fake_cuda::State;

extern "C" {

void fake_cuda_reset(void) {
  State& now = fake_cuda::state();
  std::unique_lock lock(now.mutex);
  for (const auto& context : now.contexts) {
    end_context(now, lock, *context);
    context->retained = 0;
  }
  now.mappings.clear();
  now.handles.clear();
  now.files.clear();
  for (const auto& [address, bytes] : now.reservations) munmap(reinterpret_cast<void*>(address), bytes);
  now.reservations.clear();
  now.registrations.clear();
  now.contexts.clear();
  fake_cuda::context_stack().clear();
  now.attributes.clear();
  now.calls.clear();
  now.violations.clear();
  now.failure = {};
  now.all_calls = 0;
  now.pageable_copies = 0;
  now.initialized = false;
  now.lazy = true;
  now.peer_access = true;
  now.gpu_count = 2;
  now.gpu_bytes = uint64_t{64} << 20;
}

void fake_cuda_set_gpus(int32_t count, uint64_t memory_bytes) {
  State& now = fake_cuda::state();
  const std::lock_guard lock(now.mutex);
  now.gpu_count = count;
  now.gpu_bytes = memory_bytes;
}

void fake_cuda_set_peer_access(int32_t allowed) {
  State& now = fake_cuda::state();
  const std::lock_guard lock(now.mutex);
  now.peer_access = allowed != 0;
}

void fake_cuda_set_attribute(int32_t attribute, int32_t value) {
  State& now = fake_cuda::state();
  const std::lock_guard lock(now.mutex);
  now.attributes[attribute] = value;
}

void fake_cuda_set_lazy(int32_t lazy) {
  State& now = fake_cuda::state();
  const std::lock_guard lock(now.mutex);
  now.lazy = lazy != 0;
  now.changed.notify_all();
}

void fake_cuda_fail(const char* name, uint64_t nth, int32_t code) {
  State& now = fake_cuda::state();
  const std::lock_guard lock(now.mutex);
  now.failure = {name != nullptr ? name : "", nth, static_cast<Code>(code), false};
}

int32_t fake_cuda_failed(void) {
  State& now = fake_cuda::state();
  const std::lock_guard lock(now.mutex);
  return now.failure.happened ? 1 : 0;
}

void fake_cuda_lose_context(int32_t gpu, int32_t code) {
  State& now = fake_cuda::state();
  const std::lock_guard lock(now.mutex);
  now.contexts.at(static_cast<size_t>(gpu))->lost = static_cast<Code>(code);
}

uint64_t fake_cuda_calls(const char* name) {
  State& now = fake_cuda::state();
  const std::lock_guard lock(now.mutex);
  if (name == nullptr) return now.all_calls;
  const auto found = now.calls.find(name);
  return found != now.calls.end() ? found->second : 0;
}

void fake_cuda_get_live(fake_cuda_live* live) {
  State& now = fake_cuda::state();
  const std::lock_guard lock(now.mutex);
  *live = {};
  for (const auto& context : now.contexts) live->contexts += context->retained;
  live->reservations = now.reservations.size();
  live->handles = now.handles.size();
  live->mappings = now.mappings.size();
  live->streams = now.streams.size();
  live->events = now.events.size();
  live->registrations = now.registrations.size();
  for (int32_t gpu = 0; gpu < now.gpu_count; ++gpu) live->used_bytes += fake_cuda::used_bytes(now, gpu);
  live->stack_depth = fake_cuda::context_stack().size();
}

int32_t fake_cuda_has_access(uint64_t address, int32_t gpu) {
  State& now = fake_cuda::state();
  const std::lock_guard lock(now.mutex);
  const auto* const found = fake_cuda::mapping_at(now, address);
  return found != nullptr && found->second.access.contains(gpu) ? 1 : 0;
}

int32_t fake_cuda_is_rdma_capable(uint64_t address) {
  State& now = fake_cuda::state();
  const std::lock_guard lock(now.mutex);
  const auto* const found = fake_cuda::mapping_at(now, address);
  return found != nullptr && found->second.physical->rdma ? 1 : 0;
}

uint64_t fake_cuda_pageable_copies(void) {
  State& now = fake_cuda::state();
  const std::lock_guard lock(now.mutex);
  return now.pageable_copies;
}

size_t fake_cuda_violations(char* text, size_t capacity) {
  State& now = fake_cuda::state();
  const std::lock_guard lock(now.mutex);
  if (text != nullptr && capacity != 0) {
    const size_t kept = std::min(capacity - 1, now.violations.size());
    std::memcpy(text, now.violations.data(), kept);
    text[kept] = '\0';
  }
  return now.violations.size();
}

}  // extern "C"
