// The pages that somebody else exported, mapped here.
//
// It keeps the pages' memory until it ends, whatever their owner does. After the owner paused or closed his region
// these are old pages: what is written to them reaches nobody. Ask the owner whether the export is still good.
//
// Threads: opened and closed by one; the addresses are memory like any other.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/live_count.hpp"
#include "base/status.hpp"
#include "device/device.hpp"

namespace windlass {

// One exported descriptor, and its part of the range.
struct ImportedPiece {
  int descriptor = -1;
  uint64_t offset = 0;
  uint64_t bytes = 0;
};

class PageImport {
 public:
  // Maps the pieces, which must follow one another without gaps from offset 0 on. All or nothing. The descriptors stay
  // the caller's, and may be closed afterwards. Errors: kInvalidArgument; kUnsupported (the device cannot share);
  // kNoMemory; kDevice.
  static Result<std::unique_ptr<PageImport>> open(std::shared_ptr<Device> device,
                                                  std::span<const ImportedPiece> pieces);
  // For open().
  PageImport(std::shared_ptr<Device> device, uint64_t address, uint64_t bytes) noexcept;
  ~PageImport();
  PageImport(const PageImport&) = delete;
  PageImport& operator=(const PageImport&) = delete;

  Device& device() const noexcept { return *device_; }
  uint64_t address() const noexcept { return address_; }
  uint64_t bytes() const noexcept { return bytes_; }

 private:
  struct Mapped {
    uint64_t address = 0;
    uint64_t bytes = 0;
    PhysicalId physical = 0;  // 0: none
    bool mapped = false;
  };

  Status take(std::span<const ImportedPiece> pieces);
  Status let_go(Mapped& piece);

  const LiveCount live_{Kind::kImport};
  const std::shared_ptr<Device> device_;
  const uint64_t address_;
  const uint64_t bytes_;
  std::vector<Mapped> pieces_;
  bool usable_ = false;
};

}  // namespace windlass
