// The manners of the C ABI, in one place: how a Status leaves, how a struct comes in, how one goes out.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <utility>

#include "base/contain.hpp"
#include "base/handle_table.hpp"
#include "base/status.hpp"
#include "base/text.hpp"
#include "windlass/status.h"

namespace windlass::capi {

// Writes a failure to the caller's error, if there is one.
wl_status report(const Status& status, wl_error* error) noexcept;

// Runs a call's work, which returns a Status: nothing thrown gets past the door.
template <typename Work>
wl_status guard(wl_error* error, Work&& work) noexcept {
  return report(contain(std::forward<Work>(work)), error);
}

// A struct that says its size can be larger than ours by this much.
inline constexpr uint32_t kLargestStruct = 4096;

Status check_struct_size(const char* name, uint32_t struct_size, uint32_t known_size);
Status check_zero_tail(const char* name, const std::byte* tail, size_t bytes);

// What an _init function does: fills as much of the caller's struct as there is, and says how much that is.
template <typename T>
void init_struct(T* target, uint32_t struct_size, T defaults) noexcept {
  if (target == nullptr || struct_size < sizeof defaults.struct_size) return;
  defaults.struct_size = struct_size;
  const size_t known = std::min<size_t>(struct_size, sizeof(T));
  std::memcpy(target, &defaults, known);
  if (struct_size <= kLargestStruct) std::memset(reinterpret_cast<std::byte*>(target) + known, 0, struct_size - known);
}

// Takes the caller's options, or the defaults where there are none.
template <typename T>
Status take_options(const char* name, const T* given, T defaults, T* taken) {
  *taken = defaults;
  if (given == nullptr) return Status();
  if (Status sized = check_struct_size(name, given->struct_size, sizeof(T)); !sized.ok()) return sized;
  std::memcpy(taken, given, sizeof(T));
  return check_zero_tail(name, reinterpret_cast<const std::byte*>(given) + sizeof(T), given->struct_size - sizeof(T));
}

// Checks a struct that the call will fill. may_be_null says whether the caller may do without.
template <typename T>
Status check_output(const char* name, const T* output) {
  if (output == nullptr) return Status::error(Code::kInvalidArgument, text(name, " is NULL; pass where to write it"));
  return check_struct_size(name, output->struct_size, sizeof(T));
}

// Fills the caller's struct, which was checked, and leaves what it has beyond ours alone.
template <typename T>
void put_output(T* output, T values) noexcept {
  values.struct_size = output->struct_size;
  std::memcpy(output, &values, sizeof(T));
}

// Gives an object a handle. Should that fail, the object goes.
template <typename T>
Status publish(Kind kind, std::shared_ptr<T> object, Handle* handle) {
  Result<Handle> inserted = HandleTable::instance().insert(kind, std::move(object));
  if (!inserted.ok()) return inserted.status();
  *handle = *inserted;
  return Status();
}

template <typename T>
Result<std::shared_ptr<T>> acquire(Handle handle, Kind kind) {
  return HandleTable::instance().acquire<T>(handle, kind);
}

template <typename T>
Result<std::shared_ptr<T>> remove(Handle handle, Kind kind) {
  return HandleTable::instance().remove<T>(handle, kind);
}

inline Status check_pointer(const char* name, const void* pointer) {
  if (pointer != nullptr) return Status();
  return Status::error(Code::kInvalidArgument, text(name, " is NULL; pass where to write it"));
}

}  // namespace windlass::capi
