// Backup in a file, for images that are larger than host memory.
//
// The bytes pass through a lane of the directory: while one block is written, the next is copied from the device, also
// from one save() to the next; in a restore the following blocks are read ahead. Each chunk of kHugePageBytes has its
// hash, in memory, and is not restored before it is found to be what was saved.
//
// The file exists from prepare to release, or while it is retained, and is open only while the backup has a lane, so
// that ten thousand backups need two descriptors. It never outlives the backup; if the process is killed, the next that
// opens the directory removes it. Settled bytes are written past the page cache, or synced where the file system cannot
// do that; settle() syncs in both cases.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "backup/backup.hpp"
#include "backup/backup_directory.hpp"
#include "io/block_file.hpp"
#include "memory/copy.hpp"

namespace windlass {

struct FileBackupOptions {
  bool retain = false;
};

class FileBackup final : public Backup, private LaneUser {
 public:
  FileBackup(std::shared_ptr<BackupDirectory> directory, const FileBackupOptions& options);
  ~FileBackup() override;

  // The device that will be saved and restored, if it wants host memory pinned: lanes are pinned for it when they are
  // borrowed, which prepare() does. Optional. Before prepare().
  void ready_for(std::shared_ptr<Device> device);

  std::string_view name() const noexcept override { return "file"; }
  bool keeps_bytes() const noexcept override { return true; }
  Status prepare(uint64_t bytes) override;
  Status save(Device& device, uint64_t address, uint64_t offset, uint64_t bytes) override;
  uint64_t settled_bytes() const noexcept override { return settled_bytes_; }
  Status settle() override;
  Status restore(Device& device, uint64_t address, uint64_t offset, uint64_t bytes) override;
  Status read(uint64_t offset, void* target, uint64_t bytes) override;
  std::span<const std::byte> view(uint64_t) const noexcept override { return {}; }
  void release() noexcept override;
  bool retains() const noexcept override { return options_.retain; }
  // The lane, while there is one.
  uint64_t held_bytes() const noexcept override { return held_bytes_; }
  uint64_t stored_bytes() const noexcept override { return stored_bytes_; }

  // The file, for tests that damage it; empty if there is none.
  std::string path() const;

 private:
  class Call;

  void yield_lane() noexcept override;

  Status get_lane();
  // A lane, attached to the open file.
  Status get_ready();
  Status open_or_create(bool& created);
  Status prepare_file(uint64_t bytes);
  Status save_block(Device& device, uint64_t address, uint64_t offset, uint64_t bytes);
  // Learns which writes have ended.
  Status note_written();
  // Waits for what was begun, and syncs it; what is found wrong is kept in failure_.
  void finish_saving();
  void give_up_unused();
  void give_lane_back() noexcept;
  void remove_file() noexcept;
  void note_stored(uint64_t bytes) noexcept;
  Status check_range(const char* action, uint64_t offset, uint64_t bytes) const;
  // The chunk at offset, checked unless the caller does; up to end is read ahead.
  Result<std::span<std::byte>> chunk_at(uint64_t offset, uint64_t end);
  Status check_hash(uint64_t offset, uint64_t bytes, const Hash128& found);

  const std::shared_ptr<BackupDirectory> directory_;
  const FileBackupOptions options_;
  std::shared_ptr<Device> device_;
  std::unique_ptr<Lane> lane_;
  BlockFile file_;    // open only with a lane
  std::string name_;  // of the file; empty: there is none
  FileIdentity identity_;
  std::vector<Hash128> hashes_;  // one for each chunk
  uint64_t image_bytes_ = 0;
  uint64_t saved_bytes_ = 0;  // begun
  bool unsynced_ = false;     // something was written since the last sync
  bool sync_failed_ = false;  // since prepare
  Status failure_;            // of a write, until the next prepare
  std::atomic<uint64_t> settled_bytes_ = 0;
  std::atomic<uint64_t> held_bytes_ = 0;
  std::atomic<uint64_t> stored_bytes_ = 0;
};

}  // namespace windlass
