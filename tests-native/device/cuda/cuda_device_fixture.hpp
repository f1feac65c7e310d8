// A CUDA device over the fake driver, for the tests of it.
#pragma once

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/bytes.hpp"
#include "device/cuda/cuda_device.hpp"
#include "fake/fake_cuda.hpp"

namespace windlass::test {

inline constexpr uint64_t kUnit = 2 * kMiB;

class CudaDeviceFixture : public fake::FakeCudaTest {
 protected:
  struct Mapped {
    uint64_t address = 0;
    uint64_t bytes = 0;
    PhysicalId physical = 0;
  };

  static std::shared_ptr<CudaDevice> open() { return CudaDevice::open(small_slots()).value(); }
  static std::shared_ptr<CudaDevice> open_with(CudaPeers peers, int ordinal = 0) {
    CudaDeviceOptions options = small_slots();
    options.peers = peers;
    options.ordinal = ordinal;
    return CudaDevice::open(options).value();
  }

  static Mapped map(CudaDevice& device, uint64_t bytes) {
    Mapped made{device.reserve(bytes).value(), bytes, device.create(bytes).value()};
    EXPECT_TRUE(device.map(made.address, bytes, made.physical).ok());
    EXPECT_TRUE(device.set_access(made.address, bytes).ok());
    return made;
  }
  static void drop(CudaDevice& device, const Mapped& mapped) {
    EXPECT_TRUE(device.unmap(mapped.address, mapped.bytes).ok());
    EXPECT_TRUE(device.release(mapped.physical).ok());
    EXPECT_TRUE(device.unreserve(mapped.address, mapped.bytes).ok());
  }
  static std::vector<std::byte> read(CudaDevice& device, const Mapped& mapped) {
    std::vector<std::byte> bytes(mapped.bytes);
    EXPECT_TRUE(device.copy_out(bytes.data(), mapped.address, mapped.bytes).ok());
    return bytes;
  }
};

}  // namespace windlass::test
