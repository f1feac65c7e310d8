// A directory for file backups, and the few lanes through which all of them move their bytes.
//
// Opening it removes what dead processes left there, and publishes an owner record, so that others can tell what this
// process leaves. Several may be open on one directory, in one process too.
//
// A backup borrows a lane while it saves or restores. A lane whose user is between two calls can be called back, so
// that a thread which begins many backups before it ends one never waits for itself.
//
// Threads: any. Fork: a child process must not use what its parent opened.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "backup/lane.hpp"
#include "backup/orphan_sweep.hpp"
#include "backup/owner_record.hpp"
#include "base/live_count.hpp"
#include "base/status.hpp"
#include "io/block_file.hpp"
#include "io/file_calls.hpp"
#include "io/file_system.hpp"
#include "io/io_queue.hpp"

namespace windlass {

struct BackupDirectoryOptions {
  uint32_t lanes = 2;  // at most, each with queue_depth times block_bytes of host memory
  uint32_t queue_depth = 8;
  uint64_t block_bytes = kHugePageBytes;  // a multiple of kHugePageBytes
  IoEngine engine = IoEngine::kAuto;
  bool direct = true;          // past the page cache, where the file system has it
  FileCalls* calls = nullptr;  // null: the system's
};

// One who borrows a lane. It holds its call mutex while it uses the lane.
class LaneUser {
 public:
  LaneUser() = default;
  virtual ~LaneUser() = default;
  LaneUser(const LaneUser&) = delete;
  LaneUser& operator=(const LaneUser&) = delete;

  std::mutex& call_mutex() noexcept { return call_mutex_; }

  // Called with the call mutex held: ends what is under way and gives the lane back.
  virtual void yield_lane() noexcept = 0;

 private:
  std::mutex call_mutex_;
};

class BackupDirectory {
 public:
  // The directory must be there. Errors: kInvalidArgument; kNotFound; kPermission; kUnsupported (the
  // engine); kNoSpace; kIo.
  static Result<std::shared_ptr<BackupDirectory>> open(const std::string& path, const BackupDirectoryOptions& options);

  // For open().
  BackupDirectory(Folder folder, OwnerLock owner, const SweepReport& swept, const BackupDirectoryOptions& options);
  ~BackupDirectory();
  BackupDirectory(const BackupDirectory&) = delete;
  BackupDirectory& operator=(const BackupDirectory&) = delete;

  const Folder& folder() const noexcept { return folder_; }
  FileCalls& calls() const noexcept { return *options_.calls; }
  bool direct() const noexcept { return options_.direct; }
  const SweepReport& swept() const noexcept { return swept_; }

  // A name that no other backup has.
  std::string fresh_name() { return owner_.backup_name(++last_number_); }

  // A lane for a user that has none, and holds its call mutex. Blocks: while all lanes are in use within calls. Errors:
  // kNoMemory; kUnsupported (the engine); kIo.
  Result<std::unique_ptr<Lane>> borrow(LaneUser& user, Device* device);
  void give_back(LaneUser& user, std::unique_ptr<Lane> lane) noexcept;
  // The user has left a call, holds its call mutex no more, and kept its lane.
  void call_ended() noexcept;

  // Devices that lanes may be pinned for: each is added as often as it is removed, and lives until then.
  void add_device(Device& device);
  void remove_device(Device& device) noexcept;

  // Gives the memory of lanes that nobody uses back to the machine.
  void trim() noexcept;
  uint64_t held_bytes() const noexcept;
  // "io_uring" or "threads".
  std::string engine_name() const;

  // Room that all backups have here together, which each of them tells of.
  void add_stored(int64_t bytes) noexcept { stored_bytes_ += static_cast<uint64_t>(bytes); }
  uint64_t stored_bytes() const noexcept { return stored_bytes_; }
  // The file system as it is now. Errors: kIo.
  Result<FileSystem> file_system() const { return file_system_of(calls(), folder_.descriptor, folder_.path); }

 private:
  LaneUser* lock_idle_holder() noexcept;
  // Adds a free lane, letting go of the lock meanwhile.
  Status grow(std::unique_lock<std::mutex>& lock);
  void note_engine(const IoQueue& queue);

  const LiveCount live_{Kind::kBackupDirectory};
  Folder folder_;
  OwnerLock owner_;
  const SweepReport swept_;
  const BackupDirectoryOptions options_;
  std::atomic<uint64_t> last_number_ = 0;
  std::atomic<uint64_t> stored_bytes_ = 0;

  mutable std::mutex mutex_;  // guards what follows; taken after a user's call mutex
  std::condition_variable changed_;
  std::vector<std::unique_ptr<Lane>> free_;
  std::vector<LaneUser*> holders_;
  std::map<Device*, uint64_t> devices_;
  uint32_t lane_count_ = 0;
  uint32_t waiting_ = 0;
  std::string engine_name_;
};

}  // namespace windlass
