// The fake CUDA driver (fake/libcuda) for tests: loaded by its path, reset at the beginning and at the end of a test.
#pragma once

#include <dlfcn.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>

#include "base/bytes.hpp"
#include "device/cuda/cuda_device.hpp"
#include "device/cuda/cuda_driver.hpp"
#include "fake/libcuda/fake_cuda.h"

namespace windlass::fake {

class FakeCuda {
 public:
  static constexpr const char* kPath = WINDLASS_FAKE_CUDA;

  FakeCuda() { reset(); }
  ~FakeCuda() { reset(); }
  FakeCuda(const FakeCuda&) = delete;
  FakeCuda& operator=(const FakeCuda&) = delete;

  void reset() const { find<decltype(fake_cuda_reset)>("fake_cuda_reset")(); }
  void set_gpus(int count, uint64_t memory_bytes) const {
    find<decltype(fake_cuda_set_gpus)>("fake_cuda_set_gpus")(count, memory_bytes);
  }
  void set_peer_access(bool allowed) const {
    find<decltype(fake_cuda_set_peer_access)>("fake_cuda_set_peer_access")(allowed ? 1 : 0);
  }
  void set_attribute(cuda::Attribute attribute, int value) const {
    find<decltype(fake_cuda_set_attribute)>("fake_cuda_set_attribute")(static_cast<int32_t>(attribute), value);
  }
  void set_lazy(bool lazy) const { find<decltype(fake_cuda_set_lazy)>("fake_cuda_set_lazy")(lazy ? 1 : 0); }
  void fail(const char* name, uint64_t nth, cuda::Code code) const {
    find<decltype(fake_cuda_fail)>("fake_cuda_fail")(name, nth, static_cast<int32_t>(code));
  }
  void forgive() const { fail(nullptr, 0, cuda::Code::kSuccess); }
  bool failed() const { return find<decltype(fake_cuda_failed)>("fake_cuda_failed")() != 0; }
  void lose_context(int gpu, cuda::Code code) const {
    find<decltype(fake_cuda_lose_context)>("fake_cuda_lose_context")(gpu, static_cast<int32_t>(code));
  }
  uint64_t calls(const char* name) const { return find<decltype(fake_cuda_calls)>("fake_cuda_calls")(name); }
  fake_cuda_live live() const {
    fake_cuda_live live{};
    find<decltype(fake_cuda_get_live)>("fake_cuda_get_live")(&live);
    return live;
  }
  bool has_access(uint64_t address, int gpu) const {
    return find<decltype(fake_cuda_has_access)>("fake_cuda_has_access")(address, gpu) != 0;
  }
  bool is_rdma_capable(uint64_t address) const {
    return find<decltype(fake_cuda_is_rdma_capable)>("fake_cuda_is_rdma_capable")(address) != 0;
  }
  uint64_t pageable_copies() const { return find<decltype(fake_cuda_pageable_copies)>("fake_cuda_pageable_copies")(); }
  std::string violations() const {
    const auto ask = find<decltype(fake_cuda_violations)>("fake_cuda_violations");
    std::string text(ask(nullptr, 0), '\0');
    ask(text.data(), text.size() + 1);
    return text;
  }

 private:
  template <typename Function>
  static Function* find(const char* name) {
    // Loaded once, and kept, as the driver's own loading keeps it.
    static void* const library = dlopen(kPath, RTLD_NOW | RTLD_LOCAL);
    void* const found = library != nullptr ? dlsym(library, name) : nullptr;
    if (found == nullptr) ADD_FAILURE() << name << " was not found in " << kPath;
    return reinterpret_cast<Function*>(found);
  }
};

// "" if nothing of the driver's is held any more, else what is.
inline std::string leftovers(const fake_cuda_live& live) {
  std::string found;
  const auto add = [&found](const char* what, uint64_t count) {
    if (count != 0) found += std::to_string(count) + " " + what + "\n";
  };
  add("retained contexts", live.contexts);
  add("reservations", live.reservations);
  add("handles", live.handles);
  add("mappings", live.mappings);
  add("streams", live.streams);
  add("events", live.events);
  add("registrations", live.registrations);
  add("bytes of GPU memory", live.used_bytes);
  add("contexts on the thread's stack", live.stack_depth);
  return found;
}

// A test over the fake driver, which must hold to its rules and leave nothing behind.
class FakeCudaTest : public testing::Test {
 protected:
  void TearDown() override {
    if (may_leave_) return;
    EXPECT_EQ(fake_.violations(), "");
    EXPECT_EQ(leftovers(fake_.live()), "");
  }

  // For tests that lose a context: what the driver then refuses to take back is nobody's fault.
  void may_leave() { may_leave_ = true; }

  static std::shared_ptr<CudaDriver> load() { return CudaDriver::load(FakeCuda::kPath).value(); }

  // Small slots, so that small copies pass through many.
  static CudaDeviceOptions small_slots() {
    CudaDeviceOptions options;
    options.staging = {64 * kKiB, 3};
    options.worker_threads = 2;
    options.driver = load();
    return options;
  }

  FakeCuda fake_;

 private:
  bool may_leave_ = false;
};

// The library that tests of any driver use: what the environment names, else the fake.
inline std::string cuda_library() {
  const char* const named = std::getenv("WINDLASS_TEST_CUDA_LIBRARY");
  return named != nullptr && *named != '\0' ? named : FakeCuda::kPath;
}

inline bool cuda_is_fake() { return cuda_library() == FakeCuda::kPath; }

}  // namespace windlass::fake
