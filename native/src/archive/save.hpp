// Saves a directory as an archive.
#pragma once

#include <string>

#include "archive/archive_types.hpp"
#include "archive/work_state.hpp"
#include "base/status.hpp"
#include "io/file_calls.hpp"

namespace windlass {

// Blocks. The archive gets its name when it is whole and on disk; where anything fails, nothing is left. Threads take
// frame after frame, each with room for one, raw and compressed, and write them in their order.
//
// Errors: kInvalidArgument; kNotFound; kState (the archive exists; cancelled); kConflict (files changed, three times);
// kUnsupported (what cannot be kept); kNoSpace; kPermission; kIo; kNoMemory.
Result<ArchiveReport> save_archive(FileCalls& calls, const std::string& directory, const std::string& archive,
                                   const ArchiveSaveOptions& options, WorkState& work);

}  // namespace windlass
