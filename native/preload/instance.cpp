#include "preload/instance.hpp"

#include <memory>
#include <utility>

#include "base/environment.hpp"
#include "device/cuda/cuda_device.hpp"
#include "device/emulated/emulated_device.hpp"

namespace windlass {

namespace {

Result<std::shared_ptr<Device>> open_cuda(int ordinal) {
  CudaDeviceOptions options;
  options.ordinal = ordinal;
  Result<std::shared_ptr<CudaDevice>> opened = CudaDevice::open(options);
  if (!opened.ok()) return opened.status();
  return std::shared_ptr<Device>(*std::move(opened));
}

DeviceForOrdinal emulated_opener(uint64_t memory_bytes) {
  return [memory_bytes](int /*ordinal*/) -> Result<std::shared_ptr<Device>> {
    Result<std::shared_ptr<EmulatedDevice>> opened = EmulatedDevice::open({memory_bytes, 0});
    if (!opened.ok()) return opened.status();
    return std::shared_ptr<Device>(*std::move(opened));
  };
}

std::unique_ptr<Preload> open_instance() {
  const Result<PreloadConfiguration> configuration = read_configuration(environment_variable);
  const bool emulated = configuration.ok() && configuration->emulated;
  return std::make_unique<Preload>(configuration,
                                   emulated ? emulated_opener(configuration->emulated_bytes) : open_cuda);
}

}  // namespace

constinit thread_local int Inside::depth = 0;

Preload& preload_instance() {
  static Preload* const preload = open_instance().release();
  return *preload;
}

CudaRuntime& cuda_runtime() noexcept {
  static constinit CudaRuntime runtime;
  return runtime;
}

}  // namespace windlass
