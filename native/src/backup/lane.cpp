#include "backup/lane.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/bytes.hpp"
#include "base/log.hpp"
#include "base/text.hpp"

namespace windlass {

Result<std::unique_ptr<Lane>> Lane::open(const LaneOptions& options) {
  Result<HostRange> memory = HostRange::reserve(options.depth * options.block_bytes);
  if (!memory.ok()) return memory.status();
  WorkerPool caller_alone(1);
  if (Status there = memory->populate(0, memory->bytes(), caller_alone); !there.ok()) return there;
  // A child process that is forked while the kernel fills a slot must not share it with us.
  madvise(memory->address(), memory->bytes(), MADV_DONTFORK);

  IoQueueOptions queue_options;
  queue_options.engine = options.engine;
  queue_options.depth = options.depth;
  queue_options.calls = options.calls;
  for (uint32_t slot = 0; slot < options.depth; ++slot) {
    queue_options.buffers.emplace_back(memory->address() + slot * options.block_bytes, options.block_bytes);
  }
  Result<std::unique_ptr<IoQueue>> queue = IoQueue::open(queue_options);
  if (!queue.ok()) return queue.status();
  return std::make_unique<Lane>(*std::move(memory), *std::move(queue), options);
}

Lane::Lane(HostRange memory, std::unique_ptr<IoQueue> queue, const LaneOptions& options)
    : block_bytes_(options.block_bytes), memory_(std::move(memory)), queue_(std::move(queue)), slots_(options.depth) {
  reads_.reserve(options.depth);
}

Lane::~Lane() {
  drop();
  if (pinned_for_ != nullptr) (void)pinned_for_->unpin_host(memory_.address(), memory_.bytes());
}

void Lane::pin_for(Device* device) {
  if (device == pinned_for_) return;
  if (pinned_for_ != nullptr) {
    Status unpinned = pinned_for_->unpin_host(memory_.address(), memory_.bytes());
    if (!unpinned.ok()) log(LogLevel::kWarning, "backup", text("file backup: ", unpinned.message()));
  }
  pinned_for_ = nullptr;
  if (device == nullptr) return;
  Status pinned = device->pin_host(memory_.address(), memory_.bytes());
  if (pinned.ok()) {
    pinned_for_ = device;
  } else {
    log(LogLevel::kWarning, "backup",
        text("file backup: copies to and from ", device->name(), " go through memory that is not pinned, somewhat ",
             "slower: ", pinned.message()));
  }
}

void Lane::attach(const BlockFile* file) noexcept {
  drop();
  file_ = file;
  queue_->use(file != nullptr ? file->descriptor() : -1, file != nullptr ? file->alignment_bytes() : 1);
}

uint32_t Lane::take_slot() noexcept {
  if (!reads_.empty()) drop();
  int found = find_free_slot();
  while (found < 0) {
    collect_one(true);
    found = find_free_slot();
  }
  slots_[static_cast<uint32_t>(found)] = Slot{.state = SlotState::kTaken};
  return static_cast<uint32_t>(found);
}

void Lane::put_back(uint32_t slot) noexcept { slots_[slot] = Slot{}; }

Status Lane::write(uint32_t slot, uint64_t offset, uint64_t bytes) {
  const uint64_t padded_bytes = round_up(bytes, file_->alignment_bytes());
  std::memset(memory(slot) + bytes, 0, padded_bytes - bytes);
  slots_[slot] = Slot{.state = SlotState::kWriting, .offset = offset, .bytes = bytes};
  const int error = start(slot, IoRequest::Kind::kWrite);
  if (error == 0) return Status();
  put_back(slot);
  note_failure(offset, error);
  return file_->failure(error, "write", offset);
}

void Lane::collect(bool all) noexcept {
  while (collect_one(all)) {
  }
}

uint64_t Lane::written_bytes(uint64_t begun_bytes) const noexcept {
  uint64_t end = first_failure_.error != 0 ? std::min(begun_bytes, first_failure_.offset) : begun_bytes;
  for (const Slot& slot : slots_) {
    if (slot.state == SlotState::kWriting) end = std::min(end, slot.offset);
  }
  return end;
}

Status Lane::write_failure() const {
  if (first_failure_.error == 0) return Status();
  return file_->failure(first_failure_.error, "write", first_failure_.offset);
}

Result<std::span<std::byte>> Lane::chunk(uint64_t offset, uint64_t bytes, uint64_t end) {
  drop_passed(offset);
  if (reads_.empty() || slots_[reads_.front()].offset > offset) {
    drop();
    next_read_ = offset;
  }
  if (const int error = read_ahead(end); error != 0 && reads_.empty()) return file_->failure(error, "read", offset);
  Slot& first = slots_[reads_.front()];
  while (first.state == SlotState::kReading) collect_one(true);
  const uint64_t skipped = offset - first.offset;
  if (first.done_bytes >= skipped + bytes) return std::span(memory(reads_.front()) + skipped, bytes);
  const uint64_t reached = first.offset + first.done_bytes;
  const int error = first.error;
  drop();
  if (error != 0) return file_->failure(error, "read", reached);
  return Status::error(Code::kCorrupt, text(file_->path(), " ends at ", reached, ", before what was stored at offset ",
                                            offset, "; somebody has made it shorter"));
}

void Lane::drop() noexcept {
  while (collect_one(true)) {
  }
  for (Slot& slot : slots_) slot = Slot{};
  reads_.clear();
  first_failure_ = {};
}

int Lane::find_free_slot() const noexcept {
  for (size_t index = 0; index < slots_.size(); ++index) {
    if (slots_[index].state == SlotState::kFree) return static_cast<int>(index);
  }
  return -1;
}

bool Lane::collect_one(bool wait) noexcept {
  const std::optional<IoCompletion> ended = queue_->next(wait);
  if (!ended) return false;
  Slot& slot = slots_[static_cast<size_t>(ended->token)];
  if (slot.state == SlotState::kWriting) {
    if (ended->error != 0) note_failure(slot.offset, ended->error);
    slot = Slot{};
  } else {
    slot.state = SlotState::kRead;
    slot.done_bytes = std::min(ended->bytes, slot.bytes);
    slot.error = ended->error;
  }
  return true;
}

int Lane::start(uint32_t slot, IoRequest::Kind kind) noexcept {
  const Slot& what = slots_[slot];
  return queue_->start({.kind = kind,
                        .memory = memory(slot),
                        .bytes = round_up(what.bytes, file_->alignment_bytes()),
                        .offset = what.offset,
                        .token = slot});
}

void Lane::note_failure(uint64_t offset, int error) noexcept {
  if (first_failure_.error == 0 || offset < first_failure_.offset) first_failure_ = {error, offset};
}

int Lane::read_ahead(uint64_t end) noexcept {
  while (next_read_ < end) {
    const int found = find_free_slot();
    if (found < 0) return 0;
    const auto slot = static_cast<uint32_t>(found);
    slots_[slot] =
        Slot{.state = SlotState::kReading, .offset = next_read_, .bytes = std::min(block_bytes_, end - next_read_)};
    if (const int error = start(slot, IoRequest::Kind::kRead); error != 0) {
      put_back(slot);
      return error;
    }
    next_read_ += slots_[slot].bytes;
    reads_.push_back(slot);
  }
  return 0;
}

void Lane::drop_passed(uint64_t offset) noexcept {
  while (!reads_.empty()) {
    const Slot& first = slots_[reads_.front()];
    if (offset < first.offset + first.bytes) return;
    // Only the slot that was used last is passed over; further on, reading begins anew.
    if (first.state == SlotState::kReading) return drop();
    free_first_read();
  }
}

void Lane::free_first_read() noexcept {
  put_back(reads_.front());
  reads_.erase(reads_.begin());
}

}  // namespace windlass
