// Goal: what cuda_api.hpp declares is what the driver takes. Method: every number, size and offset is compared with
// NVIDIA's own header, where this machine has one; a difference does not compile.
#include "device/cuda/cuda_api.hpp"

#include <gtest/gtest.h>

#if __has_include(<cuda.h>)
#include <cuda.h>

#include <cstddef>
#include <string_view>

namespace windlass::cuda {
namespace {

template <typename Ours, typename Theirs>
constexpr bool same(Ours ours, Theirs theirs) {
  return static_cast<int64_t>(ours) == static_cast<int64_t>(theirs);
}

static_assert(sizeof(Code) == sizeof(CUresult));
static_assert(same(Code::kSuccess, CUDA_SUCCESS));
static_assert(same(Code::kInvalidValue, CUDA_ERROR_INVALID_VALUE));
static_assert(same(Code::kOutOfMemory, CUDA_ERROR_OUT_OF_MEMORY));
static_assert(same(Code::kNotInitialized, CUDA_ERROR_NOT_INITIALIZED));
static_assert(same(Code::kDeinitialized, CUDA_ERROR_DEINITIALIZED));
static_assert(same(Code::kNoDevice, CUDA_ERROR_NO_DEVICE));
static_assert(same(Code::kInvalidDevice, CUDA_ERROR_INVALID_DEVICE));
static_assert(same(Code::kInvalidContext, CUDA_ERROR_INVALID_CONTEXT));
static_assert(same(Code::kEccUncorrectable, CUDA_ERROR_ECC_UNCORRECTABLE));
static_assert(same(Code::kNvlinkUncorrectable, CUDA_ERROR_NVLINK_UNCORRECTABLE));
static_assert(same(Code::kInvalidHandle, CUDA_ERROR_INVALID_HANDLE));
static_assert(same(Code::kNotReady, CUDA_ERROR_NOT_READY));
static_assert(same(Code::kIllegalAddress, CUDA_ERROR_ILLEGAL_ADDRESS));
static_assert(same(Code::kLaunchTimeout, CUDA_ERROR_LAUNCH_TIMEOUT));
static_assert(same(Code::kContextIsDestroyed, CUDA_ERROR_CONTEXT_IS_DESTROYED));
static_assert(same(Code::kAssert, CUDA_ERROR_ASSERT));
static_assert(same(Code::kHostMemoryAlreadyRegistered, CUDA_ERROR_HOST_MEMORY_ALREADY_REGISTERED));
static_assert(same(Code::kHostMemoryNotRegistered, CUDA_ERROR_HOST_MEMORY_NOT_REGISTERED));
static_assert(same(Code::kHardwareStackError, CUDA_ERROR_HARDWARE_STACK_ERROR));
static_assert(same(Code::kIllegalInstruction, CUDA_ERROR_ILLEGAL_INSTRUCTION));
static_assert(same(Code::kMisalignedAddress, CUDA_ERROR_MISALIGNED_ADDRESS));
static_assert(same(Code::kInvalidAddressSpace, CUDA_ERROR_INVALID_ADDRESS_SPACE));
static_assert(same(Code::kInvalidPc, CUDA_ERROR_INVALID_PC));
static_assert(same(Code::kLaunchFailed, CUDA_ERROR_LAUNCH_FAILED));
static_assert(same(Code::kNotPermitted, CUDA_ERROR_NOT_PERMITTED));
static_assert(same(Code::kNotSupported, CUDA_ERROR_NOT_SUPPORTED));
static_assert(same(Code::kUnknown, CUDA_ERROR_UNKNOWN));
#if CUDA_VERSION >= 12080
static_assert(same(Code::kContained, CUDA_ERROR_CONTAINED));
static_assert(same(Code::kTensorMemoryLeak, CUDA_ERROR_TENSOR_MEMORY_LEAK));
static_assert(same(Code::kExternalDevice, CUDA_ERROR_EXTERNAL_DEVICE));
#endif

static_assert(sizeof(Gpu) == sizeof(CUdevice));
static_assert(sizeof(Address) == sizeof(CUdeviceptr));
static_assert(sizeof(MemoryHandle) == sizeof(CUmemGenericAllocationHandle));
static_assert(sizeof(Context) == sizeof(CUcontext) && sizeof(Stream) == sizeof(CUstream));
static_assert(sizeof(Event) == sizeof(CUevent));

static_assert(sizeof(Attribute) == sizeof(CUdevice_attribute));
static_assert(same(Attribute::kVirtualMemoryManagementSupported,
                   CU_DEVICE_ATTRIBUTE_VIRTUAL_MEMORY_MANAGEMENT_SUPPORTED));
static_assert(same(Attribute::kPosixFileDescriptorSupported,
                   CU_DEVICE_ATTRIBUTE_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR_SUPPORTED));
static_assert(same(Attribute::kGpuDirectRdmaWithVmmSupported,
                   CU_DEVICE_ATTRIBUTE_GPU_DIRECT_RDMA_WITH_CUDA_VMM_SUPPORTED));
#if CUDA_VERSION >= 11070
static_assert(same(Attribute::kDmaBufSupported, CU_DEVICE_ATTRIBUTE_DMA_BUF_SUPPORTED));
static_assert(same(kRangeHandleDmaBuf, CU_MEM_RANGE_HANDLE_TYPE_DMA_BUF_FD));
#endif
static_assert(same(Attribute::kComputeCapabilityMajor, CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR));
static_assert(same(Attribute::kComputeCapabilityMinor, CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR));
static_assert(sizeof(PointerAttribute) == sizeof(CUpointer_attribute));
static_assert(same(PointerAttribute::kMemoryType, CU_POINTER_ATTRIBUTE_MEMORY_TYPE));
static_assert(same(PointerAttribute::kRangeStart, CU_POINTER_ATTRIBUTE_RANGE_START_ADDR));
static_assert(same(PointerAttribute::kRangeBytes, CU_POINTER_ATTRIBUTE_RANGE_SIZE));
static_assert(same(kMemoryTypeHost, CU_MEMORYTYPE_HOST));

static_assert(same(kAllocationPinned, CU_MEM_ALLOCATION_TYPE_PINNED));
static_assert(same(kHandleNone, CU_MEM_HANDLE_TYPE_NONE));
static_assert(same(kHandlePosixFileDescriptor, CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR));
static_assert(same(kLocationDevice, CU_MEM_LOCATION_TYPE_DEVICE));
static_assert(same(kAccessNone, CU_MEM_ACCESS_FLAGS_PROT_NONE));
static_assert(same(kAccessReadWrite, CU_MEM_ACCESS_FLAGS_PROT_READWRITE));
static_assert(same(kGranularityMinimum, CU_MEM_ALLOC_GRANULARITY_MINIMUM));
static_assert(same(kGranularityRecommended, CU_MEM_ALLOC_GRANULARITY_RECOMMENDED));
static_assert(same(kStreamNonBlocking, CU_STREAM_NON_BLOCKING));
static_assert(same(kEventBlockingSync, CU_EVENT_BLOCKING_SYNC));
static_assert(same(kEventDisableTiming, CU_EVENT_DISABLE_TIMING));
static_assert(same(kHostRegisterPortable, CU_MEMHOSTREGISTER_PORTABLE));

static_assert(sizeof(Location) == sizeof(CUmemLocation));
static_assert(offsetof(Location, type) == offsetof(CUmemLocation, type));
static_assert(offsetof(Location, id) == offsetof(CUmemLocation, id));

static_assert(sizeof(AccessDescription) == sizeof(CUmemAccessDesc));
static_assert(offsetof(AccessDescription, location) == offsetof(CUmemAccessDesc, location));
static_assert(offsetof(AccessDescription, flags) == offsetof(CUmemAccessDesc, flags));

using Theirs = CUmemAllocationProp;
using Flags = AllocationProperties::Flags;
constexpr size_t kFlags = offsetof(AllocationProperties, flags);
static_assert(sizeof(AllocationProperties) == sizeof(Theirs));
static_assert(offsetof(AllocationProperties, type) == offsetof(Theirs, type));
static_assert(offsetof(AllocationProperties, requested_handle_types) == offsetof(Theirs, requestedHandleTypes));
static_assert(offsetof(AllocationProperties, location) == offsetof(Theirs, location));
static_assert(offsetof(AllocationProperties, windows_metadata) == offsetof(Theirs, win32HandleMetaData));
static_assert(kFlags == offsetof(Theirs, allocFlags) && sizeof(Flags) == sizeof(Theirs::allocFlags));
static_assert(kFlags + offsetof(Flags, compression_type) == offsetof(Theirs, allocFlags.compressionType));
static_assert(kFlags + offsetof(Flags, gpu_direct_rdma_capable) == offsetof(Theirs, allocFlags.gpuDirectRDMACapable));
static_assert(kFlags + offsetof(Flags, usage) == offsetof(Theirs, allocFlags.usage));

// The header renames functions to their newest versions. Those of the names below that it renames must be what
// cuda_driver.cpp asks for, and the rest must have no version.
#define WINDLASS_WRITTEN_OUT(name) #name
#define WINDLASS_RENAMED(name) WINDLASS_WRITTEN_OUT(name)
#define WINDLASS_SAME_NAME(name, found_by) \
  static_assert(std::string_view(WINDLASS_RENAMED(name)) == std::string_view(found_by))

WINDLASS_SAME_NAME(cuDeviceTotalMem, "cuDeviceTotalMem_v2");
WINDLASS_SAME_NAME(cuDevicePrimaryCtxRetain, "cuDevicePrimaryCtxRetain");
WINDLASS_SAME_NAME(cuDevicePrimaryCtxRelease, "cuDevicePrimaryCtxRelease_v2");
WINDLASS_SAME_NAME(cuCtxPushCurrent, "cuCtxPushCurrent_v2");
WINDLASS_SAME_NAME(cuCtxPopCurrent, "cuCtxPopCurrent_v2");
WINDLASS_SAME_NAME(cuCtxGetCurrent, "cuCtxGetCurrent");
WINDLASS_SAME_NAME(cuMemGetInfo, "cuMemGetInfo_v2");
WINDLASS_SAME_NAME(cuMemAddressReserve, "cuMemAddressReserve");
WINDLASS_SAME_NAME(cuMemCreate, "cuMemCreate");
WINDLASS_SAME_NAME(cuMemMap, "cuMemMap");
WINDLASS_SAME_NAME(cuMemSetAccess, "cuMemSetAccess");
WINDLASS_SAME_NAME(cuMemExportToShareableHandle, "cuMemExportToShareableHandle");
WINDLASS_SAME_NAME(cuMemImportFromShareableHandle, "cuMemImportFromShareableHandle");
WINDLASS_SAME_NAME(cuMemGetHandleForAddressRange, "cuMemGetHandleForAddressRange");
WINDLASS_SAME_NAME(cuMemcpyHtoDAsync, "cuMemcpyHtoDAsync_v2");
WINDLASS_SAME_NAME(cuMemcpyDtoHAsync, "cuMemcpyDtoHAsync_v2");
WINDLASS_SAME_NAME(cuMemsetD8Async, "cuMemsetD8Async");
WINDLASS_SAME_NAME(cuMemHostRegister, "cuMemHostRegister_v2");
WINDLASS_SAME_NAME(cuMemHostUnregister, "cuMemHostUnregister");
WINDLASS_SAME_NAME(cuPointerGetAttribute, "cuPointerGetAttribute");
WINDLASS_SAME_NAME(cuStreamCreate, "cuStreamCreate");
WINDLASS_SAME_NAME(cuStreamDestroy, "cuStreamDestroy_v2");
WINDLASS_SAME_NAME(cuStreamSynchronize, "cuStreamSynchronize");
WINDLASS_SAME_NAME(cuEventCreate, "cuEventCreate");
WINDLASS_SAME_NAME(cuEventDestroy, "cuEventDestroy_v2");
WINDLASS_SAME_NAME(cuEventRecord, "cuEventRecord");
WINDLASS_SAME_NAME(cuEventQuery, "cuEventQuery");
WINDLASS_SAME_NAME(cuEventSynchronize, "cuEventSynchronize");

TEST(CudaApiTest, ourDeclarationsAreThoseOfTheHeader) { EXPECT_GE(CUDA_VERSION, 11020); }

}  // namespace
}  // namespace windlass::cuda

#else

TEST(CudaApiTest, ourDeclarationsAreThoseOfTheHeader) {
  GTEST_SKIP() << "SKIPPED: this machine has no cuda.h to compare with (a CUDA toolkit would bring one)";
}

#endif
