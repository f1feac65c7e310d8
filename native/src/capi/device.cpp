#include "windlass/device.h"

#include <memory>

#include "capi/guard.hpp"
#include "capi/limits.hpp"
#include "device/device.hpp"
#include "device/emulated/emulated_device.hpp"

namespace {

using windlass::Code;
using windlass::Device;
using windlass::DeviceMemory;
using windlass::EmulatedDevice;
using windlass::Kind;
using windlass::Result;
using windlass::Status;
using windlass::text;

wl_device_options default_options() noexcept {
  wl_device_options options{};
  options.struct_size = sizeof options;
  options.kind = WL_DEVICE_EMULATED;
  return options;
}

Result<std::shared_ptr<Device>> open_device(const wl_device_options& options) {
  if (Status valid = windlass::capi::check_thread_count("device", options.worker_threads); !valid.ok()) return valid;
  if (options.kind != WL_DEVICE_EMULATED) {
    return Status::error(Code::kNotFound, text("device: no kind of device has number ", options.kind,
                                               "; this build has the emulated one, ", int32_t{WL_DEVICE_EMULATED}));
  }
  if (options.ordinal != 0) {
    return Status::error(Code::kNotFound,
                         text("device: there is no emulated device number ", options.ordinal, ", only number 0"));
  }
  Result<std::shared_ptr<EmulatedDevice>> opened = EmulatedDevice::open({options.memory_bytes, options.worker_threads});
  if (!opened.ok()) return opened.status();
  return std::shared_ptr<Device>(*std::move(opened));
}

}  // namespace

void wl_device_options_init(wl_device_options* options, uint32_t struct_size) {
  windlass::capi::init_struct(options, struct_size, default_options());
}

void wl_device_info_init(wl_device_info* info, uint32_t struct_size) {
  windlass::capi::init_struct(info, struct_size, wl_device_info{});
}

wl_status wl_device_open(const wl_device_options* options, wl_device* device, wl_error* error) {
  return windlass::capi::guard(error, [&] {
    if (Status given = windlass::capi::check_pointer("device", device); !given.ok()) return given;
    wl_device_options taken{};
    if (Status given = windlass::capi::take_options("device options", options, default_options(), &taken);
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
    values.kind = WL_DEVICE_EMULATED;
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
