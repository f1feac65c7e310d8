#include "device/cuda/cuda_driver.hpp"

#include <dlfcn.h>

#include "base/text.hpp"

namespace windlass {

namespace {

// A loaded library, closed again unless it is kept.
class Library {
 public:
  explicit Library(const std::string& path) noexcept : handle_(dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL)) {}
  ~Library() {
    if (handle_ != nullptr) dlclose(handle_);
  }
  Library(const Library&) = delete;
  Library& operator=(const Library&) = delete;

  bool loaded() const noexcept { return handle_ != nullptr; }
  void keep() noexcept { handle_ = nullptr; }

  // Finds a function, and remembers the first one that is missing.
  template <typename Function>
  void find(const char* name, Function*& function) noexcept {
    function = reinterpret_cast<Function*>(dlsym(handle_, name));
    if (function == nullptr && missing_ == nullptr) missing_ = name;
  }
  // Null where it is missing.
  template <typename Function>
  void find_if_there(const char* name, Function*& function) noexcept {
    function = reinterpret_cast<Function*>(dlsym(handle_, name));
  }
  const char* missing() const noexcept { return missing_; }

 private:
  void* handle_;
  const char* missing_ = nullptr;
};

// The version is part of a name where the meaning of the plain one has changed since.
void find_general(Library& library, cuda::Functions& functions) noexcept {
  library.find("cuInit", functions.init);
  library.find("cuDriverGetVersion", functions.driver_get_version);
  library.find("cuGetErrorName", functions.get_error_name);
  library.find("cuGetErrorString", functions.get_error_string);
  library.find("cuDeviceGet", functions.device_get);
  library.find("cuDeviceGetCount", functions.device_get_count);
  library.find("cuDeviceGetName", functions.device_get_name);
  library.find("cuDeviceTotalMem_v2", functions.device_total_mem);
  library.find("cuDeviceGetAttribute", functions.device_get_attribute);
  library.find("cuDeviceCanAccessPeer", functions.device_can_access_peer);
  library.find("cuDevicePrimaryCtxRetain", functions.device_primary_ctx_retain);
  library.find("cuDevicePrimaryCtxRelease_v2", functions.device_primary_ctx_release);
  library.find("cuCtxPushCurrent_v2", functions.ctx_push_current);
  library.find("cuCtxPopCurrent_v2", functions.ctx_pop_current);
  library.find("cuCtxGetCurrent", functions.ctx_get_current);
  library.find("cuCtxSynchronize", functions.ctx_synchronize);
}

void find_memory(Library& library, cuda::Functions& functions) noexcept {
  library.find("cuMemGetInfo_v2", functions.mem_get_info);
  library.find("cuMemGetAllocationGranularity", functions.mem_get_allocation_granularity);
  library.find("cuMemAddressReserve", functions.mem_address_reserve);
  library.find("cuMemAddressFree", functions.mem_address_free);
  library.find("cuMemCreate", functions.mem_create);
  library.find("cuMemRelease", functions.mem_release);
  library.find("cuMemMap", functions.mem_map);
  library.find("cuMemUnmap", functions.mem_unmap);
  library.find("cuMemSetAccess", functions.mem_set_access);
  library.find("cuMemExportToShareableHandle", functions.mem_export_to_shareable_handle);
  library.find("cuMemImportFromShareableHandle", functions.mem_import_from_shareable_handle);
  library.find_if_there("cuMemGetHandleForAddressRange", functions.mem_get_handle_for_address_range);
}

void find_copying(Library& library, cuda::Functions& functions) noexcept {
  library.find("cuMemcpyHtoDAsync_v2", functions.memcpy_host_to_device_async);
  library.find("cuMemcpyDtoHAsync_v2", functions.memcpy_device_to_host_async);
  library.find("cuMemsetD8Async", functions.memset_d8_async);
  library.find("cuMemHostRegister_v2", functions.mem_host_register);
  library.find("cuMemHostUnregister", functions.mem_host_unregister);
  library.find("cuPointerGetAttribute", functions.pointer_get_attribute);
  library.find("cuStreamCreate", functions.stream_create);
  library.find("cuStreamDestroy_v2", functions.stream_destroy);
  library.find("cuStreamSynchronize", functions.stream_synchronize);
  library.find("cuEventCreate", functions.event_create);
  library.find("cuEventDestroy_v2", functions.event_destroy);
  library.find("cuEventRecord", functions.event_record);
  library.find("cuEventQuery", functions.event_query);
  library.find("cuEventSynchronize", functions.event_synchronize);
}

std::string described(const cuda::Functions& functions, cuda::Code code) {
  const char* name = nullptr;
  const char* description = nullptr;
  const bool named = functions.get_error_name(code, &name) == cuda::Code::kSuccess && name != nullptr;
  if (!named) return text("error ", static_cast<int32_t>(code), ", which this driver has no name for");
  if (functions.get_error_string(code, &description) != cuda::Code::kSuccess || description == nullptr) return name;
  return text(name, " (", description, ")");
}

Status init_failure(const cuda::Functions& functions, const std::string& path, cuda::Code code) {
  const bool none = code == cuda::Code::kNoDevice;
  return Status::error(
      none ? Code::kNotFound : Code::kDevice,
      text("CUDA driver ", path, ": cuInit says ", described(functions, code),
           none ? "; use the emulated device, or give this process a GPU (CUDA_VISIBLE_DEVICES; in a container --gpus)"
                : "; see what nvidia-smi says, and whether this library belongs to the running kernel module"),
      static_cast<int>(code));
}

}  // namespace

