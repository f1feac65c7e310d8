#include "preload/cuda_runtime.hpp"

#include <dlfcn.h>
#include <link.h>

#include <array>
#include <cstring>
#include <string_view>

namespace windlass {

namespace {

constexpr std::string_view kRuntimeName = "libcudart.so";

// The path of a loaded library, in memory of its own: the loader's may go when the visit is over.
struct FoundPath {
  std::array<char, 4096> text{};
};

int visit_library(dl_phdr_info* library, size_t /*bytes*/, void* given) noexcept {
  if (library->dlpi_name == nullptr) return 0;
  const std::string_view path = library->dlpi_name;
  const size_t slash = path.rfind('/');
  const std::string_view name = slash == std::string_view::npos ? path : path.substr(slash + 1);
  auto& found = *static_cast<FoundPath*>(given);
  if (name.substr(0, kRuntimeName.size()) != kRuntimeName || path.size() >= found.text.size()) return 0;
  std::memcpy(found.text.data(), path.data(), path.size());
  return 1;
}

// A function of the runtime that is loaded under its own name, in whatever order. Once found it stays loaded.
void* find_in_loaded_runtime(const char* name) noexcept {
  FoundPath found;
  if (dl_iterate_phdr(visit_library, &found) == 0) return nullptr;
  void* const library = dlopen(found.text.data(), RTLD_LAZY | RTLD_NOLOAD);
  if (library == nullptr) return nullptr;
  void* const function = dlsym(library, name);
  if (function == nullptr) dlclose(library);
  return function;
}

// Whether a function is of the library, or the program, that this code is in: then it stands before the real one.
bool is_ours(const void* function) noexcept {
  Dl_info its{};
  Dl_info ours{};
  if (dladdr(function, &its) == 0) return false;
  return dladdr(reinterpret_cast<const void*>(&visit_library), &ours) != 0 && its.dli_fbase == ours.dli_fbase;
}

int32_t driver_device(int* ordinal) noexcept {
  *ordinal = 0;
  void* const driver = dlopen("libcuda.so.1", RTLD_LAZY | RTLD_NOLOAD);
  if (driver == nullptr) return 0;
  auto* const get_device = reinterpret_cast<int32_t (*)(int*)>(dlsym(driver, "cuCtxGetDevice"));
  int current = 0;
  if (get_device != nullptr && get_device(&current) == 0) *ordinal = current;
  dlclose(driver);
  return 0;
}

}  // namespace

template <typename Function>
Function* CudaRuntime::find(std::atomic<Function*>& known, const char* name) noexcept {
  if (Function* const function = known.load(std::memory_order_acquire); function != nullptr) return function;
  void* function = dlsym(RTLD_NEXT, name);
  if (function == nullptr || is_ours(function)) function = find_in_loaded_runtime(name);
  if (function == nullptr || is_ours(function)) return nullptr;
  auto* const found = reinterpret_cast<Function*>(function);
  known.store(found, std::memory_order_release);
  return found;
}

CudaError CudaRuntime::allocate(void** address, size_t bytes) noexcept {
  Malloc* const real = find(malloc_, "cudaMalloc");
  return real != nullptr ? static_cast<CudaError>(real(address, bytes)) : CudaError::kInitializationError;
}

CudaError CudaRuntime::release(void* address) noexcept {
  Free* const real = find(free_, "cudaFree");
  return real != nullptr ? static_cast<CudaError>(real(address)) : CudaError::kInitializationError;
}

CudaError CudaRuntime::current_device(int* ordinal) noexcept {
  GetDevice* const real = find(get_device_, "cudaGetDevice");
  return static_cast<CudaError>(real != nullptr ? real(ordinal) : driver_device(ordinal));
}

}  // namespace windlass
