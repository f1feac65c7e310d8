#include "transport/shm/shm_transport.hpp"

#include <algorithm>
#include <cstring>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.hpp"
#include "base/text.hpp"
#include "memory/copy.hpp"

namespace windlass {

struct ShmTransport::Piece {
  size_t begin = 0;  // moves [begin, end)
  size_t end = 0;
  uint64_t first = 0;   // of the only move, the byte with which it begins
  uint64_t offset = 0;  // in the segment
  uint64_t bytes = 0;
};

namespace {

// One worker's share of a move, and of what is mapped at once: so large that mapping costs little.
constexpr uint64_t kPieceBytes = 8 * kMiB;

// Moves whose slots lie no further apart are mapped together: a mapping costs more than as many pages too much.
constexpr uint64_t kGapBytes = 64 * kKiB;

// Copies past the caches pay from here on; what is smaller is read again soon.
constexpr uint64_t kStreamedBytes = 256 * kKiB;

// Segments whose descriptors are kept at most, so that a volume of many small ones does not use them up.
constexpr size_t kMostFiles = 256;

// Segments that are kept mapped for reading: a sixteenth of a percent of so many bytes, in page tables, is the price.
constexpr size_t kMostKept = 128;
constexpr uint64_t kMostKeptBytes = 16 * kGiB;

constexpr MapFor purpose_of(const WriteMove& /*move*/) noexcept { return MapFor::kWriting; }
constexpr MapFor purpose_of(const ReadMove& /*move*/) noexcept { return MapFor::kReading; }

// Writing meets a fault for each page, unless they are mapped at once; reading one for many, which costs less than
// that.
constexpr bool populates(const WriteMove& /*move*/) noexcept { return true; }
constexpr bool populates(const ReadMove& /*move*/) noexcept { return false; }

void copy_bytes(void* target, const void* source, uint64_t bytes) noexcept {
  if (bytes >= kStreamedBytes) {
    copy(target, source, bytes);
  } else {
    std::memcpy(target, source, bytes);
  }
}

void move_bytes(const WriteMove& move, uint64_t first, uint64_t count, std::byte* slot) noexcept {
  copy_bytes(slot, move.source + first, count);
}

void move_bytes(const ReadMove& move, uint64_t first, uint64_t count, const std::byte* slot) noexcept {
  copy_bytes(move.target + first, slot, count);
}

template <typename Piece, typename Move>
bool joins(const Piece& piece, const Move& first, const RemoteRange& next) noexcept {
  const uint64_t end = piece.offset + piece.bytes;
  return next.segment == first.remote.segment && next.offset >= end && next.offset - end <= kGapBytes &&
         next.offset + next.bytes - piece.offset <= kPieceBytes;
}

template <typename Piece, typename Move>
std::vector<Piece> pieces_of(std::span<const Move> moves) {
  std::vector<Piece> pieces;
  bool open = false;  // whether the last piece may grow
  for (size_t i = 0; i < moves.size(); ++i) {
    const RemoteRange& range = moves[i].remote;
    if (range.bytes == 0) continue;
    if (range.bytes > kPieceBytes) {
      for (uint64_t first = 0; first < range.bytes; first += kPieceBytes) {
        const uint64_t count = std::min(kPieceBytes, range.bytes - first);
        pieces.push_back({i, i + 1, first, range.offset + first, count});
      }
      open = false;
    } else if (open && joins(pieces.back(), moves[pieces.back().begin], range)) {
      pieces.back().end = i + 1;
      pieces.back().bytes = range.offset + range.bytes - pieces.back().offset;
    } else {
      pieces.push_back({i, i + 1, 0, range.offset, range.bytes});
      open = true;
    }
  }
  return pieces;
}

template <typename Move>
Status check_moves(std::span<const Move> moves) {
  for (const Move& move : moves) {
    const RemoteRange& range = move.remote;
    if (range.bytes != 0 && range.offset > UINT64_MAX - range.bytes) {
      return Status::error(Code::kInvalidArgument, text("a range of ", range.bytes, " bytes at ", range.offset,
                                                        " ends beyond all numbers; the volume gives none such"));
    }
  }
  return Status();
}

class ShmMapping final : public SlotMapping {
 public:
  explicit ShmMapping(MappedRange range) noexcept : range_(std::move(range)) {}
  std::byte* address() const noexcept override { return range_.address(); }
  uint64_t bytes() const noexcept override { return range_.bytes(); }

