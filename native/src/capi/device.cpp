#include "windlass/device.h"

#include <memory>

#include "capi/guard.hpp"
#include "capi/limits.hpp"
#include "device/cuda/cuda_device.hpp"
#include "device/device.hpp"
#include "device/emulated/emulated_device.hpp"

namespace {

using windlass::Code;
using windlass::CudaDevice;
using windlass::CudaDeviceOptions;
using windlass::CudaDriver;
using windlass::CudaModel;
using windlass::Device;
using windlass::DeviceMemory;
using windlass::EmulatedDevice;
using windlass::Kind;
using windlass::Result;
using windlass::Status;
using windlass::text;

wl_device_options default_device_options() noexcept {
  wl_device_options options{};
  options.struct_size = sizeof options;
  options.kind = WL_DEVICE_EMULATED;
  return options;
}

// What a handle names a device by, beside the device itself.
struct DeviceKind {
  wl_device_kind kind;
  int32_t ordinal;
};

DeviceKind kind_of(const Device& device) noexcept {
  const auto* const gpu = dynamic_cast<const CudaDevice*>(&device);
  return gpu != nullptr ? DeviceKind{WL_DEVICE_CUDA, gpu->ordinal()} : DeviceKind{WL_DEVICE_EMULATED, 0};
}

Status check_emulated(int32_t ordinal) {
  if (ordinal == 0) return Status();
  return Status::error(Code::kNotFound,
                       text("device: there is no emulated device number ", ordinal, ", only number 0"));
}

Status no_such_kind(wl_device_kind kind) {
  return Status::error(Code::kNotFound,
                       text("device: no kind of device has number ", kind, "; there are the emulated one, ",
                            int32_t{WL_DEVICE_EMULATED}, ", and CUDA, ", int32_t{WL_DEVICE_CUDA}));
}

Result<std::shared_ptr<Device>> open_emulated(const wl_device_options& options) {
  if (Status there = check_emulated(options.ordinal); !there.ok()) return there;
  if (options.shareable != 0 && options.shareable != 1) {
    return Status::error(Code::kInvalidArgument, text("device: shareable takes 0 or 1, not ", options.shareable));
  }
  Result<std::shared_ptr<EmulatedDevice>> opened =
      EmulatedDevice::open({options.memory_bytes, options.worker_threads, options.shareable == 1});
  if (!opened.ok()) return opened.status();
  return std::shared_ptr<Device>(*std::move(opened));
}

Result<std::shared_ptr<Device>> open_cuda(const wl_device_options& options) {
  if (options.memory_bytes != 0 || options.shareable != 0) {
    return Status::error(Code::kInvalidArgument,
                         "device: a GPU has the memory it has, and can be shared if its driver lets; leave both at 0");
  }
  CudaDeviceOptions cuda;
  cuda.ordinal = options.ordinal;
  cuda.worker_threads = options.worker_threads;
  Result<std::shared_ptr<CudaDevice>> opened = CudaDevice::open(cuda);
  if (!opened.ok()) return opened.status();
  return std::shared_ptr<Device>(*std::move(opened));
}

Result<std::shared_ptr<Device>> open_device(const wl_device_options& options) {
  if (Status valid = windlass::capi::check_thread_count("device", options.worker_threads); !valid.ok()) return valid;
  if (options.kind == WL_DEVICE_EMULATED) return open_emulated(options);
  if (options.kind == WL_DEVICE_CUDA) return open_cuda(options);
  return no_such_kind(options.kind);
}

Result<CudaModel> model_of(wl_device_kind kind, int32_t ordinal) {
  if (kind == WL_DEVICE_EMULATED) {
    if (Status there = check_emulated(ordinal); !there.ok()) return there;
    return CudaModel{"emulated", 0, 0};
  }
  if (kind != WL_DEVICE_CUDA) return no_such_kind(kind);
  Result<std::shared_ptr<CudaDriver>> driver = CudaDriver::load();
  if (!driver.ok()) return driver.status();
  return CudaDevice::model(**driver, ordinal);
}

Result<int32_t> count_devices(wl_device_kind kind) {
  if (kind == WL_DEVICE_EMULATED) return 1;
  if (kind != WL_DEVICE_CUDA) {
    return Status::error(Code::kInvalidArgument, text("device: no kind of device has number ", kind));
  }
  Result<std::shared_ptr<CudaDriver>> driver = CudaDriver::load();
  if (driver.ok()) return CudaDevice::count(**driver);
  // That there is no driver, or none of use here, is an answer; that it fails is not.
  if (driver.status().code() == Code::kDevice) return driver.status();
  return 0;
}

}  // namespace

