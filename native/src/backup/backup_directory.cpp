#include "backup/backup_directory.hpp"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/contain.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "io/file_system.hpp"

namespace windlass {

namespace {

constexpr uint32_t kMostLanes = 64;
constexpr uint64_t kMostBlockBytes = 64 * kMiB;

Status check(const std::string& path, const BackupDirectoryOptions& options) {
  if (path.empty()) return Status::error(Code::kInvalidArgument, "a backup directory needs a path; it is empty");
  if (options.lanes == 0 || options.lanes > kMostLanes) {
    return Status::error(Code::kInvalidArgument,
                         text(path, ": ", options.lanes, " lanes; give 1 to ", kMostLanes, " of them"));
  }
  if (options.queue_depth < 2 || options.queue_depth > IoQueue::kMostDepth) {
    return Status::error(Code::kInvalidArgument, text(path, ": a queue depth of ", options.queue_depth, "; give 2 to ",
                                                      IoQueue::kMostDepth, ", so that copying and writing overlap"));
  }
  if (options.block_bytes == 0 || options.block_bytes % kHugePageBytes != 0 || options.block_bytes > kMostBlockBytes) {
    return Status::error(Code::kInvalidArgument,
                         text(path, ": blocks of ", options.block_bytes, " bytes; give a multiple of ",
                              bytes_text(kHugePageBytes), " up to ", bytes_text(kMostBlockBytes)));
  }
  return Status();
}

// Closes the descriptor unless it is taken over.
class FolderGuard {
 public:
  FolderGuard(FileCalls& calls, int descriptor) noexcept : calls_(calls), descriptor_(descriptor) {}
  ~FolderGuard() {
    if (descriptor_ >= 0) calls_.close(descriptor_);
  }
  FolderGuard(const FolderGuard&) = delete;
  FolderGuard& operator=(const FolderGuard&) = delete;
  void take_over() noexcept { descriptor_ = -1; }

