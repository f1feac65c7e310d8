// A volume in a process of its own, as a store's clients have it: windlassd, started for a benchmark and ended with it.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>

#include "base/owned_descriptor.hpp"
#include "base/status.hpp"

namespace windlass::bench {

class VolumeProcess {
 public:
  // Listens on a Unix socket of its own, and on a free port of loopback. Errors: kLibrary (windlassd is not where it
  // was built); kIo.
  static Result<std::unique_ptr<VolumeProcess>> start(uint64_t limit_bytes);

  VolumeProcess(pid_t process, OwnedDescriptor output) noexcept;
  ~VolumeProcess();
  VolumeProcess(const VolumeProcess&) = delete;
  VolumeProcess& operator=(const VolumeProcess&) = delete;

  const std::string& shm_uri() const noexcept { return shm_uri_; }
  const std::string& tcp_uri() const noexcept { return tcp_uri_; }
  // Processor time of the volume's process so far.
  double cpu_seconds() const;

 private:
  Status read_addresses();

  const pid_t process_;
  OwnedDescriptor output_;
  std::string shm_uri_;
  std::string tcp_uri_;
};

}  // namespace windlass::bench
