#include "device/page_export.hpp"

#include <unistd.h>

#include <mutex>
#include <string>
#include <string_view>
#include <utility>

#include "base/owned_descriptor.hpp"
#include "base/text.hpp"

namespace windlass {

namespace {

Status stale(uint64_t allocation_id, uint64_t generation) {
  return Status::error(Code::kState, text("export of allocation ", allocation_id, ": generation ", generation,
                                          " is stale, because its pages went, or were about to; export the region ",
                                          "again once it is active"));
}

}  // namespace

// What the record knows of an export: it has the descriptors, and closes them when it is told.
class PageExport::Watcher final : public PageObserver {
 public:
  std::string_view name() const noexcept override { return "an export"; }

  Status before_release(const Pages& /*pages*/) override {
    std::vector<OwnedDescriptor> closed;
    const std::lock_guard lock(mutex_);
    stale_ = true;
    closed.swap(descriptors_);
    return Status();
  }

  void after_return(const Pages& /*pages*/) noexcept override {}

  // False where the pages went meanwhile.
  bool add(OwnedDescriptor descriptor) {
    const std::lock_guard lock(mutex_);
    if (stale_) return false;
    descriptors_.push_back(std::move(descriptor));
    return true;
  }

  bool is_stale() const {
    const std::lock_guard lock(mutex_);
    return stale_;
  }

  // A copy of a descriptor; an invalid one where it is stale.
  Result<OwnedDescriptor> copy_of(size_t index) const {
    const std::lock_guard lock(mutex_);
    if (stale_) return OwnedDescriptor();
    return OwnedDescriptor::duplicate_of(descriptors_[index].number());
  }

 private:
  mutable std::mutex mutex_;
  std::vector<OwnedDescriptor> descriptors_;
  bool stale_ = false;
};

PageExport::PageExport(std::shared_ptr<AllocationRecord> record, std::shared_ptr<Watcher> watcher) noexcept
    : record_(std::move(record)), watcher_(std::move(watcher)) {}

// The watcher stays with the record only as long as somebody has the export.
PageExport::~PageExport() { record_->detach(watcher_.get()); }

Result<std::shared_ptr<PageExport>> PageExport::open(Allocation& allocation) {
  Device& device = allocation.device();
  Result<std::shared_ptr<AllocationRecord>> record =
      device.allocations().find(allocation.address(), allocation.bytes());
  if (!record.ok()) return record.status();
  auto opened = std::make_shared<PageExport>(*record, std::make_shared<Watcher>());
  opened->pieces_.reserve(allocation.extents().size());
  // It watches before it has anything, so that no descriptor outlives its pages unseen.
  Result<Pages> pages = (*record)->attach(opened->watcher_);
  if (!pages.ok()) return pages.status();
  for (const Allocation::Extent& extent : allocation.extents()) {
    if (!extent.usable) {
      return Status::error(Code::kState,
                           text("export of allocation ", pages->allocation_id, ": the ", bytes_text(extent.bytes),
                                " at offset ", extent.offset, " have no memory; resume the region first"));
    }
    Result<int> descriptor = device.export_memory(extent.physical);
    if (!descriptor.ok()) {
      return descriptor.status().with_prefix(text("export of allocation ", pages->allocation_id));
    }
    if (!opened->watcher_->add(OwnedDescriptor(*descriptor))) return stale(pages->allocation_id, pages->generation);
    opened->pieces_.push_back({extent.offset, extent.bytes});
  }
  opened->name_ = {pages->allocation_id,
                   pages->generation,
                   device.allocations().nonce(),
                   allocation.bytes(),
                   static_cast<uint32_t>(getpid()),
                   static_cast<uint32_t>(opened->pieces_.size())};
  return opened;
}

Result<int> PageExport::descriptor(size_t index) const {
  if (index >= pieces_.size()) {
    return Status::error(Code::kInvalidArgument, text("export of allocation ", name_.allocation_id, ": piece ", index,
                                                      " asked for, but there are ", pieces_.size()));
  }
  Result<OwnedDescriptor> copy = watcher_->copy_of(index);
  if (!copy.ok()) return copy.status().with_prefix(text("export of allocation ", name_.allocation_id));
  if (!copy->valid()) return stale(name_.allocation_id, name_.generation);
  return copy->take();
}

Status PageExport::check() const {
  if (watcher_->is_stale()) return stale(name_.allocation_id, name_.generation);
  return record_->check(name_.generation);
}

Status PageExport::matches(const ExportDescriptor& name) const {
  if (name.owner_nonce != name_.owner_nonce || name.owner_pid != name_.owner_pid) {
    return Status::error(Code::kNotFound, text("export descriptor of allocation ", name.allocation_id, " of process ",
                                               name.owner_pid, " is none of this device of process ", name_.owner_pid,
                                               "; ask the process that made it"));
  }
  if (name.allocation_id != name_.allocation_id) {
    return Status::error(Code::kNotFound, text("export descriptor of allocation ", name.allocation_id,
                                               " does not name these pages, which are of allocation ",
                                               name_.allocation_id, "; compare it with that allocation's export"));
  }
  if (name.generation != name_.generation) {
    return Status::error(Code::kState, text("export descriptor of allocation ", name.allocation_id, ": generation ",
                                            name.generation, " is not generation ", name_.generation,
                                            ", which was exported here; it is stale, so get a new descriptor"));
  }
  if (name != name_) {
    return Status::error(Code::kInvalidArgument,
                         text("export descriptor of allocation ", name.allocation_id, " says ", name.pieces,
                              " pieces of ", name.bytes, " bytes in all, but there are ", name_.pieces, " of ",
                              name_.bytes, "; it was damaged on its way, so get a new one"));
  }
  return check();
}

}  // namespace windlass
