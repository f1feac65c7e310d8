// Removes what dead processes left in a directory of backups.
//
// A record is dead when its lock can be had, it is of this machine, and its process is not seen to run; it and its
// backups are then removed, it last. Everything else is left: other names, links, files of other users, records of
// other machines (whose locks a network file system may not show), records that cannot be read. Several may sweep at
// once.
#pragma once

#include <cstdint>

#include "base/status.hpp"
#include "io/block_file.hpp"

namespace windlass {

struct SweepReport {
  uint64_t dead_owners = 0;
  uint64_t removed_files = 0;  // backups
  uint64_t removed_bytes = 0;
  uint64_t left_owners = 0;  // alive, or not to be told from it
};

// What is removed, and what is left for another reason than being in use, is logged. Errors: kPermission; kIo.
Result<SweepReport> sweep_orphans(const Folder& folder);

}  // namespace windlass
