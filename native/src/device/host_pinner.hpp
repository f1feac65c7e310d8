// Pins a pool's pages for the copies of a device.
//
// One device's pinner serves all: a driver pins for each of its devices at once. It keeps the device alive.
//
// Threads: any.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "device/device.hpp"
#include "memory/page_pinner.hpp"

namespace windlass {

class HostPinner final : public PagePinner {
 public:
  explicit HostPinner(std::shared_ptr<Device> device) noexcept : device_(std::move(device)) {}

  std::string name() const override { return device_->name(); }
  const void* identity() const noexcept override { return device_.get(); }
  Status pin(void* address, uint64_t bytes) override;
  Status unpin(void* address, uint64_t bytes) override;

 private:
  const std::shared_ptr<Device> device_;
};

}  // namespace windlass
