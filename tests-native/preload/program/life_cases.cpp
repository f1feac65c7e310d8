// Many threads, calls before main and during exit, on the emulated device.
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <random>
#include <thread>

#include "program.hpp"

namespace {

// Whether the next madvise of this thread allocates, as a driver might while the library calls it.
thread_local bool madvise_allocates = false;

}  // namespace

// An instrumented program has the sanitizer's madvise, which must stay.
#ifndef PROGRAM_IS_INSTRUMENTED
extern "C" __attribute__((visibility("default"))) int madvise(void* address, size_t bytes, int advice) noexcept {
  if (madvise_allocates) {
    madvise_allocates = false;
    void* taken = nullptr;
    CHECK(cudaMalloc(&taken, 100) == 0);
    CHECK(cudaFree(taken) == 0);
  }
  return static_cast<int>(syscall(SYS_madvise, address, bytes, advice));
}
#endif

namespace program {

namespace {

// Allocates before main and frees during exit, in the scope that the environment makes; if it is told to.
class Early {
 public:
  Early() {
    if (std::getenv("PROGRAM_STARTS_EARLY") == nullptr) return;
    wanted_ = true;
    if (cudaMalloc(&address_, kSizeBytes) != 0) address_ = nullptr;
    mallocs_ = fake_cudart_mallocs();
  }
  ~Early() {
    if (!wanted_) return;
    void* late = nullptr;
    const bool allocated = cudaMalloc(&late, kSizeBytes) == 0 && late != nullptr && fake_cudart_mallocs() == mallocs_;
    if (!allocated || cudaFree(late) != 0 || cudaFree(address_) != 0 || fake_cudart_frees() != 0) _exit(9);
  }
  Early(const Early&) = delete;
  Early& operator=(const Early&) = delete;

  void* address() const { return address_; }
  uint64_t mallocs() const { return mallocs_; }

 private:
  void* address_ = nullptr;
  uint64_t mallocs_ = 0;
  bool wanted_ = false;
};
Early early;

// Allocates and frees when its thread ends, after the thread's scopes may have ended.
struct Late {
  ~Late() {
    void* address = nullptr;
    CHECK(cudaMalloc(&address, kSizeBytes) == 0);
    CHECK(cudaFree(address) == 0);
    wl_preload_scope_options options = scope_options();
    uint64_t scope = 0;
    if (enter(options, &scope).ok()) CHECK(leave(scope).ok());
  }
  bool touched = false;
};
thread_local Late late;

}  // namespace

// Run with a tag, and told to start early.
CASE(callsBeforeMainAndDuringExitWork) {
  CHECK(early.address() != nullptr && early.mallocs() == 0);
  CHECK(info("from-outside").regions == 1);
  std::memset(early.address(), 7, kSizeBytes);
  // The main thread's scope is left open too.
  (void)enter("never left");
  CHECK(pause(nullptr).ok());
  CHECK(resume(nullptr).ok());
}

CASE(callsWhileAThreadEndsWork) {
  std::thread([] {
    late.touched = true;  // made before the scopes: ends after them
    (void)enter("weights");
    void* const address = allocate_filled(1);
    CHECK(cudaFree(address) == 0);
  }).join();
  std::thread([] {
    (void)enter("weights");
    late.touched = true;  // ends before them
  }).join();
  CHECK(fake_cudart_live() == 0 && info().regions == 0);
}

CASE(whatIsAllocatedInsideTheLibraryGoesToTheRuntime) {
  const uint64_t scope = enter("weights");
  madvise_allocates = true;
  void* const address = allocate_filled(1);
  CHECK(leave(scope).ok());
  CHECK(!madvise_allocates);
  CHECK(fake_cudart_mallocs() == 1 && fake_cudart_frees() == 1);
  CHECK(info().regions == 1);
  CHECK(cudaFree(address) == 0);
}

CASE(manyThreadsAllocateAndFreeWhileOthersPauseAndResume) {
  std::atomic<int> running = 4;
  std::atomic<bool> wrong = false;
  const auto churn = [&](unsigned seed) {
    std::mt19937 random(seed);
    for (int round = 0; round < 40; ++round) {
      const bool scoped = random() % 4 != 0;
      const uint64_t scope = scoped ? enter(seed % 2 == 0 ? "even" : "odd") : 0;
      void* address = nullptr;
      const int32_t error = cudaMalloc(&address, kSizeBytes);
      if (scoped && !leave(scope).ok()) wrong = true;
      if (error == 2) continue;  // the device is small, and others have it now
      if (error != 0 || address == nullptr || cudaFree(address) != 0) wrong = true;
    }
    --running;
  };
  std::vector<std::thread> threads;
  for (unsigned seed = 0; seed < 4; ++seed) threads.emplace_back(churn, seed);
  std::thread transitions([&] {
    while (running > 0) {
      // What others close meanwhile is no reason to fail; memory that others took may be.
      (void)pause("even", nullptr, 1);
      (void)pause(nullptr, nullptr, 1);
      (void)resume("odd", nullptr, 1);
      (void)resume(nullptr, nullptr, 1);
      (void)info();
    }
  });
  for (std::thread& thread : threads) thread.join();
  transitions.join();
  CHECK(!wrong);
  CHECK(info().regions == 0 && fake_cudart_live() == 0);
}

}  // namespace program
