#include "base/features.hpp"

#include <dlfcn.h>
#include <linux/io_uring.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string_view>

#include "base/bytes.hpp"
#include "base/text.hpp"

#ifndef MADV_POPULATE_WRITE  // since Linux 5.14; older headers do not name it
#define MADV_POPULATE_WRITE 23
#endif

namespace windlass {

namespace {

FeatureInfo present(const char* name, std::string detail) { return {name, true, std::move(detail), ""}; }

FeatureInfo absent(const char* name, std::string detail, std::string remedy) {
  return {name, false, std::move(detail), std::move(remedy)};
}

FeatureInfo cpu_feature(const char* name, bool there, std::string_view then) {
  if (there) return present(name, text("the processor has it: ", then));
  return absent(name, "this processor does not have it; a narrower copy kernel is used", "none: it needs another CPU");
}

bool has_avx2() noexcept {
#if defined(__x86_64__)
  return __builtin_cpu_supports("avx2") != 0;
#else
  return false;
#endif
}

bool has_avx512() noexcept {
#if defined(__x86_64__)
  return __builtin_cpu_supports("avx512f") != 0;
#else
  return false;
#endif
}

FeatureInfo transparent_hugepages() {
  static constexpr const char* kName = "transparent hugepages";
  std::ifstream file("/sys/kernel/mm/transparent_hugepage/enabled");
  std::string setting;
  if (!std::getline(file, setting)) {
    return absent(kName, "this kernel is built without them; pages take four times as long to populate",
                  "use a kernel with CONFIG_TRANSPARENT_HUGEPAGE");
  }
  if (setting.find("[never]") != std::string::npos) {
    return absent(kName, "switched off; pages take four times as long to populate",
                  "echo madvise > /sys/kernel/mm/transparent_hugepage/enabled, as root");
  }
  return present(kName, setting.find("[always]") != std::string::npos ? "always" : "on request (madvise)");
}

FeatureInfo populate() {
  static constexpr const char* kName = "populate";
  const auto page_bytes = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  void* const page = mmap(nullptr, page_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) return absent(kName, text("no page to try it on: ", errno_text(errno)), "free some memory");
  const bool works = madvise(page, page_bytes, MADV_POPULATE_WRITE) == 0;
  munmap(page, page_bytes);
  if (works) return present(kName, "the kernel populates memory in one call");
  return absent(kName, "the kernel cannot populate memory in one call; pages are touched one by one",
                "use Linux 5.14 or newer");
}

FeatureInfo memory_lock() {
  static constexpr const char* kName = "memory lock";
  static constexpr uint64_t kUseful = kGiB;
  rlimit limit{};
  if (getrlimit(RLIMIT_MEMLOCK, &limit) != 0)
    return absent(kName, errno_text(errno), "allow getrlimit, which a sandbox forbids");
  if (limit.rlim_cur == RLIM_INFINITY) return present(kName, "unlimited");
  const std::string detail = text("limited to ", bytes_text(limit.rlim_cur));
  if (limit.rlim_cur >= kUseful) return present(kName, detail);
  if (geteuid() == 0) return present(kName, text(detail, ", which does not bind root"));
  return absent(kName, text(detail, ", too little to register memory with devices"),
                "ulimit -l unlimited, or memlock in /etc/security/limits.conf; in Docker --ulimit memlock=-1");
}

FeatureInfo io_uring() {
  static constexpr const char* kName = "io_uring";
  io_uring_params parameters{};
  const long ring = syscall(SYS_io_uring_setup, 1, &parameters);
  if (ring >= 0) {
    close(static_cast<int>(ring));
    return present(kName, "allowed");
  }
  const int cause = errno;
  if (cause == ENOSYS) return absent(kName, "this kernel has none", "use Linux 5.6 or newer");
  return absent(kName, text("forbidden: ", errno_text(cause)),
                "sysctl kernel.io_uring_disabled=0; in a container a seccomp profile that allows io_uring_setup");
}

// Says whether a shared library can be loaded, without keeping it.
bool loads(const char* library, std::string& reason) {
  void* const loaded = dlopen(library, RTLD_LAZY | RTLD_LOCAL);
  if (loaded != nullptr) {
    dlclose(loaded);
    return true;
  }
  const char* const message = dlerror();
  reason = message != nullptr ? message : library;
  return false;
}

FeatureInfo cuda() {
  static constexpr const char* kName = "CUDA driver";
  std::error_code ignored;
  const bool card = std::filesystem::exists("/dev/nvidiactl", ignored);
  std::string reason;
  if (!loads("libcuda.so.1", reason)) {
    return absent(kName, text(reason, card ? "" : "; no NVIDIA device node either"),
                  card ? "install the NVIDIA driver's libcuda; in a container run it with --gpus all"
                       : "none needed: the emulated device works without a GPU");
  }
  if (!card)
    return absent(kName, "libcuda.so.1 is there, but no NVIDIA device", "in a container run it with --gpus all");
  return present(kName, "libcuda.so.1 loads, and there is a device");
}

FeatureInfo rdma() {
  static constexpr const char* kName = "RDMA";
  std::error_code none;
  std::string devices;
  for (const auto& entry : std::filesystem::directory_iterator("/sys/class/infiniband", none)) {
    devices += (devices.empty() ? "" : ", ") + entry.path().filename().string();
  }
  std::string reason;
  const bool verbs = loads("libibverbs.so.1", reason);
  if (devices.empty()) {
    return absent(kName, text("no device in /sys/class/infiniband", verbs ? "" : ", and no libibverbs.so.1"),
                  text("none needed: shared memory and TCP do without it; else load the adapter's driver",
                       verbs ? "" : ", and install libibverbs1 and ibverbs-providers"));
  }
  if (!verbs)
    return absent(kName, text("devices ", devices, ", but ", reason), "install libibverbs1 and ibverbs-providers");
  return present(kName, text("devices ", devices));
}

FeatureInfo mooncake() {
  static constexpr const char* kName = "Mooncake";
  const char* const named = std::getenv("WINDLASS_MOONCAKE_LIB");  // NOLINT(concurrency-mt-unsafe): only read
  const char* const library = named != nullptr ? named : "libmooncake_store.so";
  std::string reason;
  if (loads(library, reason)) return present(kName, text(library, " loads"));
  return absent(kName, reason, "none needed; for a cluster, set WINDLASS_MOONCAKE_LIB to libmooncake_store.so");
}

}  // namespace

FeatureInfo query_feature(Feature feature) {
  switch (feature) {
    case Feature::kAvx2:
      return cpu_feature("AVX2", has_avx2(), "copies bypass the caches");
    case Feature::kAvx512:
      return cpu_feature("AVX-512", has_avx512(), "copies hash at full speed");
    case Feature::kTransparentHugepages:
      return transparent_hugepages();
    case Feature::kPopulate:
      return populate();
    case Feature::kMemoryLock:
      return memory_lock();
    case Feature::kIoUring:
      return io_uring();
    case Feature::kCuda:
      return cuda();
    case Feature::kRdma:
      return rdma();
    case Feature::kMooncake:
      return mooncake();
  }
  return absent("unknown", "no feature has this number", "");
}

}  // namespace windlass
