#include "region/region.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "base/bytes.hpp"
#include "base/contain.hpp"
#include "base/text.hpp"
#include "region/transition.hpp"

namespace windlass {

namespace {

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

}  // namespace

Result<std::shared_ptr<Region>> Region::open(std::shared_ptr<Device> device, uint64_t size_bytes,
                                             std::unique_ptr<Backup> backup, const RegionOptions& options) {
  if (size_bytes == 0) {
    return Status::error(Code::kInvalidArgument, "region: a size of 0 bytes; a region needs at least one");
  }
  if (Status room = check_room(*device, size_bytes); !room.ok()) return room;
  Result<std::unique_ptr<Allocation>> allocation = Allocation::open(
      std::move(device), size_bytes, options.chunk_bytes != 0 ? options.chunk_bytes : kDefaultChunkBytes);
  if (!allocation.ok()) return allocation.status().with_prefix("region");
  if (Status there = (*allocation)->commit(nullptr); !there.ok()) {
    return there.with_prefix(text("region of ", bytes_text(size_bytes)));
  }
  if (options.reserve) {
    if (Status room = backup->prepare(size_bytes); !room.ok()) {
      return room.with_prefix(text("region of ", bytes_text(size_bytes), ": reserving its backup"));
    }
  }
  return std::make_shared<Region>(*std::move(allocation), std::move(backup), size_bytes, options);
}

Region::Region(std::unique_ptr<Allocation> allocation, std::unique_ptr<Backup> backup, uint64_t size_bytes,
               const RegionOptions& options)
    : allocation_(std::move(allocation)),
      backup_(std::move(backup)),
      size_bytes_(size_bytes),
      tag_(options.tag),
      backup_kind_(options.backup_kind),
      gone_(allocation_->extents().size()),
      defined_bytes_(size_bytes) {}

Result<PauseReport> Region::pause() {
  PauseOutcome outcome{this, {}, {}, {}};
  Status paused = pause_regions(std::span(&outcome, 1), {});
  if (!paused.ok()) return paused;
  return outcome.report;
}

Result<ResumeReport> Region::resume() {
  ResumeOutcome outcome{this, {}, {}, {}};
  Status resumed = resume_regions(std::span(&outcome, 1), {});
  if (!resumed.ok()) return resumed;
  return outcome.report;
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
  const uint64_t defined = defined_bytes_;
  if (written.ok() && offset <= defined) defined_bytes_ = std::max(defined, offset + bytes);
  return written;
}

Status Region::read_backup(uint64_t offset, void* target, uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  if (target == nullptr && bytes != 0) {
    return Status::error(Code::kInvalidArgument, text(describe(), ": cannot read its backup to a null pointer"));
  }
  if (Status there = check_image(offset, bytes); !there.ok()) return there;
  return backup_->read(offset, target, bytes).with_prefix(describe());
}

Result<std::span<const std::byte>> Region::view_backup(uint64_t offset) {
  const std::lock_guard lock(mutex_);
  if (Status there = check_image(offset, 1); !there.ok()) return there;
  const std::span<const std::byte> piece = backup_->view(offset);
  if (!piece.empty()) return piece.first(std::min<uint64_t>(piece.size(), image_bytes_ - offset));
  return Status::error(Code::kUnsupported, text(describe(), ": its ", backup_->name(),
                                                " backup does not keep this part in memory as it was; copy it out"));
}

Status Region::acknowledge() {
  const std::lock_guard lock(mutex_);
  if (Status state = check_state(RegionState::kActive, "acknowledge"); !state.ok()) return state;
  defined_bytes_ = size_bytes_;
  return Status();
}

Result<Pages> Region::attach(std::shared_ptr<PageObserver> observer) {
  return allocation_->record().attach(std::move(observer));
}

void Region::detach(const PageObserver* observer) noexcept { allocation_->record().detach(observer); }

Result<std::shared_ptr<PageExport>> Region::export_pages() {
  const std::lock_guard lock(mutex_);
  if (Status state = check_state(RegionState::kActive, "export"); !state.ok()) return state;
  return PageExport::open(*allocation_);
}

RegionInfo Region::info() const {
  RegionInfo info;
  info.state = state_;
  info.content_defined = defined_bytes_ == size_bytes_;
  info.address = allocation_->address();
  info.size_bytes = size_bytes_;
  info.mapped_bytes = allocation_->committed_bytes();
  info.backup_bytes = backup_->held_bytes();
  info.stored_bytes = backup_->stored_bytes();
  info.image_bytes = image_bytes_;
  info.allocation_id = allocation_->record().id();
  info.generation = allocation_->record().generation();
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

Status Region::check_image(uint64_t offset, uint64_t bytes) const {
  if (!backup_->keeps_bytes()) {
    return Status::error(Code::kUnsupported, text(describe(), " has no backup to read from: open it with one"));
  }
  const uint64_t there = image_bytes_;
  if (there == 0) {
    return Status::error(Code::kState, text(describe(), " is active, and its backup holds no image; read the region, ",
                                            "or open it with a backup that retains"));
  }
  if (in_range(offset, bytes, there)) return Status();
  return Status::error(Code::kInvalidArgument, text(describe(), ": cannot read ", bytes, " bytes at offset ", offset,
                                                    " of its backup, which has ", there));
}

std::string Region::describe() const {
  return tag_.empty()
             ? text("region of ", bytes_text(size_bytes_), " at ", hex_text(allocation_->address()))
             : text("region of ", bytes_text(size_bytes_), " at ", hex_text(allocation_->address()), " (", tag_, ")");
}

}  // namespace windlass
