// How an emulated device shares its pieces.

#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

#include "base/bytes.hpp"
#include "base/contain.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "device/emulated/emulated_device.hpp"
#include "memory/machine_memory.hpp"

namespace windlass {

namespace {

// One worker's share of populating: large enough to amortise the call, small enough to spread evenly.
constexpr uint64_t kPopulateStepBytes = 32 * kMiB;

// A piece that is to be put behind its addresses. It keeps the pages.
struct Placing {
  std::shared_ptr<const SharedPages> pages;
  std::byte* address = nullptr;
  bool fresh = false;  // nobody can have put bytes into them yet
};

Status place(const std::vector<Placing>& placings, WorkerPool& workers) {
  struct Step {
    const Placing* placing;
    uint64_t offset;
  };
  std::vector<Step> steps;
  for (const Placing& each : placings) {
    if (Status mapped = each.pages->map_at(each.address); !mapped.ok()) return mapped;
    for (uint64_t offset = 0; offset < each.pages->bytes(); offset += kPopulateStepBytes) {
      steps.push_back({&each, offset});
    }
  }
  return workers.run(steps.size(), [&](uint64_t index) {
    const auto& [placing, offset] = steps[index];
    const uint64_t bytes = std::min(kPopulateStepBytes, placing->pages->bytes() - offset);
    return placing->pages->populate(placing->address, offset, bytes);
  });
}

}  // namespace

Status EmulatedDevice::check_shareable(const char* verb) const {
  if (shareable_) return Status();
  return Status::error(Code::kUnsupported,
                       text(name(), " cannot ", verb, " memory, because its pieces are private; open it as shareable"));
}

Result<int> EmulatedDevice::export_memory(PhysicalId physical) {
  if (Status able = check_shareable("export"); !able.ok()) return able;
  const std::lock_guard lock(mutex_);
  const auto piece = pieces_.find(physical);
  if (piece == pieces_.end()) {
    return Status::error(Code::kInvalidArgument, text("emulated device: physical memory ", physical,
                                                      " is not of this device, so it cannot be exported"));
  }
  Result<int> shared = piece->second.pages->share();
  if (shared.ok()) piece->second.exported = true;
  return shared;
}

Result<PhysicalId> EmulatedDevice::import_memory(int descriptor, uint64_t bytes) {
  if (Status able = check_shareable("import"); !able.ok()) return able;
  if (bytes == 0 || bytes % kHugePageBytes != 0) {
    return Status::error(Code::kInvalidArgument, text("emulated device: physical memory comes in multiples of ",
                                                      bytes_text(kHugePageBytes), ", not ", bytes, " bytes"));
  }
  Result<std::shared_ptr<SharedPages>> pages = SharedPages::adopt(descriptor, bytes);
  if (!pages.ok()) return pages.status().with_prefix("emulated device");
  const std::lock_guard lock(mutex_);
  const PhysicalId id = last_id_ + 1;
  pieces_.emplace(id, Piece{bytes, 0, *std::move(pages)});
  last_id_ = id;
  return id;
}

Status EmulatedDevice::give_access_shared(HostRange& range, uint64_t address, uint64_t bytes) {
  std::vector<Placing> placings;
  uint64_t missing_bytes = 0;
  {
    const std::lock_guard lock(mutex_);
    const auto last = mapped_.lower_bound(address + bytes);
    for (auto at = mapped_.find(address); at != last; ++at) {
      const Piece& piece = *at->second;
      if (piece.accessible) continue;
      const bool missing = !piece.populated && !piece.pages->adopted();
      placings.push_back({piece.pages, reinterpret_cast<std::byte*>(at->first), missing && !piece.exported});
      if (missing) missing_bytes += piece.bytes;
    }
  }
  if (missing_bytes != 0) {
    if (Status enough = check_machine_memory(missing_bytes, "shared memory"); !enough.ok()) return enough;
  }
  Status placed = contain([&] { return place(placings, workers_); });
  if (!placed.ok()) {
    for (const Placing& each : placings) {
      Status undone = contain(
          [&] { return range.release(static_cast<uint64_t>(each.address - range.address()), each.pages->bytes()); });
      if (!undone.ok()) log(LogLevel::kError, "device", undone.message());
      if (each.fresh) each.pages->discard();
    }
    return placed;
  }
  const std::lock_guard lock(mutex_);
  const auto last = mapped_.lower_bound(address + bytes);
  for (auto at = mapped_.find(address); at != last; ++at) {
    at->second->accessible = true;
    at->second->populated = true;
  }
  return Status();
}

}  // namespace windlass
