// The fake driver's virtual memory management: addresses, physical memory, mappings, sharing.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <iterator>

#include "fake_call.hpp"

namespace {

using fake_cuda::call;
using fake_cuda::Code;
using fake_cuda::kGranularityBytes;
using fake_cuda::Mapping;
using fake_cuda::Needs;
using fake_cuda::Physical;
using fake_cuda::State;
using windlass::cuda::AccessDescription;
using windlass::cuda::Address;
using windlass::cuda::AllocationProperties;
using windlass::cuda::MemoryHandle;

using Lock = std::unique_lock<std::mutex>;

bool is_unit(uint64_t bytes) { return bytes != 0 && bytes % kGranularityBytes == 0; }

std::pair<uint64_t, uint64_t> file_of(int descriptor) {
  struct stat found {};
  if (fstat(descriptor, &found) != 0) return {0, 0};
  return {found.st_dev, found.st_ino};
}

// Whether some piece reaches into the range.
bool any_mapping(State& now, Address address, uint64_t bytes) {
  if (fake_cuda::mapping_at(now, address) != nullptr) return true;
  const auto next = now.mappings.lower_bound(address);
  return next != now.mappings.end() && next->first - address < bytes;
}

bool inside_reservation(const State& now, Address address, uint64_t bytes) {
  const auto after = now.reservations.upper_bound(address);
  if (after == now.reservations.begin()) return false;
  const auto& [start, size] = *std::prev(after);
  return address - start <= size && bytes <= size - (address - start);
}

// Whether the range is made of whole pieces.
bool whole_mappings(State& now, Address address, uint64_t bytes) {
  uint64_t covered = 0;
  for (auto piece = now.mappings.find(address);
       piece != now.mappings.end() && piece->first == address + covered && covered < bytes; ++piece) {
    covered += piece->second.bytes;
  }
  return covered == bytes && bytes != 0;
}

void note_running_work(State& now, Address address, uint64_t bytes, const char* what) {
  for (const auto& stream : now.streams) {
    for (const auto& job : stream->jobs) {
      if (job.device_address < address + bytes && address < job.device_address + job.bytes) {
        now.violations += std::string(what) + " while work on it is not finished\n";
      }
    }
  }
}

bool take_handle(State& now, MemoryHandle* handle, std::shared_ptr<Physical> physical) {
  now.files[file_of(physical->descriptor)] = physical;
  *handle = ++now.last_handle;
  now.handles[*handle] = {std::move(physical)};
  return true;
}

}  // namespace

FAKE_CUDA_DRIVER cuMemGetInfo_v2(size_t* free_bytes, size_t* total_bytes) {
  return call("cuMemGetInfo_v2", Needs::kContext, [&](State& now, Lock& /*lock*/) {
    *total_bytes = now.gpu_bytes;
    const uint64_t used = fake_cuda::used_bytes(now, fake_cuda::current_context().gpu);
    *free_bytes = used < now.gpu_bytes ? now.gpu_bytes - used : 0;
    return Code::kSuccess;
  });
}

FAKE_CUDA_DRIVER cuMemGetAllocationGranularity(size_t* bytes, const AllocationProperties* properties, int32_t which) {
  return call("cuMemGetAllocationGranularity", Needs::kInit, [&](State& now, Lock& /*lock*/) {
    if (properties->type != 1 || properties->location.id >= now.gpu_count || which < 0 || which > 1) {
      return Code::kInvalidValue;
    }
    *bytes = kGranularityBytes;
    return Code::kSuccess;
  });
}

