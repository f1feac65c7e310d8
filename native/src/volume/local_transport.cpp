#include "volume/local_transport.hpp"

#include <algorithm>
#include <cstring>
#include <utility>
#include <vector>

#include "base/text.hpp"
#include "memory/copy.hpp"
#include "transport/shm/segment_file.hpp"

namespace windlass {

namespace {

// One worker's share of a move.
constexpr uint64_t kPieceBytes = 8 * kMiB;

// Copies past the caches pay from here on; what is smaller is read again soon.
constexpr uint64_t kStreamedBytes = 256 * kKiB;

struct Piece {
  std::byte* target;
  const std::byte* source;
  uint64_t bytes;
};

void add_pieces(std::vector<Piece>& pieces, Piece whole) {
  for (uint64_t first = 0; first < whole.bytes; first += kPieceBytes) {
    pieces.push_back({whole.target + first, whole.source + first, std::min(kPieceBytes, whole.bytes - first)});
  }
}

Status copy_pieces(WorkerPool& workers, const std::vector<Piece>& pieces, Deadline deadline) {
  uint64_t sum = 0;
  for (const Piece& piece : pieces) sum += piece.bytes;
  const auto copy_piece = [&](uint64_t index) {
    const Piece& piece = pieces[index];
    if (piece.bytes < kStreamedBytes) {
      std::memcpy(piece.target, piece.source, piece.bytes);
      return Status();
    }
    if (deadline.expired()) return Status::error(Code::kTimeout, "local: the time was up while copying; allow more");
    copy(piece.target, piece.source, piece.bytes);
    return Status();
  };
  if (sum > kPieceBytes) return workers.run(pieces.size(), copy_piece);
  for (uint64_t i = 0; i < pieces.size(); ++i) {
    if (Status copied = copy_piece(i); !copied.ok()) return copied;
  }
  return Status();
}

class LocalMapping final : public SlotMapping {
 public:
  LocalMapping(std::shared_ptr<SegmentFile> file, const RemoteRange& range) noexcept
      : file_(std::move(file)), offset_(range.offset), bytes_(range.bytes) {}
  std::byte* address() const noexcept override { return file_ == nullptr ? nullptr : file_->address() + offset_; }
  uint64_t bytes() const noexcept override { return bytes_; }

 private:
  const std::shared_ptr<SegmentFile> file_;
  const uint64_t offset_;
  const uint64_t bytes_;
};

uint32_t threads_for_copying() noexcept {
  const uint32_t all = WorkerPool::default_thread_count();
  return all / 2 + all % 2;
}

}  // namespace

LocalTransport::LocalTransport(std::shared_ptr<VolumeSession> session, uint32_t worker_threads)
    : session_(std::move(session)), workers_(worker_threads == 0 ? threads_for_copying() : worker_threads) {}

Status LocalTransport::write(std::span<const WriteMove> moves, Deadline deadline) {
  std::vector<RemoteRange> ranges;
  ranges.reserve(moves.size());
  for (const WriteMove& move : moves) ranges.push_back(move.remote);
  Result<SlotHold> held = session_->hold(ranges, MapFor::kWriting);
  if (!held.ok()) return held.status();
  std::vector<Piece> pieces;
  pieces.reserve(moves.size());
  for (size_t i = 0; i < moves.size(); ++i) {
    add_pieces(pieces, {held->parts()[i].data(), moves[i].source, held->parts()[i].size()});
  }
  Status copied = copy_pieces(workers_, pieces, deadline);
  if (copied.ok()) held->finish();
  return copied;
}

Status LocalTransport::read(std::span<const ReadMove> moves, Deadline deadline) {
  std::vector<RemoteRange> ranges;
  ranges.reserve(moves.size());
  for (const ReadMove& move : moves) ranges.push_back(move.remote);
  const Result<SlotHold> held = session_->hold(ranges, MapFor::kReading);
  if (!held.ok()) return held.status();
  std::vector<Piece> pieces;
  pieces.reserve(moves.size());
  for (size_t i = 0; i < moves.size(); ++i) {
    add_pieces(pieces, {moves[i].target, held->parts()[i].data(), held->parts()[i].size()});
  }
  return copy_pieces(workers_, pieces, deadline);
}

Result<std::unique_ptr<SlotMapping>> LocalTransport::map(const RemoteRange& range, MapFor purpose, bool /*populate*/,
                                                         Deadline /*deadline*/) {
  if (range.bytes == 0) return std::unique_ptr<SlotMapping>(std::make_unique<LocalMapping>(nullptr, RemoteRange()));
  Result<std::shared_ptr<SegmentFile>> file = session_->segment_of(range, purpose);
  if (!file.ok()) return file.status();
  return std::unique_ptr<SlotMapping>(std::make_unique<LocalMapping>(*std::move(file), range));
}

}  // namespace windlass