 private:
  const MappedRange range_;
};

// A part of a segment that is kept mapped.
class ShmView final : public SlotMapping {
 public:
  ShmView(std::shared_ptr<const MappedRange> whole, uint64_t offset, uint64_t bytes) noexcept
      : whole_(std::move(whole)), offset_(offset), bytes_(bytes) {}
  std::byte* address() const noexcept override { return whole_->address() + offset_; }
  uint64_t bytes() const noexcept override { return bytes_; }

 private:
  const std::shared_ptr<const MappedRange> whole_;
  const uint64_t offset_;
  const uint64_t bytes_;
};

bool lies_in(const MappedRange& whole, uint64_t offset, uint64_t bytes) noexcept {
  return in_range(offset, bytes, whole.bytes());
}

uint32_t threads_for_copying() noexcept {
  const uint32_t all = WorkerPool::default_thread_count();
  return all / 2 + all % 2;
}

}  // namespace

ShmTransport::ShmTransport(DescriptorSource source, uint32_t worker_threads)
    : source_(std::move(source)), workers_(worker_threads == 0 ? threads_for_copying() : worker_threads) {}

Result<std::shared_ptr<const MappableFile>> ShmTransport::file_of(uint64_t segment, MapFor purpose, Deadline deadline) {
  const std::pair<uint64_t, MapFor> name{segment, purpose};
  {
    const std::lock_guard lock(mutex_);
    if (const auto found = files_.find(name); found != files_.end()) return found->second;
  }
  // Asked for without the lock: the volume may take its time. Two that ask at once get one each, and one is kept.
  Result<OwnedDescriptor> given = source_(segment, purpose, deadline);
  if (!given.ok()) return given.status();
  Result<MappableFile> checked = MappableFile::check(*std::move(given), purpose);
  if (!checked.ok()) return checked.status();
  auto file = std::make_shared<const MappableFile>(*std::move(checked));
  const std::lock_guard lock(mutex_);
  // Ids only grow, and what is gone is gone for good: the lowest is the likeliest to be of no use.
  if (files_.size() >= kMostFiles) files_.erase(files_.begin());
  return files_.try_emplace(name, std::move(file)).first->second;
}

Result<MappedRange> ShmTransport::map_range(const RemoteRange& range, MapFor purpose, bool populate,
                                            Deadline deadline) {
  Result<std::shared_ptr<const MappableFile>> file = file_of(range.segment, purpose, deadline);
  if (!file.ok()) return file.status();
  return (*file)->map(range.offset, range.bytes, populate);
}

Result<std::shared_ptr<const MappedRange>> ShmTransport::kept(uint64_t segment, Deadline deadline) {
  {
    const std::lock_guard lock(mutex_);
    if (const auto found = kept_.find(segment); found != kept_.end()) return found->second;
  }
  Result<std::shared_ptr<const MappableFile>> file = file_of(segment, MapFor::kReading, deadline);
  if (!file.ok()) return file.status();
  const uint64_t bytes = (*file)->bytes();
  if (bytes > kMostKeptBytes) return std::shared_ptr<const MappedRange>();
  Result<MappedRange> mapped = (*file)->map(0, bytes, false);
  if (!mapped.ok()) return mapped.status();
  auto whole = std::make_shared<const MappedRange>(*std::move(mapped));
  const std::lock_guard lock(mutex_);
  while (!kept_.empty() && (kept_.size() >= kMostKept || kept_bytes_ > kMostKeptBytes - bytes)) {
    kept_bytes_ -= kept_.begin()->second->bytes();
    kept_.erase(kept_.begin());
  }
  const auto [place, added] = kept_.try_emplace(segment, std::move(whole));
  if (added) kept_bytes_ += bytes;
  return place->second;
}

template <typename Move>
Status ShmTransport::move_piece(std::span<const Move> moves, const Piece& piece, Deadline deadline) {
  const Move& first = moves[piece.begin];
  std::shared_ptr<const MappedRange> whole;
  MappedRange own;
  if (purpose_of(first) == MapFor::kReading) {
    Result<std::shared_ptr<const MappedRange>> found = kept(first.remote.segment, deadline);
    if (!found.ok()) return found.status();
    whole = *std::move(found);
  }
  // A range that lies outside is told by the one who maps it.
  if (whole == nullptr || !lies_in(*whole, piece.offset, piece.bytes)) {
    Result<MappedRange> mapped = map_range({first.remote.token, first.remote.segment, piece.offset, piece.bytes},
                                           purpose_of(first), populates(first), deadline);
    if (!mapped.ok()) return mapped.status();
    own = *std::move(mapped);
    whole = nullptr;
  }
  std::byte* const address = whole != nullptr ? whole->address() + piece.offset : own.address();
  if (piece.end - piece.begin == 1) {
    move_bytes(first, piece.first, piece.bytes, address);
    return Status();
  }
  for (size_t i = piece.begin; i < piece.end; ++i) {
    if (moves[i].remote.bytes == 0) continue;
    move_bytes(moves[i], 0, moves[i].remote.bytes, address + (moves[i].remote.offset - piece.offset));
  }
  return Status();
}

template <typename Move>
Status ShmTransport::move_all(std::span<const Move> moves, Deadline deadline) {
  if (Status sound = check_moves(moves); !sound.ok()) return sound;
  const std::vector<Piece> pieces = pieces_of<Piece>(moves);
  if (pieces.empty()) return Status();
  if (pieces.size() == 1) return move_piece(moves, pieces.front(), deadline);
  return workers_.run(pieces.size(), [&](uint64_t index) {
    if (!deadline.expired()) return move_piece(moves, pieces[index], deadline);
    return Status::error(Code::kTimeout, text("shm: the time was up after about ", index, " of ", pieces.size(),
                                              " pieces were moved; allow more time"));
  });
}

Status ShmTransport::write(std::span<const WriteMove> moves, Deadline deadline) { return move_all(moves, deadline); }

Status ShmTransport::read(std::span<const ReadMove> moves, Deadline deadline) { return move_all(moves, deadline); }

Result<std::unique_ptr<SlotMapping>> ShmTransport::map(const RemoteRange& range, MapFor purpose, bool populate,
                                                       Deadline deadline) {
  if (range.bytes == 0) return std::unique_ptr<SlotMapping>(std::make_unique<ShmMapping>(MappedRange()));
  if (range.offset > UINT64_MAX - range.bytes) {
    return Status::error(Code::kInvalidArgument, "a range that ends beyond all numbers; the volume gives none such");
  }
  if (purpose == MapFor::kReading && !populate) {
    Result<std::shared_ptr<const MappedRange>> whole = kept(range.segment, deadline);
    if (!whole.ok()) return whole.status();
    if (*whole != nullptr && lies_in(**whole, range.offset, range.bytes)) {
      return std::unique_ptr<SlotMapping>(std::make_unique<ShmView>(*std::move(whole), range.offset, range.bytes));
    }
  }
  Result<MappedRange> mapped = map_range(range, purpose, populate, deadline);
  if (!mapped.ok()) return mapped.status();
  return std::unique_ptr<SlotMapping>(std::make_unique<ShmMapping>(*std::move(mapped)));
}

void ShmTransport::forget() noexcept {
  const std::lock_guard lock(mutex_);
  files_.clear();
  kept_.clear();
  kept_bytes_ = 0;
}

}  // namespace windlass
