// What the environment says, on the emulated device.
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <thread>

#include "program.hpp"

namespace program {

namespace {

using TorchMalloc = void*(ssize_t, int, void*);
using TorchFree = void(void*, ssize_t, int, void*);

}  // namespace

// Run with a tag, no backup and a margin.
CASE(theEnvironmentMakesAScopeForEveryThread) {
  CHECK(info().interposing == 1);
  CHECK(info().margin_bytes == size_t{8} << 20);
  void* const ours = allocate_filled(1);
  void* theirs = nullptr;
  std::thread([&] { theirs = allocate_filled(2); }).join();
  const uint64_t inner = enter("inner");
  void* const nested = allocate_filled(3);
  CHECK(leave(inner).ok());
  wl_preload_scope_options options = scope_options();
  options.enabled = 0;
  uint64_t disabled = 0;
  CHECK(enter(options, &disabled).ok());
  void* const passed = allocate();
  CHECK(leave(disabled).ok());
  CHECK(fake_cudart_mallocs() == 1);
  CHECK(info("from-outside").regions == 2 && info("inner").regions == 1);
  wl_preload_report report = empty_report();
  CHECK(pause(nullptr, &report).ok());
  CHECK(report.done == 3 && report.moved_bytes == 0);
  CHECK(resume(nullptr).ok());
  for (void* const each : {ours, theirs, nested, passed}) CHECK(cudaFree(each) == 0);
  CHECK(fake_cudart_live() == 0);
}

// Run with a tag and ENABLED=0.
CASE(aDisabledEnvironmentSaysOnlyWhatScopesAreLike) {
  CHECK(info().interposing == 0);
  void* const passed = allocate();
  CHECK(fake_cudart_mallocs() == 1);
  wl_preload_scope_options options = scope_options();
  uint64_t silent = 0;
  CHECK(enter(options, &silent).ok());
  CHECK(info().interposing == 0);
  options.enabled = 1;
  uint64_t enabled = 0;
  CHECK(enter(options, &enabled).ok());
  void* const region = allocate_filled(1);
  CHECK(leave(enabled).ok() && leave(silent).ok());
  CHECK(info("from-outside").regions == 1);
  CHECK(cudaFree(region) == 0 && cudaFree(passed) == 0);
}

// Run with a backup that is none.
CASE(anEnvironmentThatIsWrongIsToldByEveryCall) {
  void* const address = allocate_filled(1);
  CHECK(fake_cudart_mallocs() == 1);
  wl_preload_scope_options options = scope_options();
  uint64_t scope = 0;
  const std::string wanted = std::getenv("WANTED_MESSAGE");
  CHECK(enter(options, &scope).message.find(wanted) != std::string::npos);
  CHECK(leave(1).message.find(wanted) != std::string::npos);
  CHECK(pause(nullptr).message.find(wanted) != std::string::npos);
  CHECK(resume(nullptr).message.find(wanted) != std::string::npos);
  wl_preload_info info;
  FIND(wl_preload_info_init)(&info, sizeof info);
  CHECK(FIND(wl_preload_get_info)(nullptr, &info, nullptr) != WL_STATUS_OK);
  CHECK(FIND(wl_preload_set_margin)(0, nullptr) != WL_STATUS_OK);
  CHECK(FIND(wl_preload_pool_prepare)(0, nullptr) != WL_STATUS_OK);
  CHECK(find<TorchMalloc>("windlass_torch_malloc")(100, 0, nullptr) == nullptr);
  CHECK(cudaFree(address) == 0);
}

CASE(theTorchEntryPointsAlwaysGiveRegions) {
  auto* const torch_malloc = find<TorchMalloc>("windlass_torch_malloc");
  auto* const torch_free = find<TorchFree>("windlass_torch_free");
  CHECK(info().interposing == 0);
  void* const outside = torch_malloc(kSizeBytes, 0, nullptr);
  CHECK(outside != nullptr && info("").regions == 1);
  const uint64_t scope = enter("weights");
  void* const inside = torch_malloc(kSizeBytes, 1, nullptr);
  CHECK(inside != nullptr && info("weights").regions == 1);
  CHECK(leave(scope).ok());
  std::memcpy(inside, bytes_of(1).data(), kSizeBytes);
  CHECK(pause(nullptr).ok());
  torch_free(outside, kSizeBytes, 0, nullptr);
  CHECK(resume(nullptr).ok());
  CHECK(holds(inside, 1));
  CHECK(torch_malloc(0, 0, nullptr) == nullptr && torch_malloc(-1, 0, nullptr) == nullptr);
  CHECK(info().failures == 0);
  CHECK(torch_malloc(ssize_t{1} << 50, 0, nullptr) == nullptr);
  CHECK(info().failures == 1);
  torch_free(inside, kSizeBytes, 1, nullptr);
  torch_free(inside, kSizeBytes, 1, nullptr);
  CHECK(std::strstr(info().last_failure, "no region starts at") != nullptr);
  torch_free(nullptr, 0, 0, nullptr);
  CHECK(info().regions == 0 && fake_cudart_mallocs() == 0 && fake_cudart_frees() == 0);
}

// Run with BACKUP=file:<directory>.
CASE(bytesGoToFilesWhereTheEnvironmentSaysSo) {
  void* const address = allocate_filled(1);
  CHECK(pause(nullptr).ok());
  CHECK(info().stored_bytes >= kSizeBytes);
  CHECK(resume(nullptr).ok());
  CHECK(holds(address, 1));
  CHECK(info().stored_bytes == 0);
  CHECK(pause(nullptr).ok());
  CHECK(cudaFree(address) == 0);
}

CASE(pooledBackupsStayWithinTheirLimit) {
  wl_preload_scope_options options = scope_options();
  options.tag = "weights";
  options.backup = WL_PRELOAD_BACKUP_POOLED;
  options.pool_limit_bytes = size_t{8} << 20;
  uint64_t scope = 0;
  CHECK(enter(options, &scope).ok());
  CHECK(FIND(wl_preload_pool_prepare)(size_t{8} << 20, nullptr) == WL_STATUS_OK);
  CHECK(FIND(wl_preload_pool_prepare)(size_t{9} << 20, nullptr) == WL_STATUS_NO_SPACE);
  options.pool_limit_bytes = size_t{16} << 20;
  uint64_t other = 0;
  CHECK(enter(options, &other).message.find("has a limit of 8 MiB") != std::string::npos);
  void* const first = allocate_filled(1);
  void* const second = allocate_filled(2);
  void* const third = allocate_filled(3);
  CHECK(pause(nullptr).status == WL_STATUS_NO_SPACE);
  CHECK(info().paused == 0 && holds(first, 1) && holds(third, 3));
  CHECK(cudaFree(third) == 0);
  CHECK(pause(nullptr).ok());
  CHECK(resume(nullptr).ok());
  CHECK(holds(first, 1) && holds(second, 2));
  CHECK(leave(scope).ok());
  CHECK(cudaFree(first) == 0 && cudaFree(second) == 0);
}

}  // namespace program
