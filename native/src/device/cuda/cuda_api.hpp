// The part of the CUDA driver's API that Windlass calls: types, constants and functions, declared here so that no
// toolkit is needed to build. The tests compare every number and layout with cuda.h where there is one.
#pragma once

#include <cstddef>
#include <cstdint>

namespace windlass::cuda {

// What a call returns, CUresult there.
enum class Code : int32_t {
  kSuccess = 0,
  kInvalidValue = 1,
  kOutOfMemory = 2,
  kNotInitialized = 3,
  kDeinitialized = 4,
  kNoDevice = 100,
  kInvalidDevice = 101,
  kInvalidContext = 201,
  kEccUncorrectable = 214,
  kNvlinkUncorrectable = 220,
  kContained = 226,
  kInvalidHandle = 400,
  kNotReady = 600,
  kIllegalAddress = 700,
  kLaunchTimeout = 702,
  kContextIsDestroyed = 709,
  kAssert = 710,
  kHostMemoryAlreadyRegistered = 712,
  kHostMemoryNotRegistered = 713,
  kHardwareStackError = 714,
  kIllegalInstruction = 715,
  kMisalignedAddress = 716,
  kInvalidAddressSpace = 717,
  kInvalidPc = 718,
  kLaunchFailed = 719,
  kTensorMemoryLeak = 721,
  kNotPermitted = 800,
  kNotSupported = 801,
  kExternalDevice = 911,
  kUnknown = 999,
};

using Gpu = int32_t;            // CUdevice: the ordinal
using Address = uint64_t;       // CUdeviceptr
using MemoryHandle = uint64_t;  // CUmemGenericAllocationHandle
struct ContextObject;           // these three are only ever pointed to
struct StreamObject;
struct EventObject;
using Context = ContextObject*;
using Stream = StreamObject*;
using Event = EventObject*;

// CUdevice_attribute.
enum class Attribute : int32_t {
  kComputeCapabilityMajor = 75,
  kComputeCapabilityMinor = 76,
  kVirtualMemoryManagementSupported = 102,
  kPosixFileDescriptorSupported = 103,
  kGpuDirectRdmaWithVmmSupported = 110,
  kDmaBufSupported = 124,
};

// CUpointer_attribute, with the type of what it gives.
enum class PointerAttribute : int32_t {
  kMemoryType = 2,   // uint32_t
  kRangeStart = 11,  // Address
  kRangeBytes = 12,  // size_t
};
inline constexpr uint32_t kMemoryTypeHost = 1;

// CUmemAllocationType, CUmemAllocationHandleType, CUmemLocationType, CUmemAccess_flags.
inline constexpr int32_t kAllocationPinned = 1;
inline constexpr int32_t kHandleNone = 0;
inline constexpr int32_t kHandlePosixFileDescriptor = 1;
inline constexpr int32_t kLocationDevice = 1;
inline constexpr int32_t kAccessNone = 0;
inline constexpr int32_t kAccessReadWrite = 3;

// CUmemRangeHandleType.
inline constexpr int32_t kRangeHandleDmaBuf = 1;

// CUmemAllocationGranularity_flags.
inline constexpr int32_t kGranularityMinimum = 0;
inline constexpr int32_t kGranularityRecommended = 1;

inline constexpr uint32_t kStreamNonBlocking = 1;
inline constexpr uint32_t kEventBlockingSync = 1;
inline constexpr uint32_t kEventDisableTiming = 2;
inline constexpr uint32_t kHostRegisterPortable = 1;

// CUmemLocation.
struct Location {
  int32_t type = 0;
  int32_t id = 0;
};

// CUmemAccessDesc.
struct AccessDescription {
  Location location;
  int32_t flags = 0;
};

// CUmemAllocationProp.
struct AllocationProperties {
  int32_t type = 0;
  int32_t requested_handle_types = 0;
  Location location;
  void* windows_metadata = nullptr;
  struct Flags {
    uint8_t compression_type = 0;
    uint8_t gpu_direct_rdma_capable = 0;
    uint16_t usage = 0;
    uint8_t reserved[4] = {};
  };
  Flags flags;
};

// The functions, each under the name without its prefix and version. cuda_driver.cpp has the names they are found by.
struct Functions {
  Code (*init)(uint32_t flags) = nullptr;
  Code (*driver_get_version)(int32_t* version) = nullptr;
  Code (*get_error_name)(Code code, const char** name) = nullptr;
  Code (*get_error_string)(Code code, const char** description) = nullptr;

