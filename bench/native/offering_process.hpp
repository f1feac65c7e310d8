// A writer in a process of its own that offers its memory, as a trainer does.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>

#include "base/owned_descriptor.hpp"
#include "base/status.hpp"

namespace windlass::bench {

class OfferingProcess {
 public:
  // Offers so many bytes, each of them kByte, under a key, at a Unix socket and on a free port of loopback.
  // Forks. Errors: kIo.
  static Result<std::unique_ptr<OfferingProcess>> start(std::string key, uint64_t bytes);

  OfferingProcess(pid_t process, OwnedDescriptor input, std::string shm_uri, std::string tcp_uri) noexcept;
  ~OfferingProcess();
  OfferingProcess(const OfferingProcess&) = delete;
  OfferingProcess& operator=(const OfferingProcess&) = delete;

  const std::string& shm_uri() const noexcept { return shm_uri_; }
  const std::string& tcp_uri() const noexcept { return tcp_uri_; }
  // Processor time of the process so far.
  double cpu_seconds() const;

  // What every byte is.
  static constexpr std::byte kByte{0x5A};

 private:
  const pid_t process_;
  OwnedDescriptor input_;  // its end is the process's
  const std::string shm_uri_;
  const std::string tcp_uri_;
};

}  // namespace windlass::bench
