// Loads or verifies an archive, whoever wrote it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "archive/archive_types.hpp"
#include "archive/work_state.hpp"
#include "base/status.hpp"
#include "io/file_calls.hpp"

namespace windlass {

// Blocks. The target gets its name when all is there, checked and, if durable, on disk; where anything is wrong,
// nothing is left. Without a target all is checked, and nothing written. entries, if not null, receives what the
// archive has.
//
// Errors: kInvalidArgument; kNotFound; kState (the target exists; cancelled); kCorrupt; kUnsupported; kNoSpace;
// kPermission (not the expected root; the system); kIo; kNoMemory.
Result<ArchiveReport> load_archive(FileCalls& calls, const std::string& archive,
                                   const std::optional<std::string>& target, const ArchiveLoadOptions& given,
                                   WorkState& work, std::vector<ArchiveEntry>* entries);

}  // namespace windlass
