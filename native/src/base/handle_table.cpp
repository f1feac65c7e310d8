#include "base/handle_table.hpp"

#include "base/text.hpp"

namespace windlass {

namespace {

constexpr int kKindShift = 56;
constexpr int kGenerationShift = 32;
constexpr uint32_t kLastGeneration = (uint32_t{1} << 24) - 1;
constexpr size_t kMaxSlots = size_t{1} << 24;

Handle make_handle(Kind kind, uint32_t generation, uint32_t slot) noexcept {
  return static_cast<Handle>(kind) << kKindShift | static_cast<Handle>(generation) << kGenerationShift | slot;
}

int32_t kind_of(Handle handle) noexcept { return static_cast<int32_t>(handle >> kKindShift); }
uint32_t generation_of(Handle handle) noexcept {
  return static_cast<uint32_t>(handle >> kGenerationShift) & kLastGeneration;
}
uint32_t slot_of(Handle handle) noexcept { return static_cast<uint32_t>(handle); }

}  // namespace

HandleTable& HandleTable::instance() {
  static HandleTable* const table = std::make_unique<HandleTable>().release();
  return *table;
}

Result<Handle> HandleTable::insert(Kind kind, std::shared_ptr<void> object) {
  const std::lock_guard lock(mutex_);
  if (free_slots_.empty()) {
    if (slots_.size() >= kMaxSlots) {
      return Status::error(Code::kNoSpace, text("handles: ", slots_.size(), " are in use; close some objects"));
    }
    // Room for every slot to become free is made here, so that closing never needs memory.
    free_slots_.reserve(slots_.size() + 1);
    slots_.emplace_back();
    free_slots_.push_back(static_cast<uint32_t>(slots_.size() - 1));
  }
  const uint32_t index = free_slots_.back();
  free_slots_.pop_back();
  Slot& slot = slots_[index];
  slot.object = std::move(object);
  slot.kind = kind;
  return make_handle(kind, slot.generation, index);
}

Result<std::shared_ptr<void>> HandleTable::find(Handle handle, Kind kind) {
  const std::lock_guard lock(mutex_);
  if (Status checked = check_locked(handle, kind); !checked.ok()) return checked;
  return slots_[slot_of(handle)].object;
}

Result<std::shared_ptr<void>> HandleTable::take(Handle handle, Kind kind) {
  const std::lock_guard lock(mutex_);
  if (Status checked = check_locked(handle, kind); !checked.ok()) return checked;
  Slot& slot = slots_[slot_of(handle)];
  std::shared_ptr<void> object = std::move(slot.object);
  slot.object = nullptr;
  if (slot.generation < kLastGeneration) {
    ++slot.generation;
    free_slots_.push_back(slot_of(handle));
  }
  return object;
}

Status HandleTable::check_locked(Handle handle, Kind kind) const {
  const uint32_t index = slot_of(handle);
  const bool known = handle != 0 && index < slots_.size();
  if (!known || slots_[index].object == nullptr || slots_[index].generation != generation_of(handle) ||
      kind_of(handle) != static_cast<int32_t>(slots_[index].kind)) {
    return Status::error(Code::kStaleHandle, text(kind_name(kind), " ", hex_text(handle),
                                                  ": no such handle; it was closed, or never opened"));
  }
  if (slots_[index].kind != kind) {
    return Status::error(Code::kWrongKind, text("handle ", hex_text(handle), " names a ", kind_name(slots_[index].kind),
                                                ", where a ", kind_name(kind), " is wanted"));
  }
  return Status();
}

}  // namespace windlass
