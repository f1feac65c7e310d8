// Handles: 64-bit names for objects, which stay harmless when they are wrong.
//
// A handle is kind (8 bits) | generation (24 bits) | slot (32 bits). A slot's generation grows each time it is freed,
// and a slot whose generations are used up is never used again, so that a closed handle never names something else.
//
// The table owns one reference to each object. acquire() lends another for the length of a call: a close meanwhile
// takes the name away, and the object goes when the last call that uses it returns.
//
// Threads: any. The lock is held for a few loads and stores, never while an object is made or destroyed.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "base/live_count.hpp"
#include "base/status.hpp"

namespace windlass {

using Handle = uint64_t;

class HandleTable {
 public:
  HandleTable() = default;
  HandleTable(const HandleTable&) = delete;
  HandleTable& operator=(const HandleTable&) = delete;

  // The process's table. It is never destroyed, so that calls during exit find it.
  static HandleTable& instance();

  Result<Handle> insert(Kind kind, std::shared_ptr<void> object);

  // The object, kept alive by the pointer. Errors: kStaleHandle, kWrongKind.
  template <typename T>
  Result<std::shared_ptr<T>> acquire(Handle handle, Kind kind) {
    Result<std::shared_ptr<void>> found = find(handle, kind);
    if (!found.ok()) return found.status();
    return std::static_pointer_cast<T>(*std::move(found));
  }

  // Takes the name away and returns what it named: of two that race, one gets the object and one kStaleHandle.
  template <typename T>
  Result<std::shared_ptr<T>> remove(Handle handle, Kind kind) {
    Result<std::shared_ptr<void>> taken = take(handle, kind);
    if (!taken.ok()) return taken.status();
    return std::static_pointer_cast<T>(*std::move(taken));
  }

 private:
  struct Slot {
    std::shared_ptr<void> object;
    uint32_t generation = 1;
    Kind kind = Kind::kDevice;
  };

  Result<std::shared_ptr<void>> find(Handle handle, Kind kind);
  Result<std::shared_ptr<void>> take(Handle handle, Kind kind);
  Status check_locked(Handle handle, Kind kind) const;

  std::mutex mutex_;
  std::vector<Slot> slots_;
  std::vector<uint32_t> free_slots_;
};

}  // namespace windlass
