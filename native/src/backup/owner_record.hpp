// Says who owns the backup files in a directory, so that what a dead process left can be told from what a living one
// uses.
//
// windlass-<id>.owner is a small text file that names a process, held locked as long as the process lives: the kernel
// lets go of the lock however it ends. Its backups are windlass-<id>-<number>.backup; <id> is 16 random hex digits.
//
// Fork: a child without exec holds the lock too, and keeps what its parent left from being swept until it ends.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/status.hpp"
#include "io/block_file.hpp"

namespace windlass {

struct OwnerRecord {
  int64_t pid = 0;
  uint64_t start_time = 0;  // of the process, in the kernel's ticks since the boot: with the pid, names it once
  std::string boot_id;      // of the running kernel, which containers share
  std::string machine_id;
  std::string host;
  uint32_t uid = 0;

  friend bool operator==(const OwnerRecord&, const OwnerRecord&) = default;

  static OwnerRecord of_this_process();

  std::string to_text() const;
  // Nothing where the text is not exactly what to_text() makes.
  static std::optional<OwnerRecord> parse(std::string_view text);

  // Whether locks of that process can be seen from here: it runs, or ran, under this kernel, or on this machine before
  // it was booted.
  bool is_of_this_machine(const OwnerRecord& self) const noexcept;

  // Whether the process is seen to run. One of another container may run unseen.
  bool is_seen_running() const;
};

// What a name in the directory stands for.
struct OwnedName {
  enum class Kind { kRecord, kNewRecord, kBackup };

  Kind kind = Kind::kRecord;
  std::string id;

  // Nothing where Windlass makes no such name.
  static std::optional<OwnedName> parse(std::string_view name);
};

// Owns: the record of one user of a directory, and its lock. The record goes with it.
class OwnerLock {
 public:
  // The record appears under its name only once it is written and locked. Errors: kPermission; kNoSpace; kIo.
  static Result<OwnerLock> publish(const Folder& folder);

  OwnerLock() noexcept = default;
  ~OwnerLock();
  OwnerLock(OwnerLock&& other) noexcept;
  OwnerLock& operator=(OwnerLock&& other) noexcept;
  OwnerLock(const OwnerLock&) = delete;
  OwnerLock& operator=(const OwnerLock&) = delete;

  const std::string& id() const noexcept { return id_; }
  std::string backup_name(uint64_t number) const;

 private:
  int directory_ = -1;  // the folder's, who outlives this
  int descriptor_ = -1;
  std::string id_;
  std::string name_;  // under which the record is to be found now
};

}  // namespace windlass
