#include "backup/file_backup.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/bytes.hpp"
#include "base/contain.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "io/file_system.hpp"

namespace windlass {

namespace {

constexpr uint64_t kChunkBytes = kHugePageBytes;

// How much may be in the page cache before it is synced: enough that waiting for the device costs little.
constexpr uint64_t kSyncBytes = 64 * kMiB;

uint64_t chunk_count(uint64_t bytes) noexcept { return (bytes + kChunkBytes - 1) / kChunkBytes; }

}  // namespace

// A call of the backup's owner. Between calls the directory may call the lane back.
class FileBackup::Call {
 public:
  explicit Call(FileBackup& backup) : backup_(backup), lock_(backup.call_mutex()) {}
  ~Call() {
    lock_.unlock();
    backup_.directory_->call_ended();
  }
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

 private:
  FileBackup& backup_;
  std::unique_lock<std::mutex> lock_;
};

FileBackup::FileBackup(std::shared_ptr<BackupDirectory> directory, const FileBackupOptions& options)
    : directory_(std::move(directory)), options_(options) {}

FileBackup::~FileBackup() {
  {
    const Call call(*this);
    give_lane_back();
    remove_file();
  }
  if (device_ != nullptr) directory_->remove_device(*device_);
}

void FileBackup::ready_for(std::shared_ptr<Device> device) {
  const Call call(*this);
  finish_saving();
  give_lane_back();
  if (device != nullptr) directory_->add_device(*device);
  std::swap(device_, device);
  if (device != nullptr) directory_->remove_device(*device);
}

Status FileBackup::prepare(uint64_t bytes) {
  const Call call(*this);
  finish_saving();
  if (Status ready = prepare_file(bytes); !ready.ok()) {
    give_lane_back();
    return ready.with_prefix("file backup");
  }
  lane_->attach(&file_);
  image_bytes_ = bytes;
  saved_bytes_ = 0;
  settled_bytes_ = 0;
  note_stored(file_.bytes());
  unsynced_ = false;
  sync_failed_ = false;
  failure_ = Status();
  return Status();
}

Status FileBackup::prepare_file(uint64_t bytes) {
  if (Status lane = get_lane(); !lane.ok()) return lane;
  bool created = false;
  if (Status there = open_or_create(created); !there.ok()) return there;
  Status room = contain([&] {
    Status reserved = file_.reserve(round_up(bytes, file_.alignment_bytes()));
    if (reserved.ok()) hashes_.resize(chunk_count(bytes));
    return reserved;
  });
  if (!room.ok() && created) remove_file();
  return room;
}

Status FileBackup::open_or_create(bool& created) {
  if (file_.is_open()) return Status();
  if (!name_.empty()) {
    Result<BlockFile> kept =
        BlockFile::open(directory_->calls(), directory_->folder(), name_, directory_->direct(), identity_);
    if (kept.ok()) {
      file_ = *std::move(kept);
      return Status();
    }
    // Room that somebody took away is got anew; its old image is not needed here.
    const Code code = kept.status().code();
    if (code != Code::kNotFound && code != Code::kPermission) return kept.status();
    settled_bytes_ = 0;
  }
  // Named before it is made, so that release() finds it whatever happens.
  name_ = directory_->fresh_name();
  Result<BlockFile> made = BlockFile::create(directory_->calls(), directory_->folder(), name_, directory_->direct());
  if (!made.ok()) {
    name_.clear();
    return made.status();
  }
  created = true;
  file_ = *std::move(made);
  identity_ = file_.identity();
  return Status();
}

Status FileBackup::save(Device& device, uint64_t address, uint64_t offset, uint64_t bytes) {
  const Call call(*this);
  if (!failure_.ok()) return failure_;
  if (name_.empty() || offset % kChunkBytes != 0 || offset > saved_bytes_ || !in_range(offset, bytes, image_bytes_)) {
    return Status::error(Code::kInvalidArgument,
                         text("file backup: cannot save ", bytes, " bytes at offset ", offset, ": ", saved_bytes_,
                              " are saved of an image of ", image_bytes_, ", in order of offset after prepare"));
  }
  if (Status ready = get_ready(); !ready.ok()) return ready.with_prefix("file backup");
  if (offset < saved_bytes_) {
    // What is saved again must not overtake what is still being written.
    lane_->collect(true);
    saved_bytes_ = offset;
    settled_bytes_ = std::min<uint64_t>(settled_bytes_, offset);
  }
  for (uint64_t done = 0; done < bytes;) {
    const uint64_t block_bytes = std::min(lane_->block_bytes(), bytes - done);
    if (Status saved = save_block(device, address + done, offset + done, block_bytes); !saved.ok()) return saved;
    done += block_bytes;
  }
  return Status();
}

Status FileBackup::save_block(Device& device, uint64_t address, uint64_t offset, uint64_t bytes) {
  const uint32_t slot = lane_->take_slot();
  Status copied = contain([&]() -> Status {
    for (uint64_t at = 0; at < bytes; at += kChunkBytes) {
      const uint64_t chunk_bytes = std::min(kChunkBytes, bytes - at);
      Result<Hash128> hash = device.copy_out_hashed(lane_->memory(slot) + at, address + at, chunk_bytes);
      if (!hash.ok()) return hash.status();
      hashes_[(offset + at) / kChunkBytes] = *hash;
    }
    return Status();
  });
  if (!copied.ok()) {
    lane_->put_back(slot);
    return copied;
  }
  unsynced_ = true;
  saved_bytes_ = offset + bytes;
  failure_ = lane_->write(slot, offset, bytes);
  Status noted = note_written();
  return failure_.ok() ? noted : failure_;
}

Status FileBackup::note_written() {
  lane_->collect(false);
  const uint64_t written = lane_->written_bytes(saved_bytes_);
  if (file_.direct()) {
    settled_bytes_ = written;
  } else if (written - settled_bytes_ >= kSyncBytes && failure_.ok()) {
    failure_ = file_.sync();
    sync_failed_ = !failure_.ok();
    if (!sync_failed_) settled_bytes_ = written;
  }
  if (failure_.ok()) failure_ = lane_->write_failure();
  return failure_;
}

Status FileBackup::settle() {
  const Call call(*this);
  finish_saving();
  give_up_unused();
  give_lane_back();
  return failure_;
}

// What was prepared and not saved to. That it stays where the file system will not shrink the file harms nobody.
void FileBackup::give_up_unused() {
  if (options_.retain || !file_.is_open() || !failure_.ok()) return;
  const uint64_t used_bytes = round_up(saved_bytes_, file_.alignment_bytes());
  if (used_bytes < file_.bytes() && file_.truncate(used_bytes).ok()) note_stored(used_bytes);
}

void FileBackup::finish_saving() {
  if (lane_ == nullptr || !unsynced_) return;
  unsynced_ = false;
  lane_->collect(true);
  const uint64_t written = lane_->written_bytes(saved_bytes_);
  if (failure_.ok()) failure_ = lane_->write_failure();
  Status synced = file_.sync();
  // The kernel tells of a failed sync once: a later one that succeeds says nothing of what was written before.
  sync_failed_ = sync_failed_ || !synced.ok();
  if (file_.direct() || !sync_failed_) settled_bytes_ = written;
  if (failure_.ok()) failure_ = synced;
}

Status FileBackup::restore(Device& device, uint64_t address, uint64_t offset, uint64_t bytes) {
  const Call call(*this);
  finish_saving();
  if (Status sound = check_range("restore", offset, bytes); !sound.ok()) return sound;
  if (offset % kChunkBytes != 0) {
    return Status::error(Code::kInvalidArgument, text("file backup: cannot restore from offset ", offset,
                                                      ", which is no multiple of ", bytes_text(kChunkBytes)));
  }
  const uint64_t image_end = settled_bytes_;
  for (uint64_t at = offset; at < offset + bytes; at += kChunkBytes) {
    Result<std::span<std::byte>> chunk = chunk_at(at, image_end);
    if (!chunk.ok()) return chunk.status();
    const uint64_t wanted = std::min<uint64_t>(chunk->size(), offset + bytes - at);
    if (wanted < chunk->size()) {
      // The hash is of the whole chunk.
      if (Status sound = check_hash(at, chunk->size(), hash(chunk->data(), chunk->size())); !sound.ok()) return sound;
      if (Status copied = device.copy_in(address + (at - offset), chunk->data(), wanted); !copied.ok()) return copied;
      continue;
    }
    Result<Hash128> copied = device.copy_in_hashed(address + (at - offset), chunk->data(), wanted);
    if (!copied.ok()) return copied.status();
    if (Status sound = check_hash(at, wanted, *copied); !sound.ok()) return sound;
  }
  if (offset + bytes == image_end) give_lane_back();
  return Status();
}

Status FileBackup::read(uint64_t offset, void* target, uint64_t bytes) {
  const Call call(*this);
  finish_saving();
  if (Status sound = check_range("read", offset, bytes); !sound.ok()) return sound;
  auto* const out = static_cast<std::byte*>(target);
  const uint64_t end = std::min<uint64_t>(round_up(offset + bytes, kChunkBytes), settled_bytes_);
  for (uint64_t from = offset; from < offset + bytes;) {
    const uint64_t at = from / kChunkBytes * kChunkBytes;
    Result<std::span<std::byte>> chunk = chunk_at(at, end);
    if (!chunk.ok()) return chunk.status();
    if (Status sound = check_hash(at, chunk->size(), hash(chunk->data(), chunk->size())); !sound.ok()) return sound;
    const uint64_t part = std::min(at + chunk->size(), offset + bytes) - from;
    windlass::copy(out + (from - offset), chunk->data() + (from - at), part);
    from += part;
  }
  give_lane_back();
  return Status();
}

Result<std::span<std::byte>> FileBackup::chunk_at(uint64_t offset, uint64_t end) {
  if (Status ready = get_ready(); !ready.ok()) return ready.with_prefix("file backup");
  Result<std::span<std::byte>> chunk =
      lane_->chunk(offset, std::min<uint64_t>(kChunkBytes, settled_bytes_ - offset), end);
  return chunk.ok() ? chunk : chunk.status().with_prefix("file backup");
}

Status FileBackup::check_hash(uint64_t offset, uint64_t bytes, const Hash128& found) {
  if (found == hashes_[offset / kChunkBytes]) return Status();
  // Whoever tries again reads the file again.
  lane_->drop();
  return Status::error(Code::kCorrupt,
                       text("file backup: chunk ", offset / kChunkBytes, " of ", file_.path(), " (", bytes_text(bytes),
                            " at offset ", offset, ") is not what was saved; the file is kept: it was overwritten, or ",
                            "the device or the host's memory is faulty"));
}

Status FileBackup::check_range(const char* action, uint64_t offset, uint64_t bytes) const {
  const uint64_t settled = settled_bytes_;
  if (in_range(offset, bytes, settled)) return Status();
  if (!failure_.ok()) return failure_.with_prefix(text("file backup: cannot ", action, " what was not saved"));
  return Status::error(Code::kInvalidArgument, text("file backup: cannot ", action, " ", bytes, " bytes at offset ",
                                                    offset, ": ", settled, " are saved"));
}

void FileBackup::release() noexcept {
  const Call call(*this);
  if (options_.retain) {
    failure_ = contain([&] {
      finish_saving();
      return failure_;
    });
    return give_lane_back();
  }
  give_lane_back();
  remove_file();
  hashes_ = {};
  image_bytes_ = 0;
}

std::string FileBackup::path() const { return name_.empty() ? "" : text(directory_->folder().path, "/", name_); }

void FileBackup::yield_lane() noexcept {
  Status done = contain([&] {
    finish_saving();
    return Status();
  });
  if (failure_.ok()) failure_ = std::move(done);
  give_lane_back();
}

Status FileBackup::get_lane() {
  if (lane_ != nullptr) return Status();
  Result<std::unique_ptr<Lane>> lane = directory_->borrow(*this, device_.get());
  if (!lane.ok()) return lane.status();
  lane_ = *std::move(lane);
  held_bytes_ = lane_->held_bytes();
  return Status();
}

Status FileBackup::get_ready() {
  if (lane_ != nullptr && file_.is_open()) return Status();
  if (Status lane = get_lane(); !lane.ok()) return lane;
  Result<BlockFile> file =
      BlockFile::open(directory_->calls(), directory_->folder(), name_, directory_->direct(), identity_);
  if (!file.ok()) {
    give_lane_back();
    return file.status();
  }
  file_ = *std::move(file);
  lane_->attach(&file_);
  return Status();
}

void FileBackup::give_lane_back() noexcept {
  if (lane_ == nullptr) return;
  lane_->attach(nullptr);
  file_.close();
  held_bytes_ = 0;
  std::unique_ptr<Lane> lane;
  lane.swap(lane_);
  directory_->give_back(*this, std::move(lane));
}

void FileBackup::note_stored(uint64_t bytes) noexcept {
  directory_->add_stored(static_cast<int64_t>(bytes) - static_cast<int64_t>(stored_bytes_.load()));
  stored_bytes_ = bytes;
}

void FileBackup::remove_file() noexcept {
  if (name_.empty()) return;
  const int result = directory_->calls().unlink_at(directory_->folder().descriptor, name_.c_str());
  if (result < 0 && result != -ENOENT) {
    (void)contain([&] {
      log(LogLevel::kWarning, "backup", file_failure(-result, "remove", path()).message());
      return Status();
    });
  }
  name_.clear();
  settled_bytes_ = 0;
  note_stored(0);
  saved_bytes_ = 0;
  unsynced_ = false;
  failure_ = Status();
}

}  // namespace windlass
