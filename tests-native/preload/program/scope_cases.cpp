// Scopes, tags and threads, on the emulated device.
#include <array>
#include <thread>

#include "program.hpp"

namespace program {

CASE(withoutAScopeCallsGoToTheRuntime) {
  void* const address = allocate_filled(1);
  CHECK(fake_cudart_mallocs() == 1);
  CHECK(info().regions == 0 && info().interposing == 0);
  CHECK(pause(nullptr).ok());
  CHECK(holds(address, 1));
  CHECK(cudaFree(address) == 0);
  CHECK(fake_cudart_frees() == 1 && fake_cudart_live() == 0);
  CHECK(cudaFree(nullptr) == 0);
  CHECK(cudaMalloc(nullptr, 5) == 1);
}

CASE(inAScopeMemoryIsARegionThatPausesAndResumes) {
  const uint64_t scope = enter("weights");
  CHECK(info().interposing == 1);
  void* const address = allocate_filled(1);
  CHECK(leave(scope).ok());
  CHECK(fake_cudart_mallocs() == 0);
  CHECK(info("weights").regions == 1 && info("weights").size_bytes == kSizeBytes);
  CHECK(info("other").regions == 0);

  wl_preload_report report = empty_report();
  CHECK(pause("weights", &report).ok());
  CHECK(report.regions == 1 && report.done == 1 && report.skipped == 0);
  CHECK(report.moved_bytes == kSizeBytes && report.memory_bytes >= kSizeBytes && report.total_ns > 0);
  CHECK(info().paused == 1 && info().mapped_bytes == 0 && info().backup_bytes >= kSizeBytes);
  CHECK(pause("weights").status == WL_STATUS_STATE);
  CHECK(pause("weights", &report, 1).ok());
  CHECK(report.done == 0 && report.skipped == 1);
  CHECK(resume("weights", &report).ok());
  CHECK(report.done == 1 && report.moved_bytes == kSizeBytes && report.memory_bytes >= kSizeBytes);
  CHECK(holds(address, 1));
  CHECK(info().paused == 0 && info().backup_bytes == 0);

  CHECK(cudaFree(static_cast<char*>(address) + 1) == 1);
  CHECK(fake_cudart_frees() == 1);
  CHECK(cudaFree(address) == 0);
  CHECK(fake_cudart_frees() == 1);
  CHECK(info().regions == 0);
  CHECK(cudaFree(address) == 1);
}

CASE(sizeZeroAndNullAreAsInTheRuntime) {
  const uint64_t scope = enter("weights");
  void* address = &address;
  CHECK(cudaMalloc(&address, 0) == 0);
  CHECK(address == nullptr);
  CHECK(cudaFree(address) == 0);
  CHECK(cudaMalloc(nullptr, 1) == 1);
  CHECK(leave(scope).ok());
  CHECK(fake_cudart_mallocs() == 0 && info().regions == 0);
}

CASE(memoryIsFreedWhilePaused) {
  const uint64_t scope = enter("weights");
  void* const first = allocate_filled(1);
  void* const second = allocate_filled(2);
  CHECK(leave(scope).ok());
  CHECK(pause("weights").ok());
  CHECK(cudaFree(first) == 0);
  CHECK(info().regions == 1);
  CHECK(resume("weights").ok());
  CHECK(holds(second, 2));
  CHECK(cudaFree(second) == 0);
  CHECK(fake_cudart_frees() == 0);
}

CASE(nestedScopesOverrideAndRestore) {
  const uint64_t outer = enter("outer");
  void* const first = allocate_filled(1);
  wl_preload_scope_options options = scope_options();
  options.backup = WL_PRELOAD_BACKUP_NONE;
  uint64_t inner = 0;
  CHECK(enter(options, &inner).ok());
  void* const second = allocate_filled(2);
  options = scope_options();
  options.enabled = 0;
  uint64_t disabled = 0;
  CHECK(enter(options, &disabled).ok());
  CHECK(info().interposing == 0);
  void* const third = allocate_filled(3);
  CHECK(fake_cudart_mallocs() == 1);
  options.enabled = 1;
  options.tag = "again";
  uint64_t again = 0;
  CHECK(enter(options, &again).ok());
  void* const fourth = allocate_filled(4);
  CHECK(leave(disabled).status == WL_STATUS_STATE);
  CHECK(leave(again).ok() && leave(disabled).ok() && leave(inner).ok());
  void* const fifth = allocate_filled(5);
  CHECK(leave(outer).ok());
  CHECK(leave(outer).status == WL_STATUS_STATE);
  void* const outside = allocate();
  CHECK(fake_cudart_mallocs() == 2);
  CHECK(info("outer").regions == 3 && info("again").regions == 1);

  wl_preload_report report = empty_report();
  CHECK(pause(nullptr, &report).ok());
  CHECK(report.done == 4 && report.moved_bytes == 2 * kSizeBytes);
  CHECK(resume(nullptr).ok());
  CHECK(holds(first, 1) && holds(third, 3) && holds(fifth, 5));
  for (void* const each : {first, second, third, fourth, fifth, outside}) CHECK(cudaFree(each) == 0);
  CHECK(info().regions == 0 && fake_cudart_live() == 0);
}

CASE(aThreadHasScopesOfItsOwnAndLeavesThemWhenItEnds) {
  const uint64_t scope = enter("main");
  void* const ours = allocate_filled(1);
  std::array<void*, 2> theirs{};
  std::thread([&] {
    CHECK(info().interposing == 0);
    theirs[0] = allocate();
    CHECK(leave(scope).status == WL_STATUS_STATE);
    (void)enter("thread");
    (void)enter("inner");
    theirs[1] = allocate_filled(2);
  }).join();
  CHECK(fake_cudart_mallocs() == 1);
  CHECK(info("main").regions == 1 && info("inner").regions == 1);
  CHECK(pause("inner").ok());
  CHECK(cudaFree(theirs[1]) == 0 && cudaFree(theirs[0]) == 0 && cudaFree(ours) == 0);
  CHECK(leave(scope).ok());
}

CASE(twoTagsPauseAndResumeApart) {
  uint64_t scope = enter("weights");
  void* const weights = allocate_filled(1);
  CHECK(leave(scope).ok());
  scope = enter("cache");
  void* const cache = allocate_filled(2);
  CHECK(leave(scope).ok());
  CHECK(pause("cache").ok());
  CHECK(holds(weights, 1) && info("cache").paused == 1 && info("weights").paused == 0);
  CHECK(pause("weights").ok());
  CHECK(resume("cache").ok());
  CHECK(holds(cache, 2) && info("weights").paused == 1);
  CHECK(resume("weights").ok());
  CHECK(holds(weights, 1));
  CHECK(cudaFree(weights) == 0 && cudaFree(cache) == 0);
}

CASE(wrongArgumentsAreRefusedWithReasons) {
  wl_preload_scope_options options = scope_options();
  uint64_t scope = 77;
  options.enabled = 2;
  CHECK(enter(options, &scope).message.find("enabled is 2") != std::string::npos);
  options = scope_options();
  options.backup = 9;
  CHECK(enter(options, &scope).status == WL_STATUS_INVALID_ARGUMENT);
  options = scope_options();
  options.directory = "/";
  CHECK(enter(options, &scope).message.find("directory is given") != std::string::npos);
  options.backup = WL_PRELOAD_BACKUP_FILE;
  options.directory = nullptr;
  CHECK(enter(options, &scope).message.find("needs a directory") != std::string::npos);
  options.directory = "/no/such/directory";
  CHECK(enter(options, &scope).status == WL_STATUS_NOT_FOUND);
  options = scope_options();
  options.struct_size = 4;
  CHECK(enter(options, &scope).status == WL_STATUS_INVALID_ARGUMENT);
  options = scope_options();
  const std::string long_tag(256, 'x');
  options.tag = long_tag.c_str();
  CHECK(enter(options, &scope).status == WL_STATUS_INVALID_ARGUMENT);
  CHECK(scope == 77);
  CHECK(leave(1234).status == WL_STATUS_STATE);
  CHECK(pause(nullptr, nullptr, 3).status == WL_STATUS_INVALID_ARGUMENT);
  CHECK(FIND(wl_preload_scope_enter)(nullptr, nullptr, nullptr) == WL_STATUS_INVALID_ARGUMENT);
  CHECK(FIND(wl_preload_get_info)(nullptr, nullptr, nullptr) == WL_STATUS_INVALID_ARGUMENT);
  CHECK(FIND(wl_preload_pool_prepare)(1, nullptr) == WL_STATUS_STATE);
  CHECK(info().interposing == 0);
  CHECK(FIND(wl_preload_abi_version)() > 0);
  CHECK(FIND(wl_preload_scope_enter)(nullptr, &scope, nullptr) == WL_STATUS_OK);
  CHECK(info().interposing == 1);
  CHECK(leave(scope).ok());
}

CASE(theMarginStaysFreeAndWhatFailsIsTold) {
  const uint64_t scope = enter("weights");
  CHECK(FIND(wl_preload_set_margin)(uint64_t{1} << 40, nullptr) == WL_STATUS_OK);
  CHECK(info().margin_bytes == uint64_t{1} << 40);
  void* address = nullptr;
  CHECK(cudaMalloc(&address, 1) == 2);
  CHECK(address == nullptr);
  CHECK(info().failures == 1);
  CHECK(std::strstr(info().last_failure, "stay free") != nullptr);
  CHECK(FIND(wl_preload_set_margin)(0, nullptr) == WL_STATUS_OK);
  CHECK(cudaMalloc(&address, size_t{1} << 40) == 2);
  CHECK(info().failures == 2 && info().regions == 0);
  address = allocate();
  CHECK(cudaFree(address) == 0);
  CHECK(leave(scope).ok());
}

}  // namespace program
