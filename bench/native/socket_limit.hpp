// The limit of whatever goes over TCP: bare loops that send and receive, between two processes, over as many
// connections, into and out of memory that is there.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/owned_descriptor.hpp"
#include "base/status.hpp"

namespace windlass::bench {

class SocketLimit {
 public:
  // The other process has memory for bytes, which it sends from and receives into. Errors: kIo; kNoMemory.
  static Result<std::unique_ptr<SocketLimit>> start(uint32_t lanes, uint64_t bytes);

  SocketLimit(pid_t process, std::vector<OwnedDescriptor> lanes) noexcept;
  ~SocketLimit();
  SocketLimit(const SocketLimit&) = delete;
  SocketLimit& operator=(const SocketLimit&) = delete;

  // Sends, split over the lanes, and waits for one byte from each that says it has arrived. Errors: kIo.
  Status send(const std::byte* source, uint64_t bytes);
  // Asks for bytes and receives them. Errors: kIo.
  Status receive(std::byte* target, uint64_t bytes);
  // Processor time of the other process so far.
  double cpu_seconds() const;

 private:
  const pid_t process_;
  std::vector<OwnedDescriptor> lanes_;
};

}  // namespace windlass::bench
