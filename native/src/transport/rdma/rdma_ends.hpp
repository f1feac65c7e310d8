// The two ends of an RDMA connection between a client and a volume, as both know them; nothing here is of the verbs
// library, which need not be there.
//
// The client does everything: it writes into, and reads from, the volume's segments, whose keys the volume tells it. The
// volume's end is passive: queue pairs that answer, and registrations. What they must know of each other goes over the
// session's control connection, which has been authenticated:
//
//   client CONNECT (its queue pair) ──▶ volume makes one, ready to receive ──▶ its queue pair; the client's is ready now
//   client SEGMENT (an id)          ──▶ volume registers it in the session's domain ──▶ where its pieces lie, and keys
//   client DISCONNECT               ──▶ volume destroys the queue pair ──▶ done: nothing of it arrives any more
//
// Keys are good in one session, through its own queue pairs. Which bytes of a segment a client may touch is not checked
// by the devices: who knows the secret is trusted to keep to its slots, as over shared memory. What is guarded is that
// nothing arrives late: a transfer that fails destroys the queue pair at both ends before its caller hears of it, and a
// session's queue pairs are destroyed before its slots are anybody else's.
//
// Threads: any, unless said otherwise.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/deadline.hpp"
#include "base/status.hpp"
#include "transport/rdma/rdma_device.hpp"
#include "transport/transport.hpp"

namespace windlass {

inline constexpr uint16_t kRdmaVersion = 1;

// One end's queue pair, as the other must know it.
struct RdmaEndpoint {
  uint16_t version = kRdmaVersion;
  uint64_t nonce = 0;       // of the client's attempt, which the volume repeats
  uint64_t connection = 0;  // the volume's name for it; 0 from the client
  uint32_t queue_pair = 0;
  uint32_t first_packet = 0;  // 24 bits
  uint16_t local_id = 0;      // 0 over Ethernet
  uint8_t mtu = 0;            // as verbs number it, 1 (256 bytes) to 5 (4096)
  uint8_t reads = 0;          // READs at once
  RdmaGidBytes gid{};
  friend bool operator==(const RdmaEndpoint&, const RdmaEndpoint&) = default;
};

// A piece of a segment, which is registered as a whole.
struct RdmaPiece {
  uint64_t offset = 0;  // within the segment
  uint64_t bytes = 0;
  uint64_t address = 0;  // for whoever writes or reads there
  uint32_t key = 0;
  friend bool operator==(const RdmaPiece&, const RdmaPiece&) = default;
};

// The way from a client's end to the volume's, over the control connection of one session. Errors: kUnavailable (the
// session has ended); kTimeout; what the volume says.
class RdmaLink {
 public:
  RdmaLink() = default;
  virtual ~RdmaLink() = default;
  RdmaLink(const RdmaLink&) = delete;
  RdmaLink& operator=(const RdmaLink&) = delete;

  virtual Result<RdmaEndpoint> connect(const RdmaEndpoint& mine, Deadline deadline) = 0;
  virtual Result<std::vector<RdmaPiece>> segment(uint64_t segment, Deadline deadline) = 0;
  virtual Status disconnect(uint64_t connection, Deadline deadline) = 0;
};

// A client's end, for one session: the transport, which moves, and registers what it moves for as long as that takes.
// What its callers may touch has been checked. Makes one queue pair at once, so that whoever has it knows that RDMA
// works. link outlives it. Errors: of choose_rdma_path and of opening the device; what the volume says; kUnavailable.
Result<std::unique_ptr<Transport>> open_rdma_transport(std::unique_ptr<RdmaLink> link, const RdmaWish& wish,
                                                       Deadline deadline);

// A session's end at the volume.
class RdmaPeer {
 public:
  RdmaPeer() = default;
  virtual ~RdmaPeer() = default;  // as close()
  RdmaPeer(const RdmaPeer&) = delete;
  RdmaPeer& operator=(const RdmaPeer&) = delete;

  // Makes a queue pair for the client's; when it returns, that may send. Errors: kVersion; kInvalidArgument (a senseless
  // endpoint); kNoSpace (too many); kState (closed); kUnavailable, kNoMemory, kDevice.
  virtual Result<RdmaEndpoint> connect(const RdmaEndpoint& client) = 0;

  // Destroys it. One that is not there has been destroyed.
  virtual void disconnect(uint64_t connection) noexcept = 0;

  // A segment's pieces, registered for as long as its owner is kept by somebody else, and the peer not closed. Errors:
  // of Registrar; kState (closed).
  virtual Result<std::vector<RdmaPiece>> grant(uint64_t segment, const std::shared_ptr<void>& owner, std::byte* data,
                                               uint64_t bytes) = 0;

  // Gives up registrations of segments that nobody else keeps any more.
  virtual void drop_stale() noexcept = 0;

  // Destroys its queue pairs, so that nothing arrives any more, and gives up its registrations.
  virtual void close() noexcept = 0;
};

// Opens nothing yet: the device is opened when a client connects. Errors: kUnsupported, kNotFound, kUnavailable,
// kLibrary (why there is no RDMA here).
Result<std::unique_ptr<RdmaPeer>> open_rdma_peer(const RdmaWish& wish);

// What a device can, as the verbs library tells it; beside what list_rdma_devices() tells.
struct RdmaLimits {
  uint64_t most_registration_bytes = 0;  // of one, as the device says
  uint64_t registrations = 0;
  uint64_t queue_pairs = 0;
  uint64_t queue_pair_depth = 0;
  Status dmabuf;  // whether it registers other devices' memory by dma-buf, or why not
};

// Errors: why it cannot be used.
Result<RdmaLimits> query_rdma_limits(const std::string& device);

}  // namespace windlass