Result<std::shared_ptr<CudaDriver>> CudaDriver::load(const std::string& path) {
  Library library(path);
  if (!library.loaded()) {
    const char* const reason = dlerror();
    return Status::error(Code::kLibrary, text("the CUDA driver was not found: ", reason != nullptr ? reason : path,
                                              "; install the NVIDIA driver's libcuda, or use the emulated device"));
  }
  cuda::Functions functions;
  find_general(library, functions);
  find_memory(library, functions);
  find_copying(library, functions);
  if (library.missing() != nullptr) {
    return Status::error(Code::kUnsupported, text("CUDA driver ", path, " has no ", library.missing(),
                                                  "; install a driver for CUDA 11.2 or newer"));
  }
  if (const cuda::Code ready = functions.init(0); ready != cuda::Code::kSuccess) {
    library.keep();  // what it began is not ours to tear down
    return init_failure(functions, path, ready);
  }
  library.keep();
  int32_t version = 0;
  if (const cuda::Code known = functions.driver_get_version(&version); known != cuda::Code::kSuccess) {
    return Status::error(Code::kDevice,
                         text("CUDA driver ", path, ": cuDriverGetVersion says ", described(functions, known),
                              "; install the driver anew"),
                         static_cast<int>(known));
  }
  return std::make_shared<CudaDriver>(path, functions, version);
}

std::string CudaDriver::version_text() const { return text(version_ / 1000, ".", version_ % 1000 / 10); }

Result<int> CudaDriver::device_count() const {
  int32_t count = 0;
  Status counted = status(functions_.device_get_count(&count), text("CUDA driver ", path_), "cuDeviceGetCount");
  if (!counted.ok()) return counted;
  return count;
}

Status CudaDriver::status(cuda::Code code, std::string_view who, std::string_view call) const {
  if (code == cuda::Code::kSuccess) return Status();
  Code kind = Code::kDevice;
  const char* way_out = "";
  if (code == cuda::Code::kOutOfMemory) {
    kind = Code::kNoMemory;
    way_out = "; pause or close a region, or end another process that uses this GPU";
  } else if (code == cuda::Code::kNotPermitted) {
    kind = Code::kPermission;
    way_out = "; the system or its container forbids it";
  } else if (code == cuda::Code::kNotSupported) {
    kind = Code::kUnsupported;
  }
  return Status::error(kind, text(who, ": ", call, " says ", describe(code), way_out), static_cast<int>(code));
}

std::string CudaDriver::describe(cuda::Code code) const { return described(functions_, code); }

bool CudaDriver::loses_context(cuda::Code code) noexcept {
  switch (code) {
    case cuda::Code::kEccUncorrectable:
    case cuda::Code::kNvlinkUncorrectable:
    case cuda::Code::kContained:
    case cuda::Code::kIllegalAddress:
    case cuda::Code::kLaunchTimeout:
    case cuda::Code::kContextIsDestroyed:
    case cuda::Code::kAssert:
    case cuda::Code::kHardwareStackError:
    case cuda::Code::kIllegalInstruction:
    case cuda::Code::kMisalignedAddress:
    case cuda::Code::kInvalidAddressSpace:
    case cuda::Code::kInvalidPc:
    case cuda::Code::kLaunchFailed:
    case cuda::Code::kTensorMemoryLeak:
    case cuda::Code::kExternalDevice:
      return true;
    default:
      return false;
  }
}

}  // namespace windlass
