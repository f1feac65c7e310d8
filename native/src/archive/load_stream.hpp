// Extracts an archive of another tool, from its beginning to its end.
#pragma once

#include "archive/archive_file.hpp"
#include "archive/extraction.hpp"
#include "base/status.hpp"

namespace windlass {

// One thread reads, decodes and writes; what zstd or tar have of checksums is compared. Behind the end there may be
// zeros, as tar pads with them, and nothing else. Errors: kCorrupt; kUnsupported; kNoSpace (a limit); kState
// (cancelled); kNoMemory; those of Extraction and TargetTree.
Status load_stream(const ArchiveFile& archive, Extraction& extraction);

}  // namespace windlass
