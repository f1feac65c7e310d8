#include "archive/extraction.hpp"

#include <utility>

#include "archive/entry_path.hpp"

namespace windlass {

Result<ArchiveEntry> Extraction::admit(uint64_t number, ArchiveEntry written) {
  Result<std::string> path = checked_path(written.path, written.kind);
  if (!path.ok()) return path.status();
  written.path = *std::move(path);
  written.mode = loaded_mode(written.kind, written.mode);
  if (Status admitted = catalogue.admit(number, written); !admitted.ok()) return admitted;
  if (!written.path.empty()) work.entries.fetch_add(1, std::memory_order_relaxed);
  return written;
}

}  // namespace windlass
