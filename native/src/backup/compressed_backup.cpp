#include "backup/compressed_backup.hpp"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <limits>
#include <utility>

#include "backup/host_view.hpp"
#include "base/bytes.hpp"
#include "base/contain.hpp"
#include "base/text.hpp"

namespace windlass {

namespace {

// How much of the stream goes to the inner backup at a time; a multiple of kHugePageBytes.
constexpr uint64_t kTailBytes = 4 * kMiB;

uint64_t count_of(uint64_t bytes, uint64_t unit) noexcept { return bytes / unit + (bytes % unit != 0 ? 1 : 0); }

}  // namespace

CompressedBackup::CompressedBackup(std::unique_ptr<Backup> inner, std::shared_ptr<ChunkWorkers> workers,
                                   const CompressedBackupOptions& options) noexcept
    : options_(options), inner_(std::move(inner)), workers_(std::move(workers)) {}

Status CompressedBackup::prepare(uint64_t bytes) {
  if (bytes > uint64_t{std::numeric_limits<int64_t>::max()}) {
    return Status::error(Code::kNoSpace, text("compressed backup: an image of ", bytes, " bytes is beyond any memory"));
  }
  const uint64_t chunk_count = count_of(bytes, chunk_bytes());
  std::vector<Chunk> chunks;
  std::vector<Piece> pieces;
  HostRange tail;
  Status ready = contain([&] {
    chunks.reserve(chunk_count);
    pieces.resize(2 * workers_->batch_chunks());
    Result<HostRange> range = HostRange::reserve(kTailBytes);
    if (!range.ok()) return range.status();
    tail = *std::move(range);
    WorkerPool alone(1);
    if (Status there = tail.populate(0, kTailBytes, alone); !there.ok()) return there;
    return workers_->prepare();
  });
  if (ready.ok()) ready = inner_->prepare(bytes + chunk_count * kChunkHeaderBytes);
  if (!ready.ok()) return ready.with_prefix("compressed backup");
  tail_ = std::move(tail);
  pieces_ = std::move(pieces);
  image_bytes_ = bytes;
  saved_bytes_ = tail_bytes_ = flushed_bytes_ = 0;
  state_ = State::kSaving;
  const std::lock_guard lock(index_mutex_);
  chunks_ = std::move(chunks);
  return Status();
}

Status CompressedBackup::save(Device& device, uint64_t address, uint64_t offset, uint64_t bytes) {
  if (state_ != State::kSaving || offset != saved_bytes_ || offset % kHugePageBytes != 0 ||
      !in_range(offset, bytes, image_bytes_)) {
    return Status::error(Code::kState, text("compressed backup: cannot save ", bytes_text(bytes), " at offset ", offset,
                                            " with ", bytes_text(saved_bytes_), " of ", bytes_text(image_bytes_),
                                            " saved; prepare first, then save in order, and settle when all is saved"));
  }
  Status saved = contain([&] {
    const ChunkWorkers::Shift shift = workers_->take_shift();
    workers_->forget_choices(shift);
    return save_chunks(device, address, offset, bytes, shift);
  });
  if (saved.ok()) {
    saved_bytes_ = offset + bytes;
  } else {
    state_ = State::kBroken;
  }
  return saved;
}

// While one batch is compressed, the one before is appended to the stream.
Status CompressedBackup::save_chunks(Device& device, uint64_t address, uint64_t offset, uint64_t bytes,
                                     const ChunkWorkers::Shift& shift) {
  const uint64_t count = count_of(bytes, chunk_bytes());
  const uint64_t batch = workers_->batch_chunks();
  std::span<const Piece> finished;
  size_t set = 0;
  for (uint64_t first = 0; first < count || !finished.empty(); set = 1 - set) {
    const uint64_t now = std::min(batch, count - first);
    const std::span<Piece> pieces = std::span(pieces_).subspan(set * batch, now);
    const std::span<std::byte> slots = workers_->slots(shift, set);
    const uint64_t before = finished.empty() ? 0 : 1;
    Status done = workers_->run(shift, now + before, [&](uint64_t index, ChunkWorkers::Bench& bench) {
      if (index < before) return append(finished);
      const uint64_t in_batch = index - before;
      const uint64_t at = (first + in_batch) * chunk_bytes();
      const std::span<std::byte> slot = slots.subspan(in_batch * workers_->slot_bytes(), workers_->slot_bytes());
      return encode(device, address + at, std::min(chunk_bytes(), bytes - at), slot, pieces[in_batch], bench);
    });
    if (!done.ok()) return done.with_prefix(text("compressed backup: saving at offset ", offset));
    finished = pieces;
    first += now;
  }
  return Status();
}

Status CompressedBackup::encode(Device& device, uint64_t address, uint64_t bytes, std::span<std::byte> slot,
                                Piece& piece, ChunkWorkers::Bench& bench) {
  std::span<const std::byte> raw(bench.room.data(), bytes);
  if (device.host_accessible()) {
    raw = {reinterpret_cast<const std::byte*>(address), bytes};
  } else if (Status copied = device.copy_out(bench.room.data(), address, bytes); !copied.ok()) {
    return copied;
  }
  piece.hash = hash(raw.data(), raw.size());
  piece.encoded = slot.first(bench.encoder.encode(options_.method, raw, slot));
  return Status();
}

// A chunk counts once all of it is in the tail or with the inner backup.
Status CompressedBackup::append(std::span<const Piece> pieces) {
  for (const Piece& piece : pieces) {
    const uint64_t stream_offset = flushed_bytes_ + tail_bytes_;
    for (std::span<const std::byte> left = piece.encoded; !left.empty();) {
      if (tail_bytes_ == kTailBytes) {
        if (Status flushed = flush(); !flushed.ok()) return flushed;
      }
      const uint64_t taken = std::min<uint64_t>(left.size(), kTailBytes - tail_bytes_);
      std::memcpy(tail_.address() + tail_bytes_, left.data(), taken);
      tail_bytes_ += taken;
      left = left.subspan(taken);
    }
    const std::lock_guard lock(index_mutex_);
    chunks_.push_back({stream_offset, piece.encoded.size(), piece.hash});  // The room was reserved.
  }
  return Status();
}

Status CompressedBackup::flush() {
  HostView tail({tail_.address(), tail_bytes_});
  Status saved = inner_->save(tail, tail.address(), flushed_bytes_, tail_bytes_);
  if (!saved.ok()) return saved;
  flushed_bytes_ += tail_bytes_;
  tail_bytes_ = 0;
  return Status();
}

uint64_t CompressedBackup::settled_bytes() const noexcept {
  const uint64_t settled = inner_->settled_bytes();
  const std::lock_guard lock(index_mutex_);
  const auto beyond = std::partition_point(chunks_.begin(), chunks_.end(), [settled](const Chunk& chunk) {
    return chunk.stream_offset + chunk.encoded_bytes <= settled;
  });
  return std::min(image_bytes_.load(), static_cast<uint64_t>(beyond - chunks_.begin()) * chunk_bytes());
}

Status CompressedBackup::settle() {
  if (state_ == State::kEmpty || state_ == State::kSettled) return Status();
  if (tail_bytes_ != 0) {
    if (Status flushed = flush(); !flushed.ok()) return flushed.with_prefix("compressed backup");
  }
  if (Status settled = inner_->settle(); !settled.ok()) return settled.with_prefix("compressed backup");
  state_ = State::kSettled;
  tail_ = HostRange();
  return Status();
}

Status CompressedBackup::restore(Device& device, uint64_t address, uint64_t offset, uint64_t bytes) {
  if (Status within = check_range(offset, bytes, "restore"); !within.ok()) return within;
  const bool direct = device.host_accessible();
  return for_each_chunk(
      offset / chunk_bytes(), count_of(offset + bytes, chunk_bytes()),
      [&](uint64_t chunk, std::span<const std::byte> encoded, ChunkWorkers::Bench& bench) {
        const uint64_t target = address + (chunk * chunk_bytes() - offset);
        const uint64_t chunk_raw_bytes = raw_bytes_of(chunk);
        if (direct) {
          return decode(chunk, encoded, {reinterpret_cast<std::byte*>(target), chunk_raw_bytes}, bench);
        }
        const std::span<std::byte> room(bench.room.data(), chunk_raw_bytes);
        Status decoded = decode(chunk, encoded, room, bench);
        return decoded.ok() ? device.copy_in(target, room.data(), room.size()) : decoded;
      });
}

Status CompressedBackup::read(uint64_t offset, void* target, uint64_t bytes) {
  if (bytes == 0) return Status();
  if (Status within = check_range(offset, bytes, "read"); !within.ok()) return within;
  auto* const out = static_cast<std::byte*>(target);
  return for_each_chunk(offset / chunk_bytes(), count_of(offset + bytes, chunk_bytes()),
                        [&](uint64_t chunk, std::span<const std::byte> encoded, ChunkWorkers::Bench& bench) {
                          const uint64_t start = chunk * chunk_bytes();
                          const uint64_t chunk_raw_bytes = raw_bytes_of(chunk);
                          const uint64_t from = std::max(offset, start);
                          const uint64_t to = std::min(offset + bytes, start + chunk_raw_bytes);
                          if (to - from == chunk_raw_bytes) {
                            return decode(chunk, encoded, {out + (from - offset), chunk_raw_bytes}, bench);
                          }
                          const std::span<std::byte> room(bench.room.data(), chunk_raw_bytes);
                          if (Status decoded = decode(chunk, encoded, room, bench); !decoded.ok()) return decoded;
                          std::memcpy(out + (from - offset), room.data() + (from - start), to - from);
                          return Status();
                        });
}

// While one batch is decoded, the next is fetched.
Status CompressedBackup::for_each_chunk(uint64_t first, uint64_t last, const Deliver& deliver) {
  // What an inner backup has not settled it need not be able to read. If it cannot settle, it says so when it is read.
  (void)settle();
  const ChunkWorkers::Shift shift = workers_->take_shift();
  const uint64_t batch = workers_->batch_chunks();
  const auto set_of = [&](size_t set, uint64_t from) {
    return std::span(pieces_).subspan(set * batch, std::min(batch, last - from));
  };
  if (Status there = locate(first, set_of(0, first), workers_->slots(shift, 0)); !there.ok()) return there;
  size_t set = 0;
  for (uint64_t now = first; now < last; set = 1 - set) {
    const std::span<const Piece> pieces = set_of(set, now);
    const uint64_t next = now + pieces.size();
    const uint64_t before = next < last ? 1 : 0;
    Status done = workers_->run(shift, pieces.size() + before, [&](uint64_t index, ChunkWorkers::Bench& bench) {
      if (index < before) return locate(next, set_of(1 - set, next), workers_->slots(shift, 1 - set));
      return deliver(now + index - before, pieces[index - before].encoded, bench);
    });
    if (!done.ok()) return done;
    now = next;
  }
  return Status();
}

// Where the inner backup's memory can be looked at, the chunks are decoded from there; what cannot is read into slots.
Status CompressedBackup::locate(uint64_t first, std::span<Piece> pieces, std::span<std::byte> slots) {
  for (size_t i = 0; i < pieces.size(); ++i) {
    const Chunk& chunk = chunks_[first + i];
    if (chunk.stream_offset + chunk.encoded_bytes <= flushed_bytes_) {
      const std::span<const std::byte> seen = inner_->view(chunk.stream_offset);
      if (seen.size() >= chunk.encoded_bytes) {
        pieces[i].encoded = seen.first(chunk.encoded_bytes);
        continue;
      }
    }
    const std::span<std::byte> slot = slots.subspan(i * workers_->slot_bytes(), chunk.encoded_bytes);
    pieces[i].encoded = slot;
    Status there = read_stream(chunk.stream_offset, slot.data(), slot.size());
    if (!there.ok()) return there.with_prefix(describe(first + i));
  }
  return Status();
}

Status CompressedBackup::read_stream(uint64_t offset, std::byte* target, uint64_t bytes) {
  const uint64_t inside = offset < flushed_bytes_ ? std::min(bytes, flushed_bytes_ - offset) : 0;
  if (inside != 0) {
    if (Status there = inner_->read(offset, target, inside); !there.ok()) return there;
  }
  if (inside == bytes) return Status();
  std::memcpy(target + inside, tail_.address() + (offset + inside - flushed_bytes_), bytes - inside);
  return Status();
}

Status CompressedBackup::decode(uint64_t chunk, std::span<const std::byte> encoded, std::span<std::byte> target,
                                ChunkWorkers::Bench& bench) {
  if (Status decoded = bench.decoder.decode(encoded, target); !decoded.ok()) {
    return decoded.with_prefix(describe(chunk));
  }
  if (hash(target.data(), target.size()) == chunks_[chunk].hash) return Status();
  return Status::error(Code::kCorrupt, text(describe(chunk), ": its bytes are not those that were saved; what the ",
                                            inner_->name(), " backup keeps was overwritten, or is faulty"));
}

void CompressedBackup::release() noexcept {
  inner_->release();
  if (retains()) return;
  state_ = State::kEmpty;
  saved_bytes_ = tail_bytes_ = flushed_bytes_ = 0;
  tail_ = HostRange();
  pieces_ = {};
  const std::lock_guard lock(index_mutex_);
  chunks_ = {};
}

CompressionCount CompressedBackup::count() const noexcept {
  const std::lock_guard lock(index_mutex_);
  if (chunks_.empty()) return {};
  return {std::min(image_bytes_.load(), chunks_.size() * chunk_bytes()),
          chunks_.back().stream_offset + chunks_.back().encoded_bytes};
}

uint64_t CompressedBackup::raw_bytes_of(uint64_t chunk) const noexcept {
  return std::min(chunk_bytes(), image_bytes_ - chunk * chunk_bytes());
}

Status CompressedBackup::check_range(uint64_t offset, uint64_t bytes, const char* verb) const {
  const uint64_t there = std::min(image_bytes_.load(), chunks_.size() * chunk_bytes());
  if (in_range(offset, bytes, there)) return Status();
  return Status::error(Code::kInvalidArgument,
                       text("compressed backup: cannot ", verb, " ", bytes_text(bytes), " at offset ", offset,
                            " of an image with ", bytes_text(there), " saved; ask for what was saved"));
}

std::string CompressedBackup::describe(uint64_t chunk) const {
  return text("compressed backup: chunk ", chunk, " at offset ", chunk * chunk_bytes());
}

}  // namespace windlass
