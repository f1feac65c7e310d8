// Extracts an archive with an index: frames in any order, several at once.
#pragma once

#include "archive/archive_file.hpp"
#include "archive/extraction.hpp"
#include "base/status.hpp"

namespace windlass {

// Each frame is read, its checksum compared, decoded, and each of its entries compared with the index, before a byte
// of it is written. A file that lies in several frames is opened by the first of them; the others wait for that.
// Errors: kCorrupt; kState (cancelled); kNoMemory; those of Extraction and TargetTree.
Status load_frames(const ArchiveFile& archive, const IndexTable& table, Extraction& extraction);

}  // namespace windlass
