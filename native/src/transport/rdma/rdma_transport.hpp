// The transport over RDMA: one-sided, into and out of the volume's segments.
//
// What moves is registered, and moves from where it lies, and to where it shall be; only small values, and what cannot
// be registered, are copied on their way. A few queue pairs serve all threads, each one at a time. A transfer that
// breaks its queue pair has it destroyed at both ends, and is tried once more over another: writing the same bytes to a
// slot that is still its own, or reading them, does no harm.
//
// Threads: any.
#pragma once

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "transport/rdma/rdma_client.hpp"
#include "transport/rdma/rdma_connection.hpp"
#include "transport/rdma/rdma_ends.hpp"
#include "transport/transport.hpp"

namespace windlass {

class RdmaTransport final : public Transport {
 public:
  RdmaTransport(std::shared_ptr<VerbsClient> client, std::unique_ptr<RdmaLink> link);
  ~RdmaTransport() override;

  // Makes the first queue pair.
  Status open(Deadline deadline);

  TransportKind kind() const noexcept override { return TransportKind::kRdma; }
  Status write(std::span<const WriteMove> moves, Deadline deadline) override;
  Status read(std::span<const ReadMove> moves, Deadline deadline) override;
  Result<std::unique_ptr<SlotMapping>> map(const RemoteRange& range, MapFor purpose, bool populate,
                                           Deadline deadline) override;

 private:
  using Pieces = std::shared_ptr<const std::vector<RdmaPiece>>;
  struct Plan;
  struct LocalPart;

  template <typename Move>
  Status move_all(std::span<const Move> moves, Deadline deadline);
  template <typename Move>
  Status try_once(std::span<const Move> moves, Deadline deadline);
  Status add(Plan& plan, std::byte* local, const RemoteRange& remote, bool writes, Deadline deadline);
  Status add_part(Plan& plan, const LocalPart& part, const RemoteRange& remote, bool writes,
                  std::span<const RdmaPiece> pieces);
  Result<std::vector<LocalPart>> parts_of(Plan& plan, std::byte* local, uint64_t bytes);

  Result<Pieces> pieces_of(uint64_t segment, Deadline deadline);
  Result<std::unique_ptr<RdmaConnection>> borrow(Deadline deadline);
  void give_back(std::unique_ptr<RdmaConnection> connection) noexcept;
  Status discard(std::unique_ptr<RdmaConnection> connection);

  const std::shared_ptr<VerbsClient> client_;
  const std::unique_ptr<RdmaLink> link_;
  std::mutex mutex_;  // guards what follows
  std::condition_variable returned_;
  std::vector<std::unique_ptr<RdmaConnection>> idle_;
  size_t open_ = 0;  // connections that there are, or are being made
  std::map<uint64_t, Pieces> segments_;
  bool said_copied_ = false;
};

}  // namespace windlass
