// Regions of CUDA devices, with the fake driver.
#include <memory>

#include "device/cuda/cuda_driver.hpp"
#include "fake/libcuda/fake_cuda.h"
#include "program.hpp"

namespace program {

namespace {

using windlass::CudaDriver;
namespace cuda = windlass::cuda;

// A function of the fake that a test steers it by; null if the driver is a real one.
template <typename Function>
Function* find_fake(const char* name) {
  void* const library = dlopen("libcuda.so.1", RTLD_LAZY);
  return CHECK(library != nullptr) ? reinterpret_cast<Function*>(dlsym(library, name)) : nullptr;
}

// Uses a GPU as a program does: in its primary context, with a stream of its own. Which of the GPUs' memory it is does
// not matter, as they reach one another.
class Gpu {
 public:
  Gpu() : driver_(CudaDriver::load().value()) {
    good(functions().device_primary_ctx_retain(&context_, 0));
    good(functions().ctx_push_current(context_));
    good(functions().stream_create(&stream_, 1));
  }
  ~Gpu() {
    good(functions().stream_destroy(stream_));
    cuda::Context popped = nullptr;
    good(functions().ctx_pop_current(&popped));
    good(functions().device_primary_ctx_release(0));
  }
  Gpu(const Gpu&) = delete;
  Gpu& operator=(const Gpu&) = delete;

  void fill(void* address, unsigned seed) { copy_in(address, bytes_of(seed)); }
  bool holds(const void* address, unsigned seed) {
    std::vector<unsigned char> found(kSizeBytes);
    good(functions().memcpy_device_to_host_async(found.data(), reinterpret_cast<uint64_t>(address), found.size(),
                                                 stream_));
    good(functions().stream_synchronize(stream_));
    return found == bytes_of(seed);
  }

  // Work that is begun and not waited for. The bytes must stay until it is done.
  void begin_filling(void* address, const std::vector<unsigned char>& bytes) {
    good(functions().memcpy_host_to_device_async(reinterpret_cast<uint64_t>(address), bytes.data(), bytes.size(),
                                                 stream_));
  }

  // What the GPU could give now.
  uint64_t free_bytes() {
    size_t free_bytes = 0;
    size_t total_bytes = 0;
    good(functions().mem_get_info(&free_bytes, &total_bytes));
    return free_bytes;
  }
  // What the fake has against us; a real driver says nothing.
  static std::string violations() {
    auto* const tell = find_fake<decltype(fake_cuda_violations)>("fake_cuda_violations");
    if (tell == nullptr) return {};
    std::string text(4096, '\0');
    text.resize(tell(text.data(), text.size()));
    return text;
  }

 private:
  const cuda::Functions& functions() const { return driver_->functions(); }
  static void good(cuda::Code code) { CHECK(code == cuda::Code::kSuccess); }
  void copy_in(void* address, const std::vector<unsigned char>& bytes) {
    begin_filling(address, bytes);
    good(functions().stream_synchronize(stream_));
  }

  std::shared_ptr<CudaDriver> driver_;
  cuda::Context context_ = nullptr;
  cuda::Stream stream_ = nullptr;
};

}  // namespace

// Also run with a real driver.
CASE(memoryOfAGpuReallyGoesAndComesBack) {
  constexpr uint64_t kBothBytes = uint64_t{8} << 20;
  Gpu gpu;
  const uint64_t scope = enter("weights");
  CHECK(cudaFree(allocate()) == 0);  // what the device takes for itself is taken
  const uint64_t at_first = gpu.free_bytes();
  void* const first = allocate();
  void* const second = allocate();
  CHECK(leave(scope).ok());
  gpu.fill(first, 1);
  gpu.fill(second, 2);
  CHECK(fake_cudart_mallocs() == 0);
  CHECK(at_first - gpu.free_bytes() == kBothBytes);
  wl_preload_report report = empty_report();
  CHECK(pause("weights", &report).ok());
  CHECK(report.memory_bytes == kBothBytes && report.moved_bytes == 2 * kSizeBytes);
  CHECK(gpu.free_bytes() == at_first);
  CHECK(resume("weights").ok());
  CHECK(gpu.holds(first, 1) && gpu.holds(second, 2));
  CHECK(pause("weights").ok());
  CHECK(cudaFree(first) == 0);
  CHECK(resume("weights").ok());
  CHECK(gpu.holds(second, 2));
  CHECK(cudaFree(second) == 0);
  CHECK(gpu.free_bytes() == at_first);
  CHECK(Gpu::violations().empty());
}

CASE(freeingWaitsForTheWorkOfTheDevice) {
  Gpu gpu;
  const std::vector<unsigned char> bytes = bytes_of(1);
  const uint64_t scope = enter("weights");
  void* const address = allocate();
  CHECK(leave(scope).ok());
  gpu.begin_filling(address, bytes);
  CHECK(cudaFree(address) == 0);
  void* const torch = find<void*(ssize_t, int, void*)>("windlass_torch_malloc")(kSizeBytes, 0, nullptr);
  gpu.begin_filling(torch, bytes);
  find<void(void*, ssize_t, int, void*)>("windlass_torch_free")(torch, kSizeBytes, 0, nullptr);
  CHECK(info().regions == 0);
  CHECK(Gpu::violations().empty());
}

CASE(memoryIsOfTheThreadsCurrentDevice) {
  Gpu gpu;
  const uint64_t at_first = gpu.free_bytes();
  const uint64_t scope = enter("weights");
  // The fake's GPUs have 64 MiB each.
  std::vector<void*> taken;
  for (const int ordinal : {0, 1}) {
    CHECK(cudaSetDevice(ordinal) == 0);
    void* address = nullptr;
    CHECK(cudaMalloc(&address, size_t{40} << 20) == 0);
    taken.push_back(address);
    CHECK(cudaMalloc(&address, size_t{40} << 20) == 2);
  }
  CHECK(info().failures == 2);
  CHECK(cudaSetDevice(5) == 0);
  void* address = nullptr;
  CHECK(cudaMalloc(&address, 1) == 3);
  CHECK(std::strstr(info().last_failure, "CUDA device 5 does not exist") != nullptr);
  CHECK(leave(scope).ok());
  CHECK(pause(nullptr).ok());
  CHECK(gpu.free_bytes() == at_first);
  CHECK(resume(nullptr).ok());
  for (void* const each : taken) CHECK(cudaFree(each) == 0);
}

// The driver's errors reach the caller by CUDA's own numbers.
CASE(aLostContextIsToldAsCudaTellsIt) {
  const uint64_t scope = enter("weights");
  void* const address = allocate();
  find_fake<decltype(fake_cuda_lose_context)>("fake_cuda_lose_context")(0, 700);
  void* other = nullptr;
  CHECK(cudaMalloc(&other, kSizeBytes) == 700);
  CHECK(pause(nullptr).status == WL_STATUS_DEVICE);
  CHECK(cudaFree(address) == 700);
  CHECK(info().regions == 0);
  CHECK(leave(scope).ok());
}

// Run without a driver to be found.
CASE(withoutADriverAScopeRefusesAndOutsideAllIsAsBefore) {
  const uint64_t scope = enter("weights");
  void* address = nullptr;
  CHECK(cudaMalloc(&address, kSizeBytes) == 3);
  CHECK(std::strstr(info().last_failure, "libcuda.so.1") != nullptr);
  CHECK(leave(scope).ok());
  address = allocate_filled(1);
  CHECK(address != nullptr && fake_cudart_mallocs() == 1);
  CHECK(cudaFree(address) == 0);
}

}  // namespace program
