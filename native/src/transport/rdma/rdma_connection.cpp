#include "transport/rdma/rdma_connection.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "base/nonce.hpp"
#include "base/text.hpp"

namespace windlass {

namespace {

constexpr uint64_t kMostBytesUnderWay = 16 * kMiB;
// So many are posted at once; the last of them asks to be told.
constexpr size_t kChain = 8;

}  // namespace

Result<std::unique_ptr<RdmaConnection>> RdmaConnection::open(const std::shared_ptr<RdmaDomain>& domain,
                                                             const RdmaPath& path, RdmaLink& link, Deadline deadline) {
  std::vector<std::byte> cells(size_t{kDepth} * kCellBytes);
  Result<std::unique_ptr<Registration>> registration =
      domain->register_memory(cells.data(), cells.size(), access_bits(RegistrationAccess::kLocal));
  if (!registration.ok()) return registration.status();
  QueuePairOptions options;
  options.path = path;
  options.depth = kDepth;
  Result<std::unique_ptr<QueuePair>> pair = QueuePair::open(domain, options);
  if (!pair.ok()) return pair.status();
  RdmaEndpoint mine = (*pair)->endpoint();
  mine.nonce = fresh_nonce();
  Result<RdmaEndpoint> theirs = link.connect(mine, deadline);
  if (!theirs.ok()) return theirs.status();
  Status connected =
      theirs->nonce == mine.nonce && theirs->version == kRdmaVersion
          ? (*pair)->connect(*theirs)
          : Status::error(Code::kCorrupt, "the volume's RDMA endpoint answers another request than ours");
  if (!connected.ok()) {
    static_cast<void>(link.disconnect(theirs->connection, deadline).ok());
    return connected;
  }
  return std::make_unique<RdmaConnection>(std::move(cells), *std::move(registration), *std::move(pair),
                                          theirs->connection);
}

RdmaConnection::RdmaConnection(std::vector<std::byte> cells, std::unique_ptr<Registration> registration,
                               std::unique_ptr<QueuePair> pair, uint64_t number) noexcept
    : cells_(std::move(cells)), registration_(std::move(registration)), pair_(std::move(pair)), number_(number) {}

Status RdmaConnection::run(std::span<const RdmaSlice> slices, Deadline deadline) {
  size_t posted = 0;
  size_t done = 0;
  uint64_t bytes = 0;  // under way
  std::array<ibv_wc, kDepth> completions{};
  while (done < slices.size()) {
    if (const size_t end = chain_end(slices, posted, done, bytes); end != posted) {
      for (size_t at = posted; at < end; ++at) bytes += slices[at].bytes;
      if (Status taken = post(slices, posted, end); !taken.ok()) return taken;
      posted = end;
      continue;
    }
    Result<size_t> came = pair_->wait(completions, deadline);
    if (!came.ok()) return came.status();
    for (size_t at = 0; at < *came; ++at) {
      if (Status taken = take(completions[at], slices, done, bytes); !taken.ok()) return taken;
    }
  }
  return Status();
}

// Behind the last slice that is posted next; first where there is no room for one, or nothing left.
size_t RdmaConnection::chain_end(std::span<const RdmaSlice> slices, size_t first, size_t done,
                                 uint64_t bytes) const noexcept {
  size_t end = first;
  while (end < slices.size() && end - first < kChain && end - done < kDepth) {
    if (bytes != 0 && bytes + slices[end].bytes > kMostBytesUnderWay) break;
    bytes += slices[end].bytes;
    ++end;
  }
  return end;
}

Status RdmaConnection::post(std::span<const RdmaSlice> slices, size_t first, size_t end) {
  std::array<ibv_send_wr, kChain> work{};
  std::array<ibv_sge, kChain> places{};
  for (size_t at = first; at < end; ++at) {
    const RdmaSlice& slice = slices[at];
    const bool staged = slice.copied || slice.local == nullptr;
    if (slice.copied && slice.writes && slice.local != nullptr) std::memcpy(cell(at), slice.local, slice.bytes);
    ibv_sge& place = places[at - first];
    place.addr = reinterpret_cast<uint64_t>(staged ? cell(at) : slice.local);
    place.length = slice.bytes;
    place.lkey = staged ? registration_->local_key() : slice.local_key;
    ibv_send_wr& one = work[at - first];
    one.wr_id = at;
    one.next = at + 1 < end ? &work[at - first + 1] : nullptr;
    one.sg_list = &place;
    one.num_sge = 1;
    one.opcode = slice.writes ? IBV_WR_RDMA_WRITE : IBV_WR_RDMA_READ;
    one.send_flags = at + 1 == end ? static_cast<unsigned>(IBV_SEND_SIGNALED) : 0U;
    one.wr.rdma.remote_addr = slice.remote;
    one.wr.rdma.rkey = slice.remote_key;
  }
  return pair_->post(work.data());
}

// All up to the one that it tells of are done.
Status RdmaConnection::take(const ibv_wc& completion, std::span<const RdmaSlice> slices, size_t& done,
                            uint64_t& bytes) {
  if (completion.status != IBV_WC_SUCCESS) {
    const std::string_view hint = completion.status == IBV_WC_REM_ACCESS_ERR
                                      ? "; the memory there is not registered any more"
                                  : completion.status == IBV_WC_RETRY_EXC_ERR
                                      ? "; the volume's end does not answer: it is gone, or the network loses all"
                                      : "";
    return Status::error(Code::kUnavailable,
                         text("RDMA to the volume broke: ", pair_->status_name(completion.status), hint),
                         static_cast<int>(completion.status));
  }
  for (; done < slices.size() && done <= completion.wr_id; ++done) {
    retire(slices[done], done);
    bytes -= slices[done].bytes;
  }
  return Status();
}

void RdmaConnection::retire(const RdmaSlice& slice, size_t index) noexcept {
  if (slice.copied && !slice.writes) std::memcpy(slice.local, cell(index), slice.bytes);
}

}  // namespace windlass
