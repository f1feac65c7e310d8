// The pages of an allocation, exported: file descriptors through which somebody else can map them, and a name.
//
//          before_release
//   LIVE ──────────────────▶ STALE
//
// An export is of one generation. When its pages are about to go, it closes its descriptors, so that it does not keep
// their memory, and is stale for good, even if the pages stay after all: a new export must be made. Whoever has got a
// descriptor, or has mapped it, keeps the old pages, and disturbs nobody.
//
// Threads: any; open() by the one who serialises calls on the allocation.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/live_count.hpp"
#include "base/status.hpp"
#include "device/allocation.hpp"
#include "device/allocation_table.hpp"

namespace windlass {

// The name of exported pages, for the way to another process: plain numbers in the machine's order, without gaps.
struct ExportDescriptor {
  uint64_t allocation_id = 0;
  uint64_t generation = 0;
  uint64_t owner_nonce = 0;  // of the table that gave the id
  uint64_t bytes = 0;
  uint32_t owner_pid = 0;
  uint32_t pieces = 0;
  friend bool operator==(const ExportDescriptor&, const ExportDescriptor&) = default;
};
static_assert(sizeof(ExportDescriptor) == 40);

// One descriptor's part of the range.
struct ExportedPiece {
  uint64_t offset = 0;
  uint64_t bytes = 0;
};

class PageExport {
  class Watcher;

 public:
  // Exports all pages that there are now. Errors: kState (not all are there); kUnsupported (the device cannot share);
  // kNoMemory; kDevice.
  static Result<std::shared_ptr<PageExport>> open(Allocation& allocation);
  // For open().
  PageExport(std::shared_ptr<AllocationRecord> record, std::shared_ptr<Watcher> watcher) noexcept;
  ~PageExport();
  PageExport(const PageExport&) = delete;
  PageExport& operator=(const PageExport&) = delete;

  uint64_t bytes() const noexcept { return name_.bytes; }
  uint64_t generation() const noexcept { return name_.generation; }
  const std::vector<ExportedPiece>& pieces() const noexcept { return pieces_; }
  const ExportDescriptor& name() const noexcept { return name_; }

  // A descriptor of a piece, closed on exec. Owns: the caller closes it. Errors: kInvalidArgument (no such piece);
  // kState (stale); kNoMemory.
  Result<int> descriptor(size_t index) const;

  // Whether the pages are still those that were exported. Errors: kState (stale).
  Status check() const;

  // Whether a name that came back is that of these pages, and they are still there. Errors: kNotFound (of another
  // process, device or allocation); kState (stale); kInvalidArgument (damaged).
  Status matches(const ExportDescriptor& name) const;

 private:
  const LiveCount live_{Kind::kExport};
  const std::shared_ptr<AllocationRecord> record_;
  const std::shared_ptr<Watcher> watcher_;
  std::vector<ExportedPiece> pieces_;
  ExportDescriptor name_;
};

}  // namespace windlass
