#include "device/cuda/cuda_extents.hpp"

#include <algorithm>
#include <iterator>

#include "base/bytes.hpp"
#include "base/text.hpp"

namespace windlass {

namespace {

constexpr const char* kAtWork = "in use by another call; wait for it first";

}  // namespace

Status CudaExtents::refused(const char* verb, uint64_t address, uint64_t bytes, const char* why) const {
  return Status::error(Code::kInvalidArgument,
                       text(owner_, ": cannot ", verb, " ", bytes, " bytes at ", hex_text(address), ": ", why));
}

Status CudaExtents::refused_piece(PhysicalId physical, const char* why) const {
  return Status::error(Code::kInvalidArgument, text(owner_, ": physical memory ", physical, " is ", why));
}

Status CudaExtents::check_size(const char* verb, uint64_t bytes) const {
  if (bytes != 0 && bytes % granularity_bytes_ == 0) return Status();
  return Status::error(Code::kInvalidArgument, text(owner_, ": cannot ", verb, " ", bytes,
                                                    " bytes: it takes multiples of ", bytes_text(granularity_bytes_)));
}

void CudaExtents::add_range(uint64_t address, uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  ranges_.emplace(address, bytes);
}

Result<CudaExtents::Ranges::node_type> CudaExtents::begin_unreserve(uint64_t address, uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  const auto range = ranges_.find(address);
  if (range == ranges_.end() || range->second != bytes) {
    return refused("unreserve", address, bytes, "no range was reserved there with that size");
  }
  if (first_piece_locked(address, bytes) != mapped_.end()) {
    return refused("unreserve", address, bytes, "memory is still mapped there; unmap it first");
  }
  return ranges_.extract(range);
}

void CudaExtents::end_unreserve(Ranges::node_type range, bool gone) noexcept {
  if (gone) return;
  const std::lock_guard lock(mutex_);
  ranges_.insert(std::move(range));
}

PhysicalId CudaExtents::add_piece(cuda::MemoryHandle handle, uint64_t bytes, bool fresh) {
  const std::lock_guard lock(mutex_);
  const PhysicalId id = last_id_ + 1;
  Piece piece;
  piece.handle = handle;
  piece.bytes = bytes;
  piece.fresh = fresh;
  pieces_.emplace(id, piece);
  last_id_ = id;
  used_bytes_ += bytes;
  return id;
}

Result<CudaExtents::Piece*> CudaExtents::idle_piece_locked(PhysicalId physical) {
  const auto piece = pieces_.find(physical);
  if (piece == pieces_.end()) return refused_piece(physical, "not of this device");
  if (piece->second.busy) return refused_piece(physical, kAtWork);
  return &piece->second;
}

Result<cuda::MemoryHandle> CudaExtents::begin_release(PhysicalId physical) {
  const std::lock_guard lock(mutex_);
  Result<Piece*> piece = idle_piece_locked(physical);
  if (!piece.ok()) return piece.status();
  if ((*piece)->mapped_at != 0) return refused_piece(physical, "still mapped; unmap it first");
  if ((*piece)->users != 0) return refused_piece(physical, kAtWork);
  (*piece)->busy = true;
  return (*piece)->handle;
}

void CudaExtents::end_release(PhysicalId physical, bool gone) noexcept {
  const std::lock_guard lock(mutex_);
  const auto piece = pieces_.find(physical);
  if (!gone) {
    piece->second.busy = false;
    return;
  }
  used_bytes_ -= piece->second.bytes;
  pieces_.erase(piece);
}

Result<cuda::MemoryHandle> CudaExtents::begin_use(PhysicalId physical) {
  const std::lock_guard lock(mutex_);
  Result<Piece*> piece = idle_piece_locked(physical);
  if (!piece.ok()) return piece.status();
  ++(*piece)->users;
  return (*piece)->handle;
}

void CudaExtents::end_use(PhysicalId physical) noexcept {
  const std::lock_guard lock(mutex_);
  --pieces_.find(physical)->second.users;
}

Result<cuda::MemoryHandle> CudaExtents::begin_map(uint64_t address, uint64_t bytes, PhysicalId physical) {
  const std::lock_guard lock(mutex_);
  Result<Piece*> piece = idle_piece_locked(physical);
  if (!piece.ok()) return piece.status();
  if ((*piece)->bytes != bytes) return refused("map", address, bytes, "the physical memory has another size");
  if ((*piece)->mapped_at != 0) return refused("map", address, bytes, "the physical memory is mapped already");
  if (address % granularity_bytes_ != 0) return refused("map", address, bytes, "the address is not aligned");
  if (!reserved_locked(address, bytes)) return refused("map", address, bytes, "nothing is reserved there");
  if (first_piece_locked(address, bytes) != mapped_.end()) {
    return refused("map", address, bytes, "something is mapped there already");
  }
  mapped_.emplace(address, *piece);
  (*piece)->mapped_at = address;
  (*piece)->busy = true;
  (*piece)->usable = false;
  return (*piece)->handle;
}

void CudaExtents::end_map(uint64_t address, bool mapped) noexcept {
  const std::lock_guard lock(mutex_);
  const auto at = mapped_.find(address);
  at->second->busy = false;
  if (mapped) return;
  at->second->mapped_at = 0;
  mapped_.erase(at);
}

Status CudaExtents::begin_unmap(uint64_t address, uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  if (Status whole = check_whole_locked("unmap", address, bytes); !whole.ok()) return whole;
  const auto last = mapped_.lower_bound(address + bytes);
  const bool used = std::any_of(mapped_.find(address), last, [](const auto& at) { return at.second->users != 0; });
  if (used) return refused("unmap", address, bytes, "it is used by another call, a copy perhaps; wait for it first");
  std::for_each(mapped_.find(address), last, [](const auto& at) { at.second->busy = true; });
  return Status();
}

void CudaExtents::end_unmap(uint64_t address, uint64_t bytes, bool gone) noexcept {
  const std::lock_guard lock(mutex_);
  const auto first = mapped_.find(address);
  const auto last = mapped_.lower_bound(address + bytes);
  for (auto at = first; at != last; ++at) {
    at->second->busy = false;
    if (!gone) continue;
    at->second->mapped_at = 0;
    at->second->usable = false;
  }
  if (gone) mapped_.erase(first, last);
}

Result<std::vector<CudaExtents::Run>> CudaExtents::begin_access(uint64_t address, uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  if (Status whole = check_whole_locked("give access to", address, bytes); !whole.ok()) return whole;
  std::vector<Run> runs;
  const auto first = mapped_.find(address);
  const auto last = mapped_.lower_bound(address + bytes);
  for (auto at = first; at != last; ++at) {
    const Piece& piece = *at->second;
    if (piece.usable) continue;
    const bool joins = !runs.empty() && runs.back().address + runs.back().bytes == at->first;
    if (joins && runs.back().fresh == piece.fresh) {
      runs.back().bytes += piece.bytes;
    } else {
      runs.push_back({at->first, piece.bytes, piece.fresh});
    }
  }
  std::for_each(first, last, [](const auto& at) { at.second->busy = true; });
  return runs;
}

void CudaExtents::end_access(uint64_t address, uint64_t bytes, bool usable) noexcept {
  const std::lock_guard lock(mutex_);
  const auto last = mapped_.lower_bound(address + bytes);
  for (auto at = mapped_.find(address); at != last; ++at) {
    at->second->busy = false;
    if (!usable) continue;
    at->second->usable = true;
    at->second->fresh = false;
  }
}

Status CudaExtents::begin_copy(uint64_t address, uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  if (bytes == 0) return Status();
  const auto first = first_piece_locked(address, bytes);
  uint64_t at = address;
  auto piece = first;
  for (; piece != mapped_.end() && piece->first <= at && at - address < bytes; ++piece) {
    if (piece->second->busy) return refused("copy", address, bytes, "another call is changing it; wait for it first");
    if (!piece->second->usable) return refused("copy", address, bytes, "it has no access; set_access it first");
    at = piece->first + piece->second->bytes;
  }
  if (at - address < bytes) return refused("copy", address, bytes, "not all of it is mapped");
  std::for_each(first, piece, [](const auto& each) { ++each.second->users; });
  return Status();
}

void CudaExtents::end_copy(uint64_t address, uint64_t bytes) noexcept {
  const std::lock_guard lock(mutex_);
  if (bytes == 0) return;
  const MappedPieces::const_iterator last = mapped_.lower_bound(address + bytes);
  std::for_each(first_piece_locked(address, bytes), last, [](const auto& each) { --each.second->users; });
}

Result<uint64_t> CudaExtents::mapped_bytes(uint64_t address, uint64_t bytes) const {
  const std::lock_guard lock(mutex_);
  if (!reserved_locked(address, bytes)) return refused("count", address, bytes, "nothing is reserved there");
  const uint64_t end = address + bytes;
  uint64_t sum = 0;
  for (auto piece = first_piece_locked(address, bytes); piece != mapped_.end() && piece->first < end; ++piece) {
    sum += std::min(piece->first + piece->second->bytes, end) - std::max(piece->first, address);
  }
  return sum;
}

uint64_t CudaExtents::used_bytes() const {
  const std::lock_guard lock(mutex_);
  return used_bytes_;
}

CudaExtents::Leftovers CudaExtents::take_all() {
  const std::lock_guard lock(mutex_);
  Leftovers left;
  for (const auto& [address, piece] : mapped_) left.mapped.push_back({address, piece->bytes, false});
  for (const auto& [id, piece] : pieces_) left.handles.push_back(piece.handle);
  for (const auto& [address, bytes] : ranges_) left.ranges.push_back({address, bytes, false});
  mapped_.clear();
  pieces_.clear();
  ranges_.clear();
  used_bytes_ = 0;
  return left;
}

bool CudaExtents::reserved_locked(uint64_t address, uint64_t bytes) const {
  const auto after = ranges_.upper_bound(address);
  if (after == ranges_.begin()) return false;
  const auto& [start, range_bytes] = *std::prev(after);
  return in_range(address - start, bytes, range_bytes);
}

CudaExtents::MappedPieces::const_iterator CudaExtents::first_piece_locked(uint64_t address, uint64_t bytes) const {
  const auto piece = mapped_.upper_bound(address);
  if (piece != mapped_.begin()) {
    const auto before = std::prev(piece);
    if (address - before->first < before->second->bytes) return before;
  }
  return piece != mapped_.end() && piece->first - address < bytes ? piece : mapped_.end();
}

Status CudaExtents::check_whole_locked(const char* verb, uint64_t address, uint64_t bytes) const {
  uint64_t covered = 0;
  auto piece = mapped_.find(address);
  for (; piece != mapped_.end() && piece->first - address == covered && covered < bytes; ++piece) {
    if (piece->second->busy) return refused(verb, address, bytes, "another call is changing it; wait for it first");
    covered += piece->second->bytes;
  }
  if (bytes != 0 && covered == bytes) return Status();
  return refused(verb, address, bytes, "it is not made of whole mapped pieces");
}

}  // namespace windlass
