#include "volume/volume_server.hpp"

#include <utility>

#include "volume/control_hub.hpp"

namespace windlass {

Result<std::unique_ptr<VolumeServer>> VolumeServer::open(std::shared_ptr<Volume> volume, SocketCalls* calls) {
  Result<std::shared_ptr<ControlHub>> hub = ControlHub::open(std::move(volume), calls);
  if (!hub.ok()) return hub.status();
  return std::make_unique<VolumeServer>(*std::move(hub));
}

VolumeServer::VolumeServer(std::shared_ptr<ControlHub> hub) noexcept : hub_(std::move(hub)) {}

VolumeServer::~VolumeServer() { hub_->close(); }

Result<std::string> VolumeServer::listen(std::string_view address, const ListenOptions& options) {
  return hub_->listen(address, options);
}

ServerCounts VolumeServer::counts() const noexcept { return hub_->counts(); }

void VolumeServer::close() noexcept { hub_->close(); }

}  // namespace windlass
