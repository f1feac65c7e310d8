#include "device/allocation.hpp"

#include <algorithm>
#include <limits>

#include "base/bytes.hpp"
#include "base/contain.hpp"
#include "base/log.hpp"
#include "base/text.hpp"

namespace windlass {

namespace {

// More would be a slip in the chunk size, and a table larger than many a region.
constexpr uint64_t kMostExtents = uint64_t{1} << 20;

}  // namespace

Result<std::unique_ptr<Allocation>> Allocation::open(std::shared_ptr<Device> device, uint64_t bytes,
                                                     uint64_t chunk_bytes) {
  const uint64_t granularity = device->granularity_bytes();
  const uint64_t rounded = round_up(bytes, granularity);
  const uint64_t chunk = round_up(chunk_bytes, granularity);
  if (rounded == 0 || chunk == 0 || rounded > uint64_t{std::numeric_limits<int64_t>::max()}) {
    return Status::error(Code::kInvalidArgument, text("an allocation of ", bytes, " bytes in chunks of ", chunk_bytes,
                                                      " is none: both must be positive, and fit the address space"));
  }
  if ((rounded - 1) / chunk >= kMostExtents) {
    return Status::error(Code::kInvalidArgument,
                         text("an allocation of ", bytes_text(bytes), " in chunks of ", bytes_text(chunk),
                              " has more than ", kMostExtents, " of them; use larger chunks, or a smaller size"));
  }
  Result<uint64_t> address = device->reserve(rounded);
  if (!address.ok()) return address.status();
  std::unique_ptr<Allocation> allocation;
  Status made = contain([&] {
    allocation = std::make_unique<Allocation>(device, *address, rounded);
    allocation->cut(chunk);
    allocation->record_ = device->allocations().add(*address, rounded);
    return allocation->record_ != nullptr ? Status()
                                          : Status::error(Code::kNoMemory, "no memory for an allocation's record");
  });
  if (made.ok()) return allocation;
  if (allocation == nullptr) (void)device->unreserve(*address, rounded);
  return made;
}

Allocation::Allocation(std::shared_ptr<Device> device, uint64_t address, uint64_t bytes) noexcept
    : device_(std::move(device)), address_(address), bytes_(bytes) {}

Allocation::~Allocation() {
  if (record_ != nullptr) {
    record_->announce_end();
    device_->allocations().remove(*record_);
  }
  // One extent that will not go does not keep the others from going.
  for (Extent& extent : extents_) {
    Status gone = contain([&] { return unmap_and_release(extent); });
    if (!gone.ok()) log(LogLevel::kError, "device", gone.message());
  }
  Status gone = contain([&] { return device_->unreserve(address_, bytes_); });
  if (!gone.ok()) log(LogLevel::kError, "device", gone.message());
}

void Allocation::cut(uint64_t chunk_bytes) {
  extents_.reserve((bytes_ + chunk_bytes - 1) / chunk_bytes);
  for (uint64_t offset = 0; offset < bytes_; offset += chunk_bytes) {
    extents_.push_back({offset, std::min(chunk_bytes, bytes_ - offset), 0, false, false});
  }
}

void Allocation::mark_usable(Extent& extent, bool usable) noexcept {
  if (extent.usable == usable) return;
  extent.usable = usable;
  if (usable) {
    committed_bytes_ += extent.bytes;
  } else {
    committed_bytes_ -= extent.bytes;
  }
}

Status Allocation::commit(std::vector<size_t>* fresh) {
  std::vector<size_t> taken;
  Status done = contain([&] { return take_missing(taken); });
  if (done.ok()) {
    if (fresh != nullptr) *fresh = std::move(taken);
    return done;
  }
  for (const size_t index : taken) {
    Status undone = contain([&] { return unmap_and_release(extents_[index]); });
    if (!undone.ok()) log(LogLevel::kError, "device", undone.message());
  }
  return done;
}

Status Allocation::take_missing(std::vector<size_t>& taken) {
  taken.reserve(extents_.size());
  for (size_t index = 0; index < extents_.size(); ++index) {
    Extent& extent = extents_[index];
    if (extent.usable) continue;
    // Listed first: should it fail half-way, what it has got must be given back too.
    taken.push_back(index);
    if (Status there = create_and_map(extent); !there.ok()) return there;
  }
  // One call for each run of neighbours, which is one call in all but for a range that was partly there.
  for (size_t first = 0; first < taken.size();) {
    size_t last = first;
    while (last + 1 < taken.size() && taken[last + 1] == taken[last] + 1) ++last;
    const uint64_t from = extents_[taken[first]].offset;
    const uint64_t to = extents_[taken[last]].offset + extents_[taken[last]].bytes;
    if (Status usable = device_->set_access(address_ + from, to - from); !usable.ok()) return usable;
    for (size_t i = first; i <= last; ++i) mark_usable(extents_[taken[i]], true);
    first = last + 1;
  }
  return Status();
}

Status Allocation::decommit(size_t first, size_t last) {
  // One call for each run of neighbours: each call makes every processor forget the addresses, which is what costs.
  for (size_t at = first; at < last; ++at) {
    if (!extents_[at].mapped) continue;
    size_t end = at + 1;
    while (end < last && extents_[end].mapped) ++end;
    const uint64_t from = extents_[at].offset;
    const uint64_t to = extents_[end - 1].offset + extents_[end - 1].bytes;
    if (Status gone = device_->unmap(address_ + from, to - from); !gone.ok()) return gone;
    for (; at < end; ++at) {
      extents_[at].mapped = false;
      mark_usable(extents_[at], false);
    }
  }
  for (size_t at = first; at < last; ++at) {
    if (Status gone = unmap_and_release(extents_[at]); !gone.ok()) return gone;
  }
  return Status();
}

Status Allocation::create_and_map(Extent& extent) {
  if (extent.physical == 0) {
    Result<PhysicalId> physical = device_->create(extent.bytes);
    if (!physical.ok()) return physical.status();
    extent.physical = *physical;
  }
  if (extent.mapped) return Status();
  if (Status mapped = device_->map(address_ + extent.offset, extent.bytes, extent.physical); !mapped.ok()) {
    return mapped;
  }
  extent.mapped = true;
  return Status();
}

Status Allocation::unmap_and_release(Extent& extent) {
  if (extent.mapped) {
    if (Status gone = device_->unmap(address_ + extent.offset, extent.bytes); !gone.ok()) return gone;
    extent.mapped = false;
    mark_usable(extent, false);
  }
  if (extent.physical != 0) {
    if (Status gone = device_->release(extent.physical); !gone.ok()) return gone;
    extent.physical = 0;
  }
  return Status();
}

}  // namespace windlass
