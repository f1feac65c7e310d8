// The transport of a client on the volume's machine.
//
// The volume's own segments go through shared memory. Memory that is offered cannot be mapped: it is read out of the
// volume's process, in one copy, where the kernel allows that, and else goes over lanes, as from far away. What was
// read out of a process counts only if the volume, asked after it, vouches for the leases: then nobody has changed the
// memory meanwhile, and the process is the right one.
//
// Threads: any.
#pragma once

#include <sys/types.h>

#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>

#include "base/worker_pool.hpp"
#include "transport/shm/shm_transport.hpp"
#include "transport/transport.hpp"
#include "volume/control_channel.hpp"
#include "volume/lane_transport.hpp"
#include "volume/volume_control.hpp"

namespace windlass {

// The process that the volume lives in, as the kernel knows it from the connection, and whether it can be read.
class OfferingProcess {
 public:
  explicit OfferingProcess(bool may_be_read) noexcept : may_be_read_(may_be_read) {}

  // A connection was made.
  void renew(const ControlChannel& channel);

  // 0: it cannot be read.
  pid_t readable() const;
  std::string way() const;  // "out of process 17", "over lanes, as …"

 private:
  const bool may_be_read_;
  mutable std::mutex mutex_;  // guards what follows
  pid_t process_ = 0;
  std::string why_not_;
};

class NearTransport final : public Transport {
 public:
  NearTransport(std::shared_ptr<VolumeControl> client, std::shared_ptr<ShmTransport> shm,
                std::shared_ptr<LanesInUse> lanes, std::shared_ptr<OfferingProcess> process);

  TransportKind kind() const noexcept override { return TransportKind::kShm; }
  Status write(std::span<const WriteMove> moves, Deadline deadline) override { return shm_->write(moves, deadline); }
  Status read(std::span<const ReadMove> moves, Deadline deadline) override;
  Result<std::unique_ptr<SlotMapping>> map(const RemoteRange& range, MapFor purpose, bool populate,
                                           Deadline deadline) override;

 private:
  Status read_offered(std::span<const ReadMove> moves, Deadline deadline);
  Status read_process(pid_t process, std::span<const ReadMove> moves, Deadline deadline);
  Result<uint64_t> address_of(uint64_t segment, Deadline deadline);

  const std::shared_ptr<VolumeControl> client_;
  const std::shared_ptr<ShmTransport> shm_;
  const std::shared_ptr<OfferingProcess> process_;
  LaneTransport over_lanes_;
  WorkerPool workers_;
  std::mutex mutex_;                        // guards what follows
  std::map<uint64_t, uint64_t> addresses_;  // where offered segments begin; ids are never used again
};

}  // namespace windlass
