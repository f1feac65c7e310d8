// What a volume's handle names: the volume, and who lets clients in.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

#include "base/status.hpp"
#include "volume/volume.hpp"
#include "volume/volume_server.hpp"

namespace windlass::capi {

// Threads: any.
class VolumeHandle {
 public:
  explicit VolumeHandle(std::shared_ptr<Volume> volume) noexcept : volume_(std::move(volume)) {}

  const std::shared_ptr<Volume>& volume() const noexcept { return volume_; }

  // Errors: of VolumeServer::open and listen; kStaleHandle (it is closed).
  Result<std::string> listen(std::string_view address, const ListenOptions& options);

  void close() noexcept;

 private:
  const std::shared_ptr<Volume> volume_;
  std::mutex mutex_;  // guards what follows
  std::shared_ptr<VolumeServer> server_;
  bool closed_ = false;
};

}  // namespace windlass::capi
