#include "device/device.hpp"

#include "base/text.hpp"

namespace windlass {

namespace {

Status cannot_share(const Device& device) {
  return Status::error(Code::kUnsupported, text(device.name(), " cannot share its memory with another process"));
}

}  // namespace

std::shared_ptr<WorkerPool> Device::helpers() {
  const std::lock_guard lock(helpers_mutex_);
  if (helpers_ == nullptr) helpers_ = std::make_shared<WorkerPool>(WorkerPool::default_thread_count());
  return helpers_;
}

std::shared_ptr<ChunkWorkers> Device::chunk_workers() {
  const std::lock_guard lock(helpers_mutex_);
  if (chunk_workers_ == nullptr) {
    chunk_workers_ = std::make_shared<ChunkWorkers>(WorkerPool::default_thread_count(), kDefaultChunkBytes);
  }
  return chunk_workers_;
}

Result<Hash128> Device::copy_in_hashed(uint64_t target_address, const void* source, uint64_t bytes) {
  Status copied = copy_in(target_address, source, bytes);
  if (!copied.ok()) return copied;
  return hash(source, bytes);
}

Result<Hash128> Device::copy_out_hashed(void* target, uint64_t source_address, uint64_t bytes) {
  Status copied = copy_out(target, source_address, bytes);
  if (!copied.ok()) return copied;
  return hash(target, bytes);
}

Status Device::pin_host(void* /*address*/, uint64_t /*bytes*/) { return Status(); }

Status Device::unpin_host(void* /*address*/, uint64_t /*bytes*/) { return Status(); }

Result<int> Device::export_memory(PhysicalId /*physical*/) { return cannot_share(*this); }

Result<int> Device::export_dmabuf(uint64_t /*address*/, uint64_t /*bytes*/) { return Device::gives_dmabuf(); }

Status Device::gives_dmabuf() const {
  return Status::error(Code::kUnsupported, text(name(), " has no memory that other devices reach by dma-buf"));
}

Result<PhysicalId> Device::import_memory(int /*descriptor*/, uint64_t /*bytes*/) { return cannot_share(*this); }

}  // namespace windlass
