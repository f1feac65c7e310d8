// Backup that compresses, over any other backup, which keeps the compressed stream.
//
// The image is cut into chunks. Several threads compress them, each chunk on its own, and they are appended in order to
// a stream, which goes to the inner backup as its image, a few MiB at a time. An index in memory says where each chunk
// lies in the stream, and which hash its bytes have: a restore that finds others fails, and names the chunk.
//
// The inner backup is asked for room for chunks that do not shrink at all, so that no pause fails half-way for want of
// it, and gives the rest up when it is settled. One that retains keeps the rest too, for the next pause.
//
// What is not yet a whole step of the stream waits in memory of this backup (4 MiB, from prepare to settle). All other
// memory for the work is the ChunkWorkers', which any number of backups share, but not one and its own inner backup.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include "backup/backup.hpp"
#include "codec/chunk_workers.hpp"
#include "memory/copy.hpp"
#include "memory/host_pages.hpp"

namespace windlass {

struct CompressedBackupOptions {
  std::optional<Method> method;  // none: each chunk's is chosen by what the chunk is like
};

// What became of the image that is kept now.
struct CompressionCount {
  uint64_t raw_bytes = 0;
  uint64_t compressed_bytes = 0;
};

class CompressedBackup final : public Backup {
 public:
  CompressedBackup(std::unique_ptr<Backup> inner, std::shared_ptr<ChunkWorkers> workers,
                   const CompressedBackupOptions& options) noexcept;

  std::string_view name() const noexcept override { return "compressed"; }
  bool keeps_bytes() const noexcept override { return inner_->keeps_bytes(); }
  Status prepare(uint64_t bytes) override;
  // offset must be where the last save ended.
  Status save(Device& device, uint64_t address, uint64_t offset, uint64_t bytes) override;
  uint64_t settled_bytes() const noexcept override;
  Status settle() override;
  Status restore(Device& device, uint64_t address, uint64_t offset, uint64_t bytes) override;
  Status read(uint64_t offset, void* target, uint64_t bytes) override;
  std::span<const std::byte> view(uint64_t /*offset*/) const noexcept override { return {}; }
  void release() noexcept override;
  bool retains() const noexcept override { return inner_->retains(); }
  uint64_t held_bytes() const noexcept override { return inner_->held_bytes(); }
  uint64_t stored_bytes() const noexcept override { return inner_->stored_bytes(); }

  // Any thread may ask.
  CompressionCount count() const noexcept;

 private:
  enum class State {
    kEmpty,    // nothing was prepared, or it was released
    kSaving,   // from prepare on
    kBroken,   // a save failed: what was appended before can be restored, and no more be saved
    kSettled,  // all is with the inner backup
  };

  // A chunk that is in the stream. Its offset in the image is its index times the chunk size.
  struct Chunk {
    uint64_t stream_offset = 0;
    uint64_t encoded_bytes = 0;
    Hash128 hash;
  };

  // A chunk that is encoded in a slot, or lies there or in the inner backup to be decoded.
  struct Piece {
    std::span<const std::byte> encoded;
    Hash128 hash;
  };

  // Takes a chunk's decoded bytes, which decode() puts where it is told.
  using Deliver = std::function<Status(uint64_t chunk, std::span<const std::byte> encoded, ChunkWorkers::Bench& bench)>;

  uint64_t chunk_bytes() const noexcept { return workers_->chunk_bytes(); }
  uint64_t raw_bytes_of(uint64_t chunk) const noexcept;
  Status save_chunks(Device& device, uint64_t address, uint64_t offset, uint64_t bytes,
                     const ChunkWorkers::Shift& shift);
  Status encode(Device& device, uint64_t address, uint64_t bytes, std::span<std::byte> slot, Piece& piece,
                ChunkWorkers::Bench& bench);
  Status append(std::span<const Piece> pieces);
  Status flush();
  Status check_range(uint64_t offset, uint64_t bytes, const char* verb) const;
  Status for_each_chunk(uint64_t first, uint64_t last, const Deliver& deliver);
  Status locate(uint64_t first, std::span<Piece> pieces, std::span<std::byte> slots);
  Status read_stream(uint64_t offset, std::byte* target, uint64_t bytes);
  Status decode(uint64_t chunk, std::span<const std::byte> encoded, std::span<std::byte> target,
                ChunkWorkers::Bench& bench);
  std::string describe(uint64_t chunk) const;

  const CompressedBackupOptions options_;
  const std::unique_ptr<Backup> inner_;
  const std::shared_ptr<ChunkWorkers> workers_;
  State state_ = State::kEmpty;
  std::atomic<uint64_t> image_bytes_ = 0;
  uint64_t saved_bytes_ = 0;
  HostRange tail_;  // of the stream, from flushed_bytes_ on
  uint64_t tail_bytes_ = 0;
  uint64_t flushed_bytes_ = 0;
  std::vector<Piece> pieces_;       // two sets, as the slots
  mutable std::mutex index_mutex_;  // guards what other threads ask about: chunks_ against changes
  std::vector<Chunk> chunks_;
};

}  // namespace windlass
