// A program that allocates as programs with CUDA do, and is run with the preloaded library by process_test.cpp.
//
// It is not linked with the library: what it calls by wl_preload_* it finds by name. Each of its cases is one process.
#pragma once

#include <dlfcn.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <functional>
#include <string>
#include <vector>

#include "../fake/fake_cudart.h"
#include "windlass/preload.h"

namespace program {

// Notes a failure and goes on.
inline int failures = 0;
inline bool check(bool holds, const char* what, const char* file, int line) {
  if (holds) return true;
  ++failures;
  std::printf("%s:%d: FAILED: %s\n", file, line, what);
  return false;
}
#define CHECK(...) program::check((__VA_ARGS__), #__VA_ARGS__, __FILE__, __LINE__)

struct Case {
  const char* name;
  void (*run)();
};
std::vector<Case>& cases();
struct RegisterCase {
  RegisterCase(const char* name, void (*run)()) { cases().push_back({name, run}); }
};
#define CASE(name)                                          \
  static void name();                                       \
  static const program::RegisterCase name##_(#name, &name); \
  static void name()

template <typename Function>
Function* find(const char* name) {
  auto* const function = reinterpret_cast<Function*>(dlsym(RTLD_DEFAULT, name));
  CHECK(function != nullptr);
  return function;
}
#define FIND(name) program::find<decltype(name)>(#name)

// What a call came to, with its message.
struct Outcome {
  wl_status status = WL_STATUS_OK;
  std::string message;
  bool ok() const { return status == WL_STATUS_OK; }
};

inline Outcome outcome(wl_status status, const wl_error& error) {
  if (status == WL_STATUS_OK) return {};
  std::printf("note: status %d: %s\n", status, error.message);
  return {status, error.message};
}

inline wl_preload_scope_options scope_options() {
  wl_preload_scope_options options;
  FIND(wl_preload_scope_options_init)(&options, sizeof options);
  return options;
}

inline Outcome enter(const wl_preload_scope_options& options, uint64_t* scope) {
  wl_error error{};
  return outcome(FIND(wl_preload_scope_enter)(&options, scope, &error), error);
}

inline uint64_t enter(const char* tag) {
  wl_preload_scope_options options = scope_options();
  options.tag = tag;
  uint64_t scope = 0;
  CHECK(enter(options, &scope).ok());
  return scope;
}

inline Outcome leave(uint64_t scope) {
  wl_error error{};
  return outcome(FIND(wl_preload_scope_leave)(scope, &error), error);
}

inline wl_preload_report empty_report() {
  wl_preload_report report;
  FIND(wl_preload_report_init)(&report, sizeof report);
  return report;
}

inline Outcome pause(const char* tag, wl_preload_report* report = nullptr, int32_t skip_done = 0) {
  wl_error error{};
  return outcome(FIND(wl_preload_pause)(tag, skip_done, report, &error), error);
}

inline Outcome resume(const char* tag, wl_preload_report* report = nullptr, int32_t skip_done = 0) {
  wl_error error{};
  return outcome(FIND(wl_preload_resume)(tag, skip_done, report, &error), error);
}

inline wl_preload_info info(const char* tag = nullptr) {
  wl_preload_info info;
  FIND(wl_preload_info_init)(&info, sizeof info);
  wl_error error{};
  CHECK(outcome(FIND(wl_preload_get_info)(tag, &info, &error), error).ok());
  return info;
}

constexpr size_t kSizeBytes = (size_t{3} << 20) + 17;

// Bytes that depend on their place.
inline std::vector<unsigned char> bytes_of(unsigned seed, size_t count = kSizeBytes) {
  std::vector<unsigned char> made(count);
  unsigned state = seed * 2654435761U + 1;
  for (unsigned char& byte : made) {
    state = state * 1664525U + 1013904223U;
    byte = static_cast<unsigned char>(state >> 24U);
  }
  return made;
}

// Memory of cudaMalloc's; null if it is refused.
inline void* allocate(size_t bytes = kSizeBytes) {
  void* address = nullptr;
  const int32_t error = cudaMalloc(&address, bytes);
  if (error != 0) std::printf("note: cudaMalloc of %zu bytes: %d\n", bytes, error);
  return address;
}

// The same, filled; for memory that the host can reach.
inline void* allocate_filled(unsigned seed) {
  void* const address = allocate();
  if (CHECK(address != nullptr)) std::memcpy(address, bytes_of(seed).data(), kSizeBytes);
  return address;
}

inline bool holds(const void* address, unsigned seed) {
  return std::memcmp(address, bytes_of(seed).data(), kSizeBytes) == 0;
}

}  // namespace program
