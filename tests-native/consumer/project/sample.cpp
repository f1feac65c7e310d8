#include <windlass/core/backup/host_backup.hpp>
#include <windlass/core/device/emulated/emulated_device.hpp>
#include <windlass/core/region/region.hpp>

int main() {
  auto device = windlass::EmulatedDevice::open({}).value();
  auto backup = std::make_unique<windlass::HostBackup>(windlass::HostBackupOptions{.verify = true});
  auto region = windlass::Region::open(device, 64 << 20, std::move(backup)).value();
  auto* const weights = reinterpret_cast<float*>(region->info().address);
  weights[42] = 0.5F;
  const windlass::PauseReport report = region->pause().value();  // here the machine has the memory back
  if (!region->resume().ok()) return 1;
  return weights[42] == 0.5F && report.freed_bytes == 64 << 20 ? 0 : 1;
}
