// Host memory seen as a device, so that a backup which keeps the bytes of another can save and restore them as it does
// those of a device. It copies, and can do nothing else.
//
// Threads: any, as far as the memory allows it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "device/device.hpp"

namespace windlass {

class HostView final : public Device {
 public:
  // The memory must outlive the view. Its addresses are the device's.
  explicit HostView(std::span<std::byte> memory) noexcept : memory_(memory) {}

  uint64_t address() const noexcept { return reinterpret_cast<uint64_t>(memory_.data()); }

  std::string name() const override { return "host memory"; }
  uint64_t granularity_bytes() const noexcept override { return 1; }
  bool host_accessible() const noexcept override { return true; }
  Status drain() override { return Status(); }
  Status copy_in(uint64_t target_address, const void* source, uint64_t bytes) override;
  Status copy_out(void* target, uint64_t source_address, uint64_t bytes) override;
  Result<Hash128> copy_in_hashed(uint64_t target_address, const void* source, uint64_t bytes) override;
  Result<Hash128> copy_out_hashed(void* target, uint64_t source_address, uint64_t bytes) override;

  // All others: kUnsupported.
  Result<DeviceMemory> memory() const override;
  Result<uint64_t> reserve(uint64_t bytes) override;
  Status unreserve(uint64_t address, uint64_t bytes) override;
  Result<PhysicalId> create(uint64_t bytes) override;
  Status release(PhysicalId physical) override;
  Status map(uint64_t address, uint64_t bytes, PhysicalId physical) override;
  Status unmap(uint64_t address, uint64_t bytes) override;
  Status set_access(uint64_t address, uint64_t bytes) override;
  Result<uint64_t> resident_bytes(uint64_t address, uint64_t bytes) const override;

 private:
  Status check(uint64_t address, uint64_t bytes) const;

  const std::span<std::byte> memory_;
};

}  // namespace windlass
