#include "device/cuda/cuda_pinned.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/contain.hpp"
#include "base/text.hpp"

namespace windlass {

namespace {

// Bytes from address on, up to bytes, within [start, start + size).
uint64_t within(uint64_t address, uint64_t bytes, uint64_t start, uint64_t size) noexcept {
  return address >= start && address - start < size ? std::min(bytes, size - (address - start)) : 0;
}

}  // namespace

CudaPinned::~CudaPinned() {
  for (const auto& [address, pin] : pins_) unregister(pin.chunks);
}

Status CudaPinned::pin(uint64_t address, uint64_t bytes) {
  if (address == 0 || bytes == 0) {
    return Status::error(Code::kInvalidArgument,
                         text(context_.name(), ": cannot pin ", bytes, " bytes at ", hex_text(address)));
  }
  {
    const std::lock_guard lock(mutex_);
    const auto known = pins_.find(address);
    if (known != pins_.end() && known->second.bytes == bytes) {
      ++known->second.count;
      return Status();
    }
    if (known != pins_.end()) {
      return Status::error(Code::kInvalidArgument,
                           text(context_.name(), ": ", known->second.bytes, " bytes at ", hex_text(address),
                                " are pinned already, not ", bytes, "; unpin them first"));
    }
  }
  Result<std::vector<Chunk>> chunks = register_chunks(address, bytes);
  if (!chunks.ok()) return chunks.status();
  Status kept = contain([&] {
    const std::lock_guard lock(mutex_);
    // All that may need memory comes first, so that a failure leaves nothing half done.
    std::map<uint64_t, uint64_t> ours;
    for (const Chunk& chunk : *chunks) {
      if (chunk.ours) ours.emplace(chunk.address, chunk.bytes);
    }
    pins_.emplace(address, Pin{bytes, 1, *chunks});
    ours_.merge(ours);
    return Status();
  });
  if (!kept.ok()) unregister(*chunks);
  return kept;
}

Status CudaPinned::unpin(uint64_t address, uint64_t bytes) {
  std::map<uint64_t, Pin>::node_type gone;
  {
    const std::lock_guard lock(mutex_);
    const auto known = pins_.find(address);
    if (known == pins_.end() || known->second.bytes != bytes) {
      return Status::error(Code::kInvalidArgument, text(context_.name(), ": cannot unpin ", bytes, " bytes at ",
                                                        hex_text(address), ": no such range was pinned"));
    }
    if (--known->second.count != 0) return Status();
    for (const Chunk& chunk : known->second.chunks) {
      if (chunk.ours) ours_.erase(chunk.address);
    }
    gone = pins_.extract(known);
  }
  unregister(gone.mapped().chunks);
  return context_.lost();
}

uint64_t CudaPinned::registered_bytes(uint64_t address, uint64_t bytes) const {
  {
    const std::lock_guard lock(mutex_);
    const auto after = ours_.upper_bound(address);
    if (after != ours_.begin()) {
      const auto& [start, size] = *std::prev(after);
      if (const uint64_t known = within(address, bytes, start, size); known != 0) return known;
    }
  }
  return foreign_bytes(address, bytes);
}

Result<std::vector<CudaPinned::Chunk>> CudaPinned::register_chunks(uint64_t address, uint64_t bytes) {
  std::vector<Chunk> chunks;
  chunks.reserve(bytes / chunk_bytes_ + 1);
  for (uint64_t offset = 0; offset < bytes; offset += chunk_bytes_) {
    Chunk chunk{address + offset, std::min(chunk_bytes_, bytes - offset), true};
    Status registered = context_.run("cuMemHostRegister", [&] {
      void* const memory = reinterpret_cast<void*>(chunk.address);
      const cuda::Code code = context_.functions().mem_host_register(memory, chunk.bytes, cuda::kHostRegisterPortable);
      if (code != cuda::Code::kHostMemoryAlreadyRegistered) return code;
      chunk.ours = false;
      return cuda::Code::kSuccess;
    });
    if (!registered.ok()) {
      unregister(chunks);
      return registered;
    }
    chunks.push_back(chunk);
  }
  return chunks;
}

void CudaPinned::unregister(const std::vector<Chunk>& chunks) noexcept {
  for (const Chunk& chunk : chunks) {
    if (!chunk.ours) continue;
    context_.give_up("cuMemHostUnregister",
                     [&] { return context_.functions().mem_host_unregister(reinterpret_cast<void*>(chunk.address)); });
  }
}

uint64_t CudaPinned::foreign_bytes(uint64_t address, uint64_t bytes) const noexcept {
  // An address that the driver does not know is an error to it, and to us just pageable memory.
  const auto ask = [&](auto& value, cuda::PointerAttribute attribute) {
    return context_.functions().pointer_get_attribute(&value, attribute, address) == cuda::Code::kSuccess;
  };
  uint32_t type = 0;
  if (!ask(type, cuda::PointerAttribute::kMemoryType) || type != cuda::kMemoryTypeHost) return 0;
  cuda::Address start = 0;
  size_t size = 0;
  const bool known = ask(start, cuda::PointerAttribute::kRangeStart) && ask(size, cuda::PointerAttribute::kRangeBytes);
  return known ? within(address, bytes, start, size) : 0;
}

}  // namespace windlass