FAKE_CUDA_DRIVER cuMemAddressReserve(Address* address, size_t bytes, size_t alignment, Address wish,
                                     unsigned long long flags) {
  return call("cuMemAddressReserve", Needs::kContext, [&](State& now, Lock& /*lock*/) {
    if (!is_unit(bytes) || alignment > kGranularityBytes || wish != 0 || flags != 0) return Code::kInvalidValue;
    // More than is needed, so that an aligned part can be cut out of it.
    const size_t wide = bytes + kGranularityBytes;
    void* const taken = mmap(nullptr, wide, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (taken == MAP_FAILED) return Code::kOutOfMemory;
    const auto start = reinterpret_cast<uint64_t>(taken);
    const uint64_t aligned = (start + kGranularityBytes - 1) / kGranularityBytes * kGranularityBytes;
    if (aligned != start) munmap(taken, aligned - start);
    if (const uint64_t rest = start + wide - aligned - bytes; rest != 0) {
      munmap(reinterpret_cast<void*>(aligned + bytes), rest);
    }
    now.reservations.emplace(aligned, bytes);
    *address = aligned;
    return Code::kSuccess;
  });
}

FAKE_CUDA_DRIVER cuMemAddressFree(Address address, size_t bytes) {
  return call("cuMemAddressFree", Needs::kContext, [&](State& now, Lock& /*lock*/) {
    const auto found = now.reservations.find(address);
    if (found == now.reservations.end() || found->second != bytes) return Code::kInvalidValue;
    if (any_mapping(now, address, bytes)) {
      now.violations += "cuMemAddressFree of addresses with memory behind them\n";
      return Code::kInvalidValue;
    }
    munmap(reinterpret_cast<void*>(address), bytes);
    now.reservations.erase(found);
    return Code::kSuccess;
  });
}

FAKE_CUDA_DRIVER cuMemCreate(MemoryHandle* handle, size_t bytes, const AllocationProperties* properties,
                             unsigned long long flags) {
  return call("cuMemCreate", Needs::kContext, [&](State& now, Lock& /*lock*/) {
    if (!is_unit(bytes) || flags != 0 || properties->type != 1 || properties->location.type != 1) {
      return Code::kInvalidValue;
    }
    const int32_t gpu = properties->location.id;
    if (gpu < 0 || gpu >= now.gpu_count) return Code::kInvalidDevice;
    const uint64_t used = fake_cuda::used_bytes(now, gpu);
    if (used > now.gpu_bytes || bytes > now.gpu_bytes - used) return Code::kOutOfMemory;
    const int descriptor = memfd_create("fake-cuda", MFD_CLOEXEC);
    if (descriptor < 0) return Code::kOutOfMemory;
    if (ftruncate(descriptor, static_cast<off_t>(bytes)) != 0) {
      close(descriptor);
      return Code::kOutOfMemory;
    }
    auto physical = std::make_shared<Physical>(descriptor, bytes, gpu);
    if (physical->window == nullptr) return Code::kOutOfMemory;
    // A GPU does not clear what it gives.
    std::memset(physical->window, 0xCD, bytes);
    physical->rdma = properties->flags.gpu_direct_rdma_capable != 0;
    physical->exportable = properties->requested_handle_types == windlass::cuda::kHandlePosixFileDescriptor;
    take_handle(now, handle, std::move(physical));
    return Code::kSuccess;
  });
}

FAKE_CUDA_DRIVER cuMemRelease(MemoryHandle handle) {
  return call("cuMemRelease", Needs::kContext, [&](State& now, Lock& /*lock*/) {
    return now.handles.erase(handle) == 1 ? Code::kSuccess : Code::kInvalidValue;
  });
}

FAKE_CUDA_DRIVER cuMemMap(Address address, size_t bytes, size_t offset, MemoryHandle handle, unsigned long long flags) {
  return call("cuMemMap", Needs::kContext, [&](State& now, Lock& /*lock*/) {
    const auto found = now.handles.find(handle);
    if (found == now.handles.end() || offset != 0 || flags != 0) return Code::kInvalidValue;
    if (address % kGranularityBytes != 0 || bytes != found->second.physical->bytes) return Code::kInvalidValue;
    if (!inside_reservation(now, address, bytes) || any_mapping(now, address, bytes)) return Code::kInvalidValue;
    now.mappings.emplace(address, Mapping{bytes, found->second.physical, {}});
    return Code::kSuccess;
  });
}

FAKE_CUDA_DRIVER cuMemUnmap(Address address, size_t bytes) {
  return call("cuMemUnmap", Needs::kContext, [&](State& now, Lock& /*lock*/) {
    if (!whole_mappings(now, address, bytes)) return Code::kInvalidValue;
    note_running_work(now, address, bytes, "cuMemUnmap of memory");
    now.mappings.erase(now.mappings.find(address), now.mappings.lower_bound(address + bytes));
    return Code::kSuccess;
  });
}

FAKE_CUDA_DRIVER cuMemSetAccess(Address address, size_t bytes, const AccessDescription* who, size_t count) {
  return call("cuMemSetAccess", Needs::kContext, [&](State& now, Lock& /*lock*/) {
    if (!whole_mappings(now, address, bytes) || count == 0) return Code::kInvalidValue;
    for (size_t index = 0; index < count; ++index) {
      const auto& [location, flags] = who[index];
      const bool known = flags == windlass::cuda::kAccessNone || flags == windlass::cuda::kAccessReadWrite;
      if (!known || location.type != 1 || location.id < 0 || location.id >= now.gpu_count) return Code::kInvalidValue;
      const bool own = location.id == now.mappings.find(address)->second.physical->gpu;
      if (!own && !now.peer_access) return Code::kNotSupported;
    }
    const auto last = now.mappings.lower_bound(address + bytes);
    for (auto piece = now.mappings.find(address); piece != last; ++piece) {
      for (size_t index = 0; index < count; ++index) {
        piece->second.access.erase(who[index].location.id);
        if (who[index].flags != windlass::cuda::kAccessNone) piece->second.access.insert(who[index].location.id);
      }
    }
    return Code::kSuccess;
  });
}

FAKE_CUDA_DRIVER cuMemExportToShareableHandle(void* shareable, MemoryHandle handle, int32_t type,
                                              unsigned long long flags) {
  return call("cuMemExportToShareableHandle", Needs::kContext, [&](State& now, Lock& /*lock*/) {
    const auto found = now.handles.find(handle);
    if (found == now.handles.end() || type != windlass::cuda::kHandlePosixFileDescriptor || flags != 0) {
      return Code::kInvalidValue;
    }
    if (!found->second.physical->exportable) return Code::kNotSupported;
    const int descriptor = dup(found->second.physical->descriptor);
    if (descriptor < 0) return Code::kUnknown;
    std::memcpy(shareable, &descriptor, sizeof descriptor);
    return Code::kSuccess;
  });
}

// A dma-buf here is the file behind the first of the range's pieces.
FAKE_CUDA_DRIVER cuMemGetHandleForAddressRange(void* handle, Address address, size_t bytes, int32_t type,
                                               unsigned long long flags) {
  return call("cuMemGetHandleForAddressRange", Needs::kContext, [&](State& now, Lock& /*lock*/) {
    constexpr uint64_t kPageBytes = 4096;
    if (type != windlass::cuda::kRangeHandleDmaBuf || flags != 0) return Code::kInvalidValue;
    if (address % kPageBytes != 0 || bytes % kPageBytes != 0 || bytes == 0) return Code::kInvalidValue;
    for (uint64_t at = address; at < address + bytes; at += kPageBytes) {
      const auto* const piece = fake_cuda::mapping_at(now, at);
      if (piece == nullptr) return Code::kInvalidValue;
      if (!piece->second.physical->rdma) return Code::kNotSupported;
    }
    const int descriptor = dup(fake_cuda::mapping_at(now, address)->second.physical->descriptor);
    if (descriptor < 0) return Code::kUnknown;
    std::memcpy(handle, &descriptor, sizeof descriptor);
    return Code::kSuccess;
  });
}

FAKE_CUDA_DRIVER cuMemImportFromShareableHandle(MemoryHandle* handle, void* shareable, int32_t type) {
  return call("cuMemImportFromShareableHandle", Needs::kContext, [&](State& now, Lock& /*lock*/) {
    const int named = static_cast<int>(reinterpret_cast<intptr_t>(shareable));
    struct stat found {};
    if (type != windlass::cuda::kHandlePosixFileDescriptor || fstat(named, &found) != 0) return Code::kInvalidValue;
    const auto bytes = static_cast<uint64_t>(found.st_size);
    if (!S_ISREG(found.st_mode) || !is_unit(bytes)) return Code::kInvalidValue;
    const auto known = now.files.find(file_of(named));
    std::shared_ptr<Physical> physical = known != now.files.end() ? known->second.lock() : nullptr;
    if (physical == nullptr) {
      const int descriptor = fcntl(named, F_DUPFD_CLOEXEC, 0);
      if (descriptor < 0) return Code::kUnknown;
      physical = std::make_shared<Physical>(descriptor, bytes, fake_cuda::current_context().gpu);
      if (physical->window == nullptr) return Code::kOutOfMemory;
      physical->exportable = true;
    }
    take_handle(now, handle, std::move(physical));
    return Code::kSuccess;
  });
}
