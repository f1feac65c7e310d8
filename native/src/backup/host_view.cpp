#include "backup/host_view.hpp"

#include "base/bytes.hpp"
#include "base/text.hpp"
#include "memory/copy.hpp"

namespace windlass {

namespace {

Status cannot(const char* verb) {
  return Status::error(Code::kUnsupported, text("host memory: cannot ", verb, "; it is only copied from and to"));
}

}  // namespace

Status HostView::check(uint64_t address, uint64_t bytes) const {
  if (address >= this->address() && in_range(address - this->address(), bytes, memory_.size())) return Status();
  return Status::error(Code::kInvalidArgument,
                       text("host memory: ", bytes, " bytes at ", hex_text(address), " are not within the ",
                            memory_.size(), " bytes at ", hex_text(this->address())));
}

Status HostView::copy_in(uint64_t target_address, const void* source, uint64_t bytes) {
  if (Status within = check(target_address, bytes); !within.ok()) return within;
  copy(reinterpret_cast<void*>(target_address), source, bytes);
  return Status();
}

Status HostView::copy_out(void* target, uint64_t source_address, uint64_t bytes) {
  if (Status within = check(source_address, bytes); !within.ok()) return within;
  copy(target, reinterpret_cast<const void*>(source_address), bytes);
  return Status();
}

Result<Hash128> HostView::copy_in_hashed(uint64_t target_address, const void* source, uint64_t bytes) {
  if (Status within = check(target_address, bytes); !within.ok()) return within;
  return copy_hashed(reinterpret_cast<void*>(target_address), source, bytes);
}

Result<Hash128> HostView::copy_out_hashed(void* target, uint64_t source_address, uint64_t bytes) {
  if (Status within = check(source_address, bytes); !within.ok()) return within;
  return copy_hashed(target, reinterpret_cast<const void*>(source_address), bytes);
}

Result<DeviceMemory> HostView::memory() const { return cannot("tell how much of it there is"); }
Result<uint64_t> HostView::reserve(uint64_t /*bytes*/) { return cannot("reserve addresses"); }
Status HostView::unreserve(uint64_t /*address*/, uint64_t /*bytes*/) { return cannot("give addresses back"); }
Result<PhysicalId> HostView::create(uint64_t /*bytes*/) { return cannot("create memory"); }
Status HostView::release(PhysicalId /*physical*/) { return cannot("release memory"); }
Status HostView::map(uint64_t /*address*/, uint64_t /*bytes*/, PhysicalId /*physical*/) { return cannot("map"); }
Status HostView::unmap(uint64_t /*address*/, uint64_t /*bytes*/) { return cannot("unmap"); }
Status HostView::set_access(uint64_t /*address*/, uint64_t /*bytes*/) { return cannot("set access"); }
Result<uint64_t> HostView::resident_bytes(uint64_t /*address*/, uint64_t /*bytes*/) const {
  return cannot("count pages");
}

}  // namespace windlass
