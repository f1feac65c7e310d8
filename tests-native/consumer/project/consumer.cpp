// Fills a region, pauses and resumes it, and verifies its bytes, through the C++ API.
#include <cstdint>
#include <cstdio>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include "backup/host_backup.hpp"
#include "device/emulated/emulated_device.hpp"
#include "region/region.hpp"

using windlass::EmulatedDevice;
using windlass::EmulatedDeviceOptions;
using windlass::HostBackup;
using windlass::HostBackupOptions;
using windlass::PauseReport;
using windlass::Region;
using windlass::Result;
using windlass::ResumeReport;
using windlass::Status;

static int failed(const char* what, const Status& status) {
  std::fprintf(stderr, "%s: %s\n", what, status.to_string().c_str());
  return 1;
}

int main() {
  constexpr uint64_t kSize = uint64_t{8} << 20;
  Result<std::shared_ptr<EmulatedDevice>> device = EmulatedDevice::open(EmulatedDeviceOptions{});
  if (!device.ok()) return failed("device", device.status());
  auto backup = std::make_unique<HostBackup>(HostBackupOptions{.verify = true});
  Result<std::shared_ptr<Region>> region = Region::open(*device, kSize, std::move(backup));
  if (!region.ok()) return failed("open", region.status());

  const std::span bytes(reinterpret_cast<unsigned char*>((*region)->info().address), kSize);
  for (uint64_t i = 0; i < kSize; ++i) bytes[i] = static_cast<unsigned char>(i * 31 >> 3);
  Result<PauseReport> paused = (*region)->pause();
  if (!paused.ok()) return failed("pause", paused.status());
  if (Result<ResumeReport> resumed = (*region)->resume(); !resumed.ok()) return failed("resume", resumed.status());
  for (uint64_t i = 0; i < kSize; ++i) {
    if (bytes[i] != static_cast<unsigned char>(i * 31 >> 3)) return failed("verify", Status());
  }
  std::printf("C++: %llu bytes given back and restored\n", static_cast<unsigned long long>(paused->freed_bytes));
  return paused->freed_bytes == kSize ? 0 : 1;
}