 private:
  FileCalls& calls_;
  int descriptor_;
};

}  // namespace

Result<std::shared_ptr<BackupDirectory>> BackupDirectory::open(const std::string& path,
                                                               const BackupDirectoryOptions& options) {
  if (Status sound = check(path, options); !sound.ok()) return sound;
  BackupDirectoryOptions given = options;
  if (given.calls == nullptr) given.calls = &FileCalls::system();
  const int descriptor = given.calls->open_at(AT_FDCWD, path.c_str(), O_RDONLY | O_DIRECTORY, 0);
  if (descriptor < 0) {
    return file_failure(-descriptor, "open the backup directory", path)
        .with_prefix(descriptor == -ENOENT ? "create the directory first" : "file backup");
  }
  FolderGuard guard(*given.calls, descriptor);
  Folder folder{descriptor, path};
  Result<FileSystem> system = file_system_of(*given.calls, descriptor, path);
  if (!system.ok()) return system.status();
  if (system->in_memory) {
    log(LogLevel::kWarning, "backup",
        text(path, " is on ", system->name, ": backups there stay in the machine's memory, and free none of it"));
  }
  if (system->network) {
    log(LogLevel::kInfo, "backup", text(path, " is on ", system->name, ": backups there go over the network"));
  }
  Result<std::unique_ptr<IoQueue>> probe = IoQueue::open({.engine = given.engine, .depth = 1, .calls = given.calls});
  if (!probe.ok()) return probe.status().with_prefix(path);
  Result<SweepReport> swept = sweep_orphans(folder);
  if (!swept.ok()) return swept.status();
  Result<OwnerLock> owner = OwnerLock::publish(folder);
  if (!owner.ok()) return owner.status();
  auto directory = std::make_shared<BackupDirectory>(std::move(folder), *std::move(owner), *swept, given);
  guard.take_over();
  directory->note_engine(**probe);
  return directory;
}

BackupDirectory::BackupDirectory(Folder folder, OwnerLock owner, const SweepReport& swept,
                                 const BackupDirectoryOptions& options)
    : folder_(std::move(folder)), owner_(std::move(owner)), swept_(swept), options_(options) {
  free_.reserve(options.lanes);
  holders_.reserve(options.lanes);
}

BackupDirectory::~BackupDirectory() {
  free_.clear();
  owner_ = OwnerLock();
  options_.calls->close(folder_.descriptor);
}

Result<std::unique_ptr<Lane>> BackupDirectory::borrow(LaneUser& user, Device* device) {
  std::unique_lock lock(mutex_);
  bool may_grow = true;
  while (free_.empty()) {
    if (may_grow && lane_count_ < options_.lanes) {
      Status grown = grow(lock);
      if (grown.ok()) continue;
      // The lanes that there are have to do; without any there is none to wait for.
      if (lane_count_ == 0) return grown;
      may_grow = false;
    } else if (LaneUser* const idle = lock_idle_holder(); idle != nullptr) {
      lock.unlock();
      idle->yield_lane();
      idle->call_mutex().unlock();
      lock.lock();
    } else {
      ++waiting_;
      changed_.wait(lock);
      --waiting_;
      may_grow = may_grow || lane_count_ == 0;
    }
  }
  std::unique_ptr<Lane> lane = std::move(free_.back());
  free_.pop_back();
  holders_.push_back(&user);
  // Under the lock, because the other device may go as soon as no lane that is free is pinned for it.
  if (lane->pinned_for() != device) lane->pin_for(nullptr);
  lock.unlock();
  lane->pin_for(device);
  return lane;
}

Status BackupDirectory::grow(std::unique_lock<std::mutex>& lock) {
  ++lane_count_;
  lock.unlock();
  std::unique_ptr<Lane> lane;
  Status made = contain([&]() -> Status {
    Result<std::unique_ptr<Lane>> opened = Lane::open({.depth = options_.queue_depth,
                                                       .block_bytes = options_.block_bytes,
                                                       .engine = options_.engine,
                                                       .calls = options_.calls});
    if (!opened.ok()) return opened.status();
    lane = *std::move(opened);
    return Status();
  });
  lock.lock();
  if (made.ok()) {
    note_engine(lane->queue());
    free_.push_back(std::move(lane));
  } else {
    --lane_count_;
  }
  changed_.notify_all();
  return made;
}

void BackupDirectory::note_engine(const IoQueue& queue) {
  if (!engine_name_.empty()) return;
  engine_name_ = queue.name();
  if (!queue.note().empty()) log(LogLevel::kInfo, "backup", text(folder_.path, ": ", queue.note()));
}

void BackupDirectory::give_back(LaneUser& user, std::unique_ptr<Lane> lane) noexcept {
  {
    const std::lock_guard lock(mutex_);
    holders_.erase(std::remove(holders_.begin(), holders_.end(), &user), holders_.end());
    free_.push_back(std::move(lane));
  }
  changed_.notify_all();
}

void BackupDirectory::call_ended() noexcept {
  {
    const std::lock_guard lock(mutex_);
    if (waiting_ == 0) return;
  }
  changed_.notify_all();
}

void BackupDirectory::add_device(Device& device) {
  const std::lock_guard lock(mutex_);
  ++devices_[&device];
}

void BackupDirectory::remove_device(Device& device) noexcept {
  const std::lock_guard lock(mutex_);
  const auto found = devices_.find(&device);
  if (found == devices_.end() || --found->second != 0) return;
  devices_.erase(found);
  // Lanes in use are pinned for devices of their users, which are still here.
  for (const std::unique_ptr<Lane>& lane : free_) {
    if (lane->pinned_for() == &device) lane->pin_for(nullptr);
  }
}

void BackupDirectory::trim() noexcept {
  {
    const std::lock_guard lock(mutex_);
    lane_count_ -= static_cast<uint32_t>(free_.size());
    free_.clear();
  }
  changed_.notify_all();
}

uint64_t BackupDirectory::held_bytes() const noexcept {
  const std::lock_guard lock(mutex_);
  return options_.block_bytes * options_.queue_depth * lane_count_;
}

std::string BackupDirectory::engine_name() const {
  const std::lock_guard lock(mutex_);
  return engine_name_;
}

LaneUser* BackupDirectory::lock_idle_holder() noexcept {
  for (LaneUser* const holder : holders_) {
    if (holder->call_mutex().try_lock()) return holder;
  }
  return nullptr;
}

}  // namespace windlass