  Code (*device_get)(Gpu* gpu, int32_t ordinal) = nullptr;
  Code (*device_get_count)(int32_t* count) = nullptr;
  Code (*device_get_name)(char* name, int32_t bytes, Gpu gpu) = nullptr;
  Code (*device_total_mem)(size_t* bytes, Gpu gpu) = nullptr;
  Code (*device_get_attribute)(int32_t* value, Attribute attribute, Gpu gpu) = nullptr;
  Code (*device_can_access_peer)(int32_t* can, Gpu gpu, Gpu peer) = nullptr;
  Code (*device_primary_ctx_retain)(Context* context, Gpu gpu) = nullptr;
  Code (*device_primary_ctx_release)(Gpu gpu) = nullptr;
  Code (*ctx_push_current)(Context context) = nullptr;
  Code (*ctx_pop_current)(Context* context) = nullptr;
  Code (*ctx_get_current)(Context* context) = nullptr;
  Code (*ctx_synchronize)() = nullptr;

  Code (*mem_get_info)(size_t* free_bytes, size_t* total_bytes) = nullptr;
  Code (*mem_get_allocation_granularity)(size_t* bytes, const AllocationProperties* properties,
                                         int32_t which) = nullptr;
  Code (*mem_address_reserve)(Address* address, size_t bytes, size_t alignment, Address wish,
                              unsigned long long flags) = nullptr;
  Code (*mem_address_free)(Address address, size_t bytes) = nullptr;
  Code (*mem_create)(MemoryHandle* handle, size_t bytes, const AllocationProperties* properties,
                     unsigned long long flags) = nullptr;
  Code (*mem_release)(MemoryHandle handle) = nullptr;
  Code (*mem_map)(Address address, size_t bytes, size_t offset, MemoryHandle handle,
                  unsigned long long flags) = nullptr;
  Code (*mem_unmap)(Address address, size_t bytes) = nullptr;
  Code (*mem_set_access)(Address address, size_t bytes, const AccessDescription* who, size_t count) = nullptr;
  Code (*mem_export_to_shareable_handle)(void* shareable, MemoryHandle handle, int32_t type,
                                         unsigned long long flags) = nullptr;
  Code (*mem_import_from_shareable_handle)(MemoryHandle* handle, void* shareable, int32_t type) = nullptr;

  // Null where the driver is older than it.
  Code (*mem_get_handle_for_address_range)(void* handle, Address address, size_t bytes, int32_t type,
                                           unsigned long long flags) = nullptr;

  Code (*memcpy_host_to_device_async)(Address target, const void* source, size_t bytes, Stream stream) = nullptr;
  Code (*memcpy_device_to_host_async)(void* target, Address source, size_t bytes, Stream stream) = nullptr;
  Code (*memset_d8_async)(Address target, unsigned char value, size_t bytes, Stream stream) = nullptr;
  Code (*mem_host_register)(void* address, size_t bytes, uint32_t flags) = nullptr;
  Code (*mem_host_unregister)(void* address) = nullptr;
  Code (*pointer_get_attribute)(void* value, PointerAttribute attribute, Address address) = nullptr;

  Code (*stream_create)(Stream* stream, uint32_t flags) = nullptr;
  Code (*stream_destroy)(Stream stream) = nullptr;
  Code (*stream_synchronize)(Stream stream) = nullptr;
  Code (*event_create)(Event* event, uint32_t flags) = nullptr;
  Code (*event_destroy)(Event event) = nullptr;
  Code (*event_record)(Event event, Stream stream) = nullptr;
  Code (*event_query)(Event event) = nullptr;
  Code (*event_synchronize)(Event event) = nullptr;
};

}  // namespace windlass::cuda