void wl_device_options_init(wl_device_options* options, uint32_t struct_size) {
  windlass::capi::init_struct(options, struct_size, default_device_options());
}

void wl_device_info_init(wl_device_info* info, uint32_t struct_size) {
  windlass::capi::init_struct(info, struct_size, wl_device_info{});
}

void wl_device_model_init(wl_device_model* model, uint32_t struct_size) {
  windlass::capi::init_struct(model, struct_size, wl_device_model{});
}

wl_status wl_device_get_model(wl_device_kind kind, int32_t ordinal, wl_device_model* model, wl_error* error) {
  return windlass::capi::guard(error, [&] {
    if (Status given = windlass::capi::check_output("device model", model); !given.ok()) return given;
    Result<CudaModel> found = model_of(kind, ordinal);
    if (!found.ok()) return found.status();
    wl_device_model values{};
    values.kind = kind;
    values.ordinal = ordinal;
    values.compute_major = found->compute_major;
    values.compute_minor = found->compute_minor;
    windlass::copy_text(values.name, found->name);
    windlass::capi::put_output(model, values);
    return Status();
  });
}

wl_status wl_device_count(wl_device_kind kind, int32_t* count, wl_error* error) {
  return windlass::capi::guard(error, [&] {
    if (Status given = windlass::capi::check_pointer("count", count); !given.ok()) return given;
    Result<int32_t> found = count_devices(kind);
    if (!found.ok()) return found.status();
    *count = *found;
    return Status();
  });
}

wl_status wl_device_open(const wl_device_options* options, wl_device* device, wl_error* error) {
  return windlass::capi::guard(error, [&] {
    if (Status given = windlass::capi::check_pointer("device", device); !given.ok()) return given;
    wl_device_options taken{};
    if (Status given = windlass::capi::take_options("device options", options, default_device_options(), &taken);
        !given.ok()) {
      return given;
    }
    Result<std::shared_ptr<Device>> opened = open_device(taken);
    if (!opened.ok()) return opened.status();
    return windlass::capi::publish(Kind::kDevice, *std::move(opened), device);
  });
}

wl_status wl_device_get_info(wl_device device, wl_device_info* info, wl_error* error) {
  return windlass::capi::guard(error, [&] {
    if (Status given = windlass::capi::check_output("device info", info); !given.ok()) return given;
    Result<std::shared_ptr<Device>> found = windlass::capi::acquire<Device>(device, Kind::kDevice);
    if (!found.ok()) return found.status();
    Result<DeviceMemory> memory = (*found)->memory();
    if (!memory.ok()) return memory.status();
    wl_device_info values{};
    values.kind = kind_of(**found).kind;
    values.ordinal = kind_of(**found).ordinal;
    values.host_accessible = (*found)->host_accessible() ? 1 : 0;
    values.granularity_bytes = (*found)->granularity_bytes();
    values.total_bytes = memory->total_bytes;
    values.free_bytes = memory->free_bytes;
    values.used_bytes = memory->used_bytes;
    windlass::copy_text(values.name, (*found)->name());
    windlass::capi::put_output(info, values);
    return Status();
  });
}

wl_status wl_device_close(wl_device device, wl_error* error) {
  return windlass::capi::guard(error, [&] { return windlass::capi::remove<Device>(device, Kind::kDevice).status(); });
}
