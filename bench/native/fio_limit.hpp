// The limit of whatever reads and writes files: fio, with io_uring and direct transfers, where it is installed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "measure.hpp"

namespace windlass::bench {

struct FioJob {
  std::string directory;
  bool writes = true;  // a new file, synced at its end; otherwise what an earlier job wrote is read
  uint64_t bytes = 0;
  uint64_t block_bytes = 0;
  uint32_t depth = 0;
};

// Runs fio on a file of its own. The time is fio's, without what it needs to start. Nothing where there is no fio, or
// it fails.
std::optional<Cost> run_fio(const FioJob& job);

// Removes the file that run_fio wrote.
void remove_fio_file(const std::string& directory);

}  // namespace windlass::bench
