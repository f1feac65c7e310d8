// Registers memory of a device with a network card, where it lies, if both can; where they cannot, says why its bytes
// go through pinned host memory instead.
//
// Threads: any.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "device/device.hpp"
#include "transport/registrar.hpp"

namespace windlass {

// For addresses of one device, which the host need not reach: each registration goes by a dma-buf of its own.
class DeviceRegistrar final : public Registrar {
 public:
  // Errors: kUnsupported (which of the two cannot, and why).
  static Result<std::shared_ptr<DeviceRegistrar>> open(std::shared_ptr<Registrar> registrar,
                                                       std::shared_ptr<Device> device);
  // For open().
  DeviceRegistrar(std::shared_ptr<Registrar> registrar, std::shared_ptr<Device> device) noexcept
      : registrar_(std::move(registrar)), device_(std::move(device)) {}

  // data: an address of the device, and no pointer. Errors: those of both.
  Result<std::unique_ptr<Registration>> register_memory(std::byte* data, uint64_t bytes, uint32_t access) override;
  uint64_t most_bytes() const noexcept override { return registrar_->most_bytes(); }
  std::string_view name() const noexcept override { return registrar_->name(); }

 private:
  const std::shared_ptr<Registrar> registrar_;
  const std::shared_ptr<Device> device_;
};

// The way of a device's memory to a network card.
struct DeviceMemoryPath {
  std::shared_ptr<Registrar> registrar;  // for the device's addresses; null: its bytes are staged
  std::string description;               // "registered where it lies, by dma-buf"; "staged through pinned buffers: ..."
};

DeviceMemoryPath choose_device_memory_path(const std::shared_ptr<Registrar>& registrar,
                                           const std::shared_ptr<Device>& device);

}  // namespace windlass
