// The two ends of an RDMA connection between a client and a volume, as both know them; nothing here is of the verbs
// library, which need not be there.
//
// The client does everything: it writes into, and reads from, the volume's segments, whose keys the volume tells it.
// The volume's end is passive: queue pairs that answer, and registrations. What they must know of each other goes over
// the session's control connection, which has been authenticated:
//
//   client CONNECT (its queue pair) ──▶ volume makes one, ready to receive ──▶ its queue pair; the client's is ready
//   client SEGMENT (an id)          ──▶ volume registers it, unless it is ──▶ where its pieces lie, and keys
//   client DISCONNECT               ──▶ volume destroys the queue pair ──▶ done: nothing of it arrives any more
//
// Keys are good for the clients that came in at one of the volume's addresses, with its secret. Which bytes of a
// segment a client may touch is not checked by the devices: who knows the secret is trusted to keep to its slots, as
// over shared memory. What is guarded is that nothing arrives late: a transfer that fails destroys the queue pair at
// both ends before its caller hears of it, and a session's queue pairs are destroyed before its slots are anybody
// else's.
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
#include "transport/registration_cache.hpp"
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

// A client's end, for all of its sessions with one volume: a device, and what of this process's memory is registered
// with it. Pages of a region stay registered until they go, and memory that was lent until it is given back; other
// memory is registered for as long as a transfer takes.
class RdmaClient {
 public:
  RdmaClient() = default;
  virtual ~RdmaClient() = default;
  RdmaClient(const RdmaClient&) = delete;
  RdmaClient& operator=(const RdmaClient&) = delete;

  // Over which it goes.
  virtual const RdmaPath& path() const noexcept = 0;

  // For one session: what moves. What its callers may touch has been checked. Makes one queue pair at once, so that
  // whoever has it knows that RDMA works. Errors: what the volume says; kUnavailable; kNoMemory; kDevice.
  virtual Result<std::unique_ptr<Transport>> open_transport(std::unique_ptr<RdmaLink> link, Deadline deadline) = 0;

  // As Transport's.
  virtual Result<std::unique_ptr<LentMemory>> lend(uint64_t bytes) = 0;
  virtual bool keeps_ready(const std::byte* data, uint64_t bytes) const = 0;

  virtual RegistrationStatistics statistics() const = 0;
};

// Errors: of choose_rdma_path and of opening the device.
Result<std::shared_ptr<RdmaClient>> open_rdma_client(const RdmaWish& wish);

// A session's end at the volume.
class RdmaPeer {
 public:
  RdmaPeer() = default;
  virtual ~RdmaPeer() = default;  // as close()
  RdmaPeer(const RdmaPeer&) = delete;
  RdmaPeer& operator=(const RdmaPeer&) = delete;

  // Makes a queue pair for the client's; when it returns, that may send. Errors: kVersion; kInvalidArgument (a
  // senseless endpoint); kNoSpace (too many); kState (closed); kUnsupported, kNotFound, kUnavailable, kLibrary,
  // kPermission (why there is no RDMA here); kNoMemory; kDevice.
  virtual Result<RdmaEndpoint> connect(const RdmaEndpoint& client) = 0;

  // Destroys it. One that is not there has been destroyed.
  virtual void disconnect(uint64_t connection) noexcept = 0;

  // A segment's pieces, registered for as long as its owner is kept by somebody else, and the host has a peer. Errors:
  // of Registrar; kState (closed).
  virtual Result<std::vector<RdmaPiece>> grant(uint64_t segment, const std::shared_ptr<void>& owner, std::byte* data,
                                               uint64_t bytes) = 0;

  // Gives up registrations of segments that nobody else keeps any more.
  virtual void drop_stale() noexcept = 0;

  // Destroys its queue pairs, so that nothing arrives any more.
  virtual void close() noexcept = 0;
};

// What the sessions share whose clients came in at one address: a device, opened when the first of them connects, and
// segments, each registered once. The last session to close gives all up.
class RdmaHost {
 public:
  RdmaHost() = default;
  virtual ~RdmaHost() = default;
  RdmaHost(const RdmaHost&) = delete;
  RdmaHost& operator=(const RdmaHost&) = delete;

  virtual std::unique_ptr<RdmaPeer> open_peer() = 0;
};

// Opens nothing yet.
std::shared_ptr<RdmaHost> open_rdma_host(const RdmaWish& wish);

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
