// A program that is not linked with CUDA's runtime: it has none at first, and then one that only a plugin knows.
#include <cstring>

#include "program.hpp"

namespace {

using program::find;

template <typename Function>
Function* find_in(void* library, const char* name) {
  auto* const function = reinterpret_cast<Function*>(dlsym(library, name));
  CHECK(function != nullptr);
  return function;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  auto* const malloc_function = find<int32_t(void**, size_t)>("cudaMalloc");
  auto* const free_function = find<int32_t(void*)>("cudaFree");
  if (malloc_function == nullptr || free_function == nullptr) return 2;
  void* address = nullptr;
  CHECK(malloc_function(&address, 100) == 3);
  CHECK(free_function(&address) == 3);
  uint64_t scope = program::enter("weights");
  CHECK(malloc_function(&address, program::kSizeBytes) == 0);
  std::memset(address, 1, program::kSizeBytes);
  CHECK(program::pause("weights").ok());
  CHECK(program::resume("weights").ok());
  CHECK(free_function(address) == 0);
  CHECK(program::leave(scope).ok());

  void* const plugin = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
  if (!CHECK(plugin != nullptr)) return 2;
  CHECK(dlsym(RTLD_DEFAULT, "fake_cudart_live") == nullptr);
  auto* const allocate = find_in<int32_t(void**, size_t)>(plugin, "plugin_allocate");
  auto* const release = find_in<int32_t(void*)>(plugin, "plugin_release");
  auto* const mallocs = find_in<uint64_t()>(plugin, "plugin_mallocs");
  CHECK(allocate(&address, 100) == 0);
  CHECK(mallocs() == 1);
  CHECK(release(address) == 0);
  scope = program::enter("weights");
  CHECK(allocate(&address, 100) == 0);
  CHECK(mallocs() == 1 && program::info().regions == 1);
  CHECK(release(address) == 0);
  CHECK(program::leave(scope).ok());
  return program::failures == 0 ? 0 : 1;
}
