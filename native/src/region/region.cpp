#include "region/region.hpp"

#include <algorithm>
#include <limits>
#include <numeric>
#include <utility>

#include "base/bytes.hpp"
#include "base/clock.hpp"
#include "base/contain.hpp"
#include "base/log.hpp"
#include "base/text.hpp"

namespace windlass {

namespace {

// What of the range the machine still counts as there. Where it cannot tell, all of it: a report neither fails a
// transition nor claims what was not seen.
uint64_t measured_bytes(const Allocation& allocation) noexcept {
  uint64_t bytes = allocation.bytes();
  Status counted = contain([&] {
    Result<uint64_t> resident = allocation.device().resident_bytes(allocation.address(), allocation.bytes());
    if (resident.ok()) bytes = *resident;
    return resident.status();
  });
  if (!counted.ok()) log(LogLevel::kWarning, "region", counted.message());
  return bytes;
}

// Asked before memory is taken, because a device that runs out half-way can only say what was left by then. A size that
// is none is left to the allocation to refuse.
Status check_room(const Device& device, uint64_t size_bytes) {
  Result<DeviceMemory> memory = device.memory();
  if (!memory.ok()) return memory.status();
  if (size_bytes <= memory->free_bytes || size_bytes > uint64_t{std::numeric_limits<int64_t>::max()}) return Status();
  return Status::error(Code::kNoMemory, text("region of ", bytes_text(size_bytes), ": ", device.name(), " has ",
                                             bytes_text(memory->free_bytes), " of ", bytes_text(memory->total_bytes),
                                             " free; ask for less, or pause or close a region"));
}

// Tells of a transition that went through. That there is no memory for the line must not fail it.
template <typename Line>
void tell(Line&& line) noexcept {
  if (!log_wanted(LogLevel::kInfo)) return;
  (void)contain([&] {
    log(LogLevel::kInfo, "region", line());
    return Status();
  });
}

std::string milliseconds_text(uint64_t ns) { return text(ns / 1000000, '.', ns / 100000 % 10, " ms"); }

}  // namespace

Result<std::shared_ptr<Region>> Region::open(std::shared_ptr<Device> device, uint64_t size_bytes,
                                             std::unique_ptr<Backup> backup, uint64_t chunk_bytes) {
  if (size_bytes == 0) {
    return Status::error(Code::kInvalidArgument, "region: a size of 0 bytes; a region needs at least one");
  }
  if (Status room = check_room(*device, size_bytes); !room.ok()) return room;
  Result<std::unique_ptr<Allocation>> allocation =
      Allocation::open(std::move(device), size_bytes, chunk_bytes != 0 ? chunk_bytes : kDefaultChunkBytes);
  if (!allocation.ok()) return allocation.status().with_prefix("region");
  if (Status there = (*allocation)->commit(nullptr); !there.ok()) {
    return there.with_prefix(text("region of ", bytes_text(size_bytes)));
  }
  return std::make_shared<Region>(*std::move(allocation), std::move(backup), size_bytes);
}

Region::Region(std::unique_ptr<Allocation> allocation, std::unique_ptr<Backup> backup, uint64_t size_bytes) noexcept
    : allocation_(std::move(allocation)),
      backup_(std::move(backup)),
      size_bytes_(size_bytes),
      defined_bytes_(size_bytes) {}

Result<PauseReport> Region::pause() {
  const std::lock_guard lock(mutex_);
  if (Status state = check_state(RegionState::kActive, "pause"); !state.ok()) return state;
  Stopwatch watch;
  PauseReport report;
  Status saved = contain([&] {
    if (Status idle = allocation_->device().drain(); !idle.ok()) return idle;
    report.drain_ns = watch.lap_ns();
    if (Status room = backup_->prepare(size_bytes_); !room.ok()) return room;
    report.prepare_ns = watch.lap_ns();
    Status copied = save_all(&report.saved_bytes);
    report.copy_ns = watch.lap_ns();
    return copied;
  });
  if (!saved.ok()) {
    backup_->release();
    return saved.with_prefix(text(describe(), " stays active"));
  }

  const uint64_t committed = allocation_->committed_bytes();
  Status released = contain([&] { return allocation_->decommit(); });
  report.release_ns = watch.lap_ns();
  if (!released.ok()) return undo_release(released);

  state_ = RegionState::kPaused;
  report.generation = ++generation_;
  report.freed_bytes = committed - std::min(committed, measured_bytes(*allocation_));
  report.total_ns = watch.total_ns();
  tell([&] {
    return text(describe(), " paused: ", bytes_text(report.saved_bytes), " saved, ", bytes_text(report.freed_bytes),
                " freed in ", milliseconds_text(report.total_ns));
  });
  return report;
}

Status Region::undo_release(const Status& cause) {
  std::vector<size_t> lost;
  Status undone = contain([&] {
    if (Status there = allocation_->commit(&lost); !there.ok()) return there;
    uint64_t restored_bytes = 0;
    return restore(lost, &restored_bytes);
  });
  if (!undone.ok()) {
    state_ = RegionState::kPaused;
    ++generation_;
    return undone.with_prefix(text(describe(), ": giving its memory back failed (", cause.message(),
                                   ") and so did taking it again; it is PAUSED, ",
                                   backup_->keeps_bytes() ? "its bytes are kept" : "without backup",
                                   ", and can be resumed once the cause is gone"));
  }
  const bool lost_bytes = !lost.empty() && !backup_->keeps_bytes();
  if (lost_bytes) defined_bytes_ = 0;
  backup_->release();
  return cause.with_prefix(
      text(describe(), lost_bytes ? " stays active, but has lost bytes for want of a backup" : " stays active"));
}

Result<ResumeReport> Region::resume() {
  const std::lock_guard lock(mutex_);
  if (Status state = check_state(RegionState::kPaused, "resume"); !state.ok()) return state;
  Stopwatch watch;
  ResumeReport report;
  const uint64_t committed_before = allocation_->committed_bytes();
  Status resumed = contain([&] {
    std::vector<size_t> all(allocation_->extents().size());
    std::iota(all.begin(), all.end(), size_t{0});
    if (Status there = allocation_->commit(nullptr); !there.ok()) return there;
    report.map_ns = watch.lap_ns();
    Status restored = restore(all, &report.restored_bytes);
    report.copy_ns = watch.lap_ns();
    return restored;
  });
  if (!resumed.ok()) {
    // What cannot be given back now stays listed as there, and the next resume makes use of it.
    Status undone = contain([&] { return allocation_->decommit(); });
    if (!undone.ok()) log(LogLevel::kError, "region", undone.message());
    return resumed.with_prefix(text(describe(), " stays paused, with its backup intact"));
  }
  state_ = RegionState::kActive;
  if (!backup_->keeps_bytes()) defined_bytes_ = 0;
  report.taken_bytes = allocation_->committed_bytes() - committed_before;
  backup_->release();
  report.release_ns = watch.lap_ns();
  report.generation = generation_;
  report.total_ns = watch.total_ns();
  tell([&] {
    return text(describe(), " resumed: ", bytes_text(report.restored_bytes), " restored in ",
                milliseconds_text(report.total_ns));
  });
  return report;
}

Status Region::read(uint64_t offset, void* target, uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  if (Status possible = check_access(offset, target, bytes, "read"); !possible.ok()) return possible;
  return allocation_->device().copy_out(target, allocation_->address() + offset, bytes);
}

Status Region::write(uint64_t offset, const void* source, uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  if (Status possible = check_access(offset, source, bytes, "write"); !possible.ok()) return possible;
  Status written = allocation_->device().copy_in(allocation_->address() + offset, source, bytes);
  if (written.ok() && offset <= defined_bytes_) defined_bytes_ = std::max(defined_bytes_, offset + bytes);
  return written;
}

Status Region::acknowledge() {
  const std::lock_guard lock(mutex_);
  if (Status state = check_state(RegionState::kActive, "acknowledge"); !state.ok()) return state;
  defined_bytes_ = size_bytes_;
  return Status();
}

RegionInfo Region::info() const {
  const std::lock_guard lock(mutex_);
  RegionInfo info;
  info.state = state_;
  info.content_defined = defined_bytes_ == size_bytes_;
  info.address = allocation_->address();
  info.size_bytes = size_bytes_;
  info.mapped_bytes = allocation_->committed_bytes();
  info.backup_bytes = backup_->held_bytes();
  info.generation = generation_;
  return info;
}

Status Region::check_state(RegionState wanted, const char* verb) const {
  if (state_ == wanted) return Status();
  const bool active = state_ == RegionState::kActive;
  return Status::error(Code::kState, text(describe(), " is ", active ? "active" : "paused", "; cannot ", verb, " it",
                                          active                           ? ""
                                          : wanted == RegionState::kActive ? " before it is resumed"
                                                                           : ""));
}

Status Region::check_access(uint64_t offset, const void* memory, uint64_t bytes, const char* verb) const {
  if (Status state = check_state(RegionState::kActive, verb); !state.ok()) return state;
  if (memory == nullptr && bytes != 0) {
    return Status::error(Code::kInvalidArgument, text(describe(), ": cannot ", verb, " with a null pointer"));
  }
  if (in_range(offset, bytes, size_bytes_)) return Status();
  return Status::error(Code::kInvalidArgument, text(describe(), ": cannot ", verb, " ", bytes, " bytes at offset ",
                                                    offset, ", which ends beyond its ", size_bytes_, " bytes"));
}

Status Region::save_all(uint64_t* saved_bytes) {
  for (const Allocation::Extent& extent : allocation_->extents()) {
    const uint64_t bytes = std::min(extent.bytes, size_bytes_ - extent.offset);
    Status saved = backup_->save(allocation_->device(), allocation_->address() + extent.offset, extent.offset, bytes);
    if (!saved.ok()) return saved;
    if (backup_->keeps_bytes()) *saved_bytes += bytes;
  }
  return Status();
}

Status Region::restore(const std::vector<size_t>& extents, uint64_t* restored_bytes) {
  for (const size_t index : extents) {
    const Allocation::Extent& extent = allocation_->extents()[index];
    const uint64_t bytes = std::min(extent.bytes, size_bytes_ - extent.offset);
    Status restored =
        backup_->restore(allocation_->device(), allocation_->address() + extent.offset, extent.offset, bytes);
    if (!restored.ok()) return restored;
    if (backup_->keeps_bytes()) *restored_bytes += bytes;
  }
  return Status();
}

std::string Region::describe() const {
  return text("region of ", bytes_text(size_bytes_), " at ", hex_text(allocation_->address()));
}

}  // namespace windlass
