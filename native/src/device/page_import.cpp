#include "device/page_import.hpp"

#include <limits>
#include <utility>

#include "base/contain.hpp"
#include "base/log.hpp"
#include "base/text.hpp"

namespace windlass {

namespace {

// How much the pieces are together.
Result<uint64_t> measure(std::span<const ImportedPiece> pieces, uint64_t granularity_bytes) {
  uint64_t at = 0;
  for (size_t index = 0; index < pieces.size(); ++index) {
    const ImportedPiece& piece = pieces[index];
    const char* wrong = nullptr;
    if (piece.descriptor < 0) wrong = "has no descriptor";
    if (piece.offset != at) wrong = "does not begin where the one before ends";
    if (piece.bytes == 0 || piece.bytes % granularity_bytes != 0) wrong = "is no multiple of the device's granularity";
    if (piece.bytes > uint64_t{std::numeric_limits<int64_t>::max()} - at) wrong = "is too large";
    if (wrong != nullptr) {
      return Status::error(Code::kInvalidArgument,
                           text("import: piece ", index, " of ", piece.bytes, " bytes at offset ", piece.offset, ' ',
                                wrong, "; pass the pieces of one export in its order"));
    }
    at += piece.bytes;
  }
  if (at == 0) return Status::error(Code::kInvalidArgument, "import: there are no pieces; pass those of an export");
  return at;
}

}  // namespace

Result<std::unique_ptr<PageImport>> PageImport::open(std::shared_ptr<Device> device,
                                                     std::span<const ImportedPiece> pieces) {
  Result<uint64_t> bytes = measure(pieces, device->granularity_bytes());
  if (!bytes.ok()) return bytes.status();
  Result<uint64_t> address = device->reserve(*bytes);
  if (!address.ok()) return address.status().with_prefix("import");
  std::unique_ptr<PageImport> opened;
  // Once it is made, its end undoes what was done.
  Status taken = contain([&] {
    opened = std::make_unique<PageImport>(device, *address, *bytes);
    return opened->take(pieces);
  });
  if (taken.ok()) return opened;
  if (opened == nullptr) {
    Status gone = contain([&] { return device->unreserve(*address, *bytes); });
    if (!gone.ok()) log(LogLevel::kError, "device", gone.message());
  }
  return taken.with_prefix("import");
}

PageImport::PageImport(std::shared_ptr<Device> device, uint64_t address, uint64_t bytes) noexcept
    : device_(std::move(device)), address_(address), bytes_(bytes) {}

PageImport::~PageImport() {
  const auto attempt = [](auto&& step) {
    Status done = contain(step);
    if (!done.ok()) log(LogLevel::kError, "device", done.message());
  };
  if (usable_) attempt([&] { return device_->drain(); });
  // One piece that will not go does not keep the others from going.
  for (Mapped& piece : pieces_) attempt([&] { return let_go(piece); });
  attempt([&] { return device_->unreserve(address_, bytes_); });
}

Status PageImport::take(std::span<const ImportedPiece> pieces) {
  pieces_.reserve(pieces.size());
  for (const ImportedPiece& each : pieces) {
    Result<PhysicalId> physical = device_->import_memory(each.descriptor, each.bytes);
    if (!physical.ok()) return physical.status();
    Mapped& piece = pieces_.emplace_back(Mapped{address_ + each.offset, each.bytes, *physical, false});
    if (Status mapped = device_->map(piece.address, piece.bytes, piece.physical); !mapped.ok()) return mapped;
    piece.mapped = true;
  }
  Status usable = device_->set_access(address_, bytes_);
  usable_ = usable.ok();
  return usable;
}

Status PageImport::let_go(Mapped& piece) {
  if (piece.mapped) {
    if (Status gone = device_->unmap(piece.address, piece.bytes); !gone.ok()) return gone;
    piece.mapped = false;
  }
  if (piece.physical == 0) return Status();
  Status gone = device_->release(piece.physical);
  if (gone.ok()) piece.physical = 0;
  return gone;
}

}  // namespace windlass
