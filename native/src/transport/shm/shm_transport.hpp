// The transport of a client on the volume's machine: maps the slots' segments, and copies.
//
// It keeps the segments' descriptors, and those that it reads it keeps mapped, within limits: whoever reads a segment
// again, which mapping and faulting would double the price of, meets neither. For writing it keeps no mapping: one
// lives as long as its SlotMapping, or as its move, and what keeps mappings (a buffer) says so.
//
// What a volume says of a segment is checked against the file: it must be sealed, so that it cannot shrink under us,
// and large enough. A volume that lies is told kCorrupt, and nobody faults.
//
// Threads: any.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <utility>

#include "base/owned_descriptor.hpp"
#include "base/worker_pool.hpp"
#include "transport/shm/segment_file.hpp"
#include "transport/transport.hpp"

namespace windlass {

class ShmTransport final : public Transport {
 public:
  // Where descriptors come from: the volume's answer for a segment. May be called by several threads at once.
  using DescriptorSource = std::function<Result<OwnedDescriptor>(uint64_t segment, MapFor purpose, Deadline deadline)>;

  // worker_threads: that copy large moves; 0: as many as copying needs.
  explicit ShmTransport(DescriptorSource source, uint32_t worker_threads = 0);

  TransportKind kind() const noexcept override { return TransportKind::kShm; }
  Status write(std::span<const WriteMove> moves, Deadline deadline) override;
  Status read(std::span<const ReadMove> moves, Deadline deadline) override;
  Result<std::unique_ptr<SlotMapping>> map(const RemoteRange& range, MapFor purpose, bool populate,
                                           Deadline deadline) override;

  // Drops all descriptors and mappings that are in nobody's hands. They are got again when they are needed.
  void forget() noexcept;

 private:
  // What is mapped and copied at once: some moves whose slots lie one behind another, or a part of one.
  struct Piece;

  Result<std::shared_ptr<const MappableFile>> file_of(uint64_t segment, MapFor purpose, Deadline deadline);
  // A segment as a whole, for reading; nullptr if it is too large to be kept.
  Result<std::shared_ptr<const MappedRange>> kept(uint64_t segment, Deadline deadline);
  Result<MappedRange> map_range(const RemoteRange& range, MapFor purpose, bool populate, Deadline deadline);
  template <typename Move>
  Status move_piece(std::span<const Move> moves, const Piece& piece, Deadline deadline);
  template <typename Move>
  Status move_all(std::span<const Move> moves, Deadline deadline);

  const DescriptorSource source_;
  WorkerPool workers_;
  std::mutex mutex_;  // guards what follows
  std::map<std::pair<uint64_t, MapFor>, std::shared_ptr<const MappableFile>> files_;
  std::map<uint64_t, std::shared_ptr<const MappedRange>> kept_;
  uint64_t kept_bytes_ = 0;
};

}  // namespace windlass
