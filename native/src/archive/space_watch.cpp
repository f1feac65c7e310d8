#include "archive/space_watch.hpp"

#include "base/bytes.hpp"
#include "base/text.hpp"
#include "io/file_system.hpp"

namespace windlass {

namespace {

constexpr uint64_t kLookEveryBytes = 4 * kMiB;

}  // namespace

Status SpaceWatch::wrote(uint64_t bytes) {
  if (spare_bytes_ == 0) return Status();
  if (unseen_bytes_.fetch_add(bytes, std::memory_order_relaxed) + bytes < kLookEveryBytes) return Status();
  unseen_bytes_.store(0, std::memory_order_relaxed);
  return check(0);
}

Status SpaceWatch::check(uint64_t bytes) const {
  const Result<FileSystem> system = file_system_of(calls_, descriptor_, path_);
  if (!system.ok()) return system.status();
  if (system->free_bytes >= spare_bytes_ && system->free_bytes - spare_bytes_ >= bytes) return Status();
  return Status::error(Code::kNoSpace, text("there are ", bytes_text(system->free_bytes), " free for ", path_, ", of ",
                                            "which ", bytes_text(spare_bytes_), " must stay, and ", bytes_text(bytes),
                                            " are needed yet; free some space there, or choose another directory"));
}

}  // namespace windlass
