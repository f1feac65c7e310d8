// A volume: values by key, in shared memory, for many clients at once.
//
// What it holds lies in segments: files in memory that a client on this machine can map. Segments are got as they are
// needed, up to a limit, and are populated before anybody writes to them. Each client has a session (VolumeSession),
// through which it asks for everything.
//
// It is open until it is closed or destroyed. Then its sessions answer kUnavailable, and its memory goes as soon as
// nobody has it mapped.
//
// Threads: any.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "base/live_count.hpp"
#include "base/status.hpp"
#include "volume/volume_info.hpp"

namespace windlass {

class Offer;
class RdmaHost;
class VolumeCore;
class VolumeSession;
struct OfferItem;
struct OfferOptions;

// What happens to a put for which there is no room.
enum class Eviction : int32_t {
  kNone = 0,         // it is refused
  kLeastRecent = 1,  // values that were not acquired or put for longest go, save pinned and leased ones
};

struct VolumeOptions {
  Eviction eviction = Eviction::kNone;
  uint64_t limit_bytes = 0;     // of segments; 0: half of the memory that the machine has available
  uint64_t segment_bytes = 0;   // a segment's size, unless one value is larger; 0: 64 MiB. Rounded up to 2 MiB
  uint64_t prepared_bytes = 0;  // got and populated by open()
  uint64_t metadata_bytes = 0;  // most that keys and attributes may take; 0: half of the limit, at least 256 MiB
  uint32_t worker_threads = 0;  // that populate and copy; 0: WorkerPool::default_thread_count()
};

struct SessionOptions {
  std::string peer;            // who it is, for the log and for messages
  bool counts_bytes = false;   // its slots are written through SlotHold, and commit refuses those not full
  bool gives_segments = true;  // whether its client may have segments' descriptors
  // Over which its client may reach memory on its own; null: over none.
  std::shared_ptr<RdmaHost> rdma = nullptr;
};

class Volume : public std::enable_shared_from_this<Volume> {
 public:
  // Errors: kInvalidArgument (sizes that contradict each other); kNoMemory (prepared_bytes); kIo.
  // Blocks: while pages are populated.
  static Result<std::shared_ptr<Volume>> open(const VolumeOptions& options);

  explicit Volume(std::shared_ptr<VolumeCore> core) noexcept;
  ~Volume();
  Volume(const Volume&) = delete;
  Volume& operator=(const Volume&) = delete;

  // Errors: kUnavailable (it is closed).
  Result<std::shared_ptr<VolumeSession>> open_session(SessionOptions options);

  // Publishes values where they lie: the caller's memory stays where it is, and is read from there (offer.hpp). Errors:
  // those of VolumeControl::commit; kState (pages that are not there).
  Result<std::shared_ptr<Offer>> offer(std::span<const OfferItem> items, const OfferOptions& options);

  VolumeInfo info() const;

  // Tells this volume from the next one at the same address.
  uint64_t nonce() const noexcept;

  // Forgets all values. May be called again.
  void close() noexcept;

 private:
  const LiveCount live_{Kind::kVolume};
  const std::shared_ptr<VolumeCore> core_;
};

}  // namespace windlass
