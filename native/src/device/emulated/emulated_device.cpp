#include "device/emulated/emulated_device.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/text.hpp"
#include "memory/copy.hpp"
#include "memory/machine_memory.hpp"

namespace windlass {

namespace {

// A copy is shared out in steps of this size: smaller ones cost more than they bring.
constexpr uint64_t kCopyStepBytes = 8 * kMiB;

Status bad_range(const char* verb, uint64_t address, uint64_t bytes, const char* why) {
  return Status::error(Code::kInvalidArgument,
                       text("emulated device: cannot ", verb, " ", bytes, " bytes at ", hex_text(address), ": ", why));
}

}  // namespace

EmulatedDevice::EmulatedDevice(uint64_t memory_bytes, uint32_t worker_threads, bool shareable) noexcept
    : memory_bytes_(memory_bytes), shareable_(shareable), workers_(worker_threads) {}

Result<std::shared_ptr<EmulatedDevice>> EmulatedDevice::open(const EmulatedDeviceOptions& options) {
  uint64_t memory_bytes = options.memory_bytes;
  if (memory_bytes == 0) {
    Result<MachineMemory> machine = machine_memory();
    if (!machine.ok()) return machine.status();
    memory_bytes = machine->total_bytes;
  }
  memory_bytes = memory_bytes / kHugePageBytes * kHugePageBytes;
  if (memory_bytes == 0) {
    return Status::error(Code::kInvalidArgument,
                         text("emulated device: a memory of ", options.memory_bytes, " bytes holds nothing; give at ",
                              "least ", bytes_text(kHugePageBytes)));
  }
  const uint32_t threads = options.worker_threads != 0 ? options.worker_threads : WorkerPool::default_thread_count();
  return std::make_shared<EmulatedDevice>(memory_bytes, threads, options.shareable);
}

std::string EmulatedDevice::name() const { return text("emulated device (", bytes_text(memory_bytes_), ")"); }

Result<DeviceMemory> EmulatedDevice::memory() const {
  Result<MachineMemory> machine = machine_memory();
  if (!machine.ok()) return machine.status();
  const std::lock_guard lock(mutex_);
  return DeviceMemory{memory_bytes_, std::min(memory_bytes_ - used_bytes_, machine->available_bytes), used_bytes_};
}

Result<uint64_t> EmulatedDevice::reserve(uint64_t bytes) {
  Result<HostRange> range = HostRange::reserve(bytes);
  if (!range.ok()) return range.status();
  auto owned = std::make_unique<HostRange>(*std::move(range));
  const auto address = reinterpret_cast<uint64_t>(owned->address());
  const std::lock_guard lock(mutex_);
  ranges_.emplace(address, std::move(owned));
  return address;
}

Status EmulatedDevice::unreserve(uint64_t address, uint64_t bytes) {
  std::unique_ptr<HostRange> dropped;
  const std::lock_guard lock(mutex_);
  const auto range = ranges_.find(address);
  if (range == ranges_.end() || range->second->bytes() != bytes) {
    return bad_range("unreserve", address, bytes, "no range was reserved there with that size");
  }
  if (first_piece_locked(address, bytes) != mapped_.end()) {
    return bad_range("unreserve", address, bytes, "memory is still mapped there; unmap it first");
  }
  dropped = std::move(range->second);
  ranges_.erase(range);
  return Status();
}

Result<PhysicalId> EmulatedDevice::create(uint64_t bytes) {
  if (bytes == 0 || bytes % kHugePageBytes != 0) {
    return Status::error(Code::kInvalidArgument, text("emulated device: physical memory comes in multiples of ",
                                                      bytes_text(kHugePageBytes), ", not ", bytes, " bytes"));
  }
  std::shared_ptr<const SharedPages> pages;
  if (shareable_) {
    Result<std::shared_ptr<SharedPages>> opened = SharedPages::open(bytes);
    if (!opened.ok()) return opened.status().with_prefix("emulated device");
    pages = *std::move(opened);
  }
  const std::lock_guard lock(mutex_);
  if (bytes > memory_bytes_ - used_bytes_) {
    return Status::error(Code::kNoMemory,
                         text("emulated device: ", bytes_text(bytes), " asked for, but of its ",
                              bytes_text(memory_bytes_), " only ", bytes_text(memory_bytes_ - used_bytes_),
                              " are free; pause or close a region, or open the device with more"));
  }
  const PhysicalId id = last_id_ + 1;
  pieces_.emplace(id, Piece{bytes, 0, std::move(pages)});
  last_id_ = id;
  used_bytes_ += bytes;
  return id;
}

Status EmulatedDevice::release(PhysicalId physical) {
  std::shared_ptr<const SharedPages> dropped;  // outlives the lock: giving its pages back takes long
  const std::lock_guard lock(mutex_);
  const auto piece = pieces_.find(physical);
  if (piece == pieces_.end() || piece->second.mapped_at != 0) {
    return Status::error(Code::kInvalidArgument,
                         text("emulated device: physical memory ", physical, " is ",
                              piece == pieces_.end() ? "not of this device" : "still mapped; unmap it first"));
  }
  dropped = std::move(piece->second.pages);
  if (dropped == nullptr || !dropped->adopted()) used_bytes_ -= piece->second.bytes;
  pieces_.erase(piece);
  return Status();
}

Status EmulatedDevice::map(uint64_t address, uint64_t bytes, PhysicalId physical) {
  const std::lock_guard lock(mutex_);
  const auto piece = pieces_.find(physical);
  if (piece == pieces_.end() || piece->second.bytes != bytes) {
    return bad_range("map", address, bytes, "the physical memory is not of this device, or of another size");
  }
  if (piece->second.mapped_at != 0) return bad_range("map", address, bytes, "the physical memory is mapped already");
  if (address % kHugePageBytes != 0) return bad_range("map", address, bytes, "the address is not aligned");
  if (range_at_locked(address, bytes) == nullptr) return bad_range("map", address, bytes, "nothing is reserved there");
  if (first_piece_locked(address, bytes) != mapped_.end()) {
    return bad_range("map", address, bytes, "something is mapped there already");
  }
  mapped_.emplace(address, &piece->second);
  piece->second.mapped_at = address;
  return Status();
}

Status EmulatedDevice::unmap(uint64_t address, uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  HostRange* const range = range_at_locked(address, bytes);
  if (range == nullptr || !covered_locked(address, bytes)) {
    return bad_range("unmap", address, bytes, "it is not made of whole mapped pieces");
  }
  const uint64_t offset = address - reinterpret_cast<uint64_t>(range->address());
  if (Status released = range->release(offset, bytes); !released.ok()) {
    return released.with_prefix("emulated device: unmap");
  }
  const auto first = mapped_.find(address);
  const auto last = mapped_.lower_bound(address + bytes);
  for (auto piece = first; piece != last; ++piece) {
    piece->second->mapped_at = 0;
    piece->second->accessible = false;
  }
  mapped_.erase(first, last);
  return Status();
}

Status EmulatedDevice::set_access(uint64_t address, uint64_t bytes) {
  HostRange* range = nullptr;
  {
    const std::lock_guard lock(mutex_);
    range = range_at_locked(address, bytes);
    if (range == nullptr || !covered_locked(address, bytes)) {
      return bad_range("give access to", address, bytes, "it is not made of whole mapped pieces");
    }
  }
  if (shareable_) return give_access_shared(*range, address, bytes).with_prefix("emulated device");
  const uint64_t offset = address - reinterpret_cast<uint64_t>(range->address());
  return range->populate(offset, bytes, workers_).with_prefix("emulated device");
}

Status EmulatedDevice::copy_in(uint64_t target_address, const void* source, uint64_t bytes) {
  if (Status mapped = check_mapped(target_address, bytes); !mapped.ok()) return mapped;
  return copy_shared(reinterpret_cast<std::byte*>(target_address), static_cast<const std::byte*>(source), bytes);
}

Status EmulatedDevice::copy_out(void* target, uint64_t source_address, uint64_t bytes) {
  if (Status mapped = check_mapped(source_address, bytes); !mapped.ok()) return mapped;
  return copy_shared(static_cast<std::byte*>(target), reinterpret_cast<const std::byte*>(source_address), bytes);
}

Result<Hash128> EmulatedDevice::copy_in_hashed(uint64_t target_address, const void* source, uint64_t bytes) {
  if (Status mapped = check_mapped(target_address, bytes); !mapped.ok()) return mapped;
  return copy_hashed(reinterpret_cast<void*>(target_address), source, bytes);
}

Result<Hash128> EmulatedDevice::copy_out_hashed(void* target, uint64_t source_address, uint64_t bytes) {
  if (Status mapped = check_mapped(source_address, bytes); !mapped.ok()) return mapped;
  return copy_hashed(target, reinterpret_cast<const void*>(source_address), bytes);
}

Result<uint64_t> EmulatedDevice::resident_bytes(uint64_t address, uint64_t bytes) const {
  const HostRange* range = nullptr;
  {
    const std::lock_guard lock(mutex_);
    range = range_at_locked(address, bytes);
  }
  if (range == nullptr) return bad_range("count pages of", address, bytes, "nothing is reserved there");
  return range->resident_bytes(address - reinterpret_cast<uint64_t>(range->address()), bytes);
}

Status EmulatedDevice::copy_shared(std::byte* target, const std::byte* source, uint64_t bytes) {
  const uint64_t steps = (bytes + kCopyStepBytes - 1) / kCopyStepBytes;
  const auto copy_step = [=](uint64_t step) {
    const uint64_t from = step * kCopyStepBytes;
    copy(target + from, source + from, std::min(kCopyStepBytes, bytes - from));
    return Status();
  };
  return workers_.run(steps, copy_step, workers_.copying_threads());
}

HostRange* EmulatedDevice::range_at_locked(uint64_t address, uint64_t bytes) const {
  const auto after = ranges_.upper_bound(address);
  if (after == ranges_.begin()) return nullptr;
  const auto& [start, range] = *std::prev(after);
  return in_range(address - start, bytes, range->bytes()) ? range.get() : nullptr;
}

EmulatedDevice::MappedPieces::const_iterator EmulatedDevice::first_piece_locked(uint64_t address,
                                                                                uint64_t bytes) const {
  auto piece = mapped_.upper_bound(address);
  if (piece != mapped_.begin()) {
    const auto before = std::prev(piece);
    if (before->first + before->second->bytes > address) return before;
  }
  return piece != mapped_.end() && piece->first < address + bytes ? piece : mapped_.end();
}

bool EmulatedDevice::covered_locked(uint64_t address, uint64_t bytes) const {
  uint64_t at = address;
  for (auto piece = mapped_.find(address); piece != mapped_.end() && piece->first == at && at < address + bytes;
       ++piece) {
    at += piece->second->bytes;
  }
  return bytes != 0 && at == address + bytes;
}

Status EmulatedDevice::check_mapped(uint64_t address, uint64_t bytes) const {
  const std::lock_guard lock(mutex_);
  uint64_t at = address;
  for (auto piece = first_piece_locked(address, bytes); piece != mapped_.end() && piece->first <= at; ++piece) {
    at = piece->first + piece->second->bytes;
    if (at >= address + bytes) return Status();
  }
  if (bytes == 0) return Status();
  return bad_range("copy", address, bytes, "not all of it is mapped");
}

}  // namespace windlass
