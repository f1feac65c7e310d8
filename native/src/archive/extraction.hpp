// One load or verification under way: what it is told, what was found so far, and where it goes.
#pragma once

#include <cstdint>
#include <memory>

#include "archive/archive_types.hpp"
#include "archive/catalogue.hpp"
#include "archive/space_watch.hpp"
#include "archive/tar_format.hpp"
#include "archive/target_tree.hpp"
#include "archive/work_state.hpp"
#include "base/status.hpp"

namespace windlass {

struct Extraction {
  Extraction(const ArchiveLoadOptions& given, uint64_t archive_bytes, WorkState& state)
      : options(given), work(state), catalogue(given, archive_bytes) {}

  // Looks at an entry as it was written: as it will be, if it may. Errors: those of checked_path and Catalogue::admit.
  Result<ArchiveEntry> admit(uint64_t number, ArchiveEntry written);

  const ArchiveLoadOptions& options;
  WorkState& work;
  Catalogue catalogue;
  std::unique_ptr<TargetTree> tree;   // none where nothing is written
  std::unique_ptr<SpaceWatch> space;  // the same
};

}  // namespace windlass
