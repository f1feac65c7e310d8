#include "windlass/export.h"

#include <memory>
#include <vector>

#include "capi/guard.hpp"
#include "device/page_export.hpp"
#include "device/page_import.hpp"
#include "region/region.hpp"

namespace {

using windlass::Code;
using windlass::Device;
using windlass::ExportDescriptor;
using windlass::ImportedPiece;
using windlass::Kind;
using windlass::PageExport;
using windlass::PageImport;
using windlass::Region;
using windlass::Result;
using windlass::Status;
using windlass::text;

constexpr uint32_t kMostPieces = 1U << 20U;

wl_export_name name_of(const PageExport& exported) noexcept {
  const ExportDescriptor& name = exported.name();
  return {name.allocation_id, name.generation, name.owner_nonce, name.bytes, name.owner_pid, name.pieces};
}

// Runs a call's work on the export that a handle names.
template <typename Work>
wl_status with_export(wl_export handle, wl_error* error, Work&& work) noexcept {
  return windlass::capi::guard(error, [&] {
    Result<std::shared_ptr<PageExport>> found = windlass::capi::acquire<PageExport>(handle, Kind::kExport);
    return found.ok() ? work(**found) : found.status();
  });
}

}  // namespace

wl_status wl_export_open(wl_region region, wl_export_name* name, wl_export* exported, wl_error* error) {
  return windlass::capi::guard(error, [&] {
    if (Status given = windlass::capi::check_pointer("name", name); !given.ok()) return given;
    if (Status given = windlass::capi::check_pointer("exported", exported); !given.ok()) return given;
    Result<std::shared_ptr<Region>> found = windlass::capi::acquire<Region>(region, Kind::kRegion);
    if (!found.ok()) return found.status();
    Result<std::shared_ptr<PageExport>> opened = (*found)->export_pages();
    if (!opened.ok()) return opened.status();
    const wl_export_name its = name_of(**opened);
    Status named = windlass::capi::publish(Kind::kExport, *std::move(opened), exported);
    if (named.ok()) *name = its;
    return named;
  });
}

wl_status wl_export_get_piece(wl_export exported, uint32_t index, wl_export_piece* piece, wl_error* error) {
  return with_export(exported, error, [&](PageExport& open) {
    if (Status given = windlass::capi::check_pointer("piece", piece); !given.ok()) return given;
    Result<int> descriptor = open.descriptor(index);
    if (!descriptor.ok()) return descriptor.status();
    *piece = {*descriptor, 0, open.pieces()[index].offset, open.pieces()[index].bytes};
    return Status();
  });
}

wl_status wl_export_check(wl_export exported, const wl_export_name* name, wl_error* error) {
  return with_export(exported, error, [&](PageExport& open) {
    if (Status given = windlass::capi::check_pointer("name", name); !given.ok()) return given;
    return open.matches(
        {name->allocation_id, name->generation, name->owner_nonce, name->size_bytes, name->owner_pid, name->pieces});
  });
}

wl_status wl_export_close(wl_export exported, wl_error* error) {
  return windlass::capi::guard(error,
                               [&] { return windlass::capi::remove<PageExport>(exported, Kind::kExport).status(); });
}

wl_status wl_import_open(wl_device device, const wl_export_piece* pieces, uint32_t count, uint64_t* address,
                         uint64_t* size_bytes, wl_import* imported, wl_error* error) {
  return windlass::capi::guard(error, [&] {
    if (Status given = windlass::capi::check_pointer("pieces", pieces); !given.ok()) return given;
    if (Status given = windlass::capi::check_pointer("address", address); !given.ok()) return given;
    if (Status given = windlass::capi::check_pointer("size_bytes", size_bytes); !given.ok()) return given;
    if (Status given = windlass::capi::check_pointer("imported", imported); !given.ok()) return given;
    if (count == 0 || count > kMostPieces) {
      return Status::error(Code::kInvalidArgument, text("import: ", count, " pieces; it takes 1 to ", kMostPieces));
    }
    Result<std::shared_ptr<Device>> found = windlass::capi::acquire<Device>(device, Kind::kDevice);
    if (!found.ok()) return found.status();
    std::vector<ImportedPiece> taken;
    for (uint32_t index = 0; index < count; ++index) {
      taken.push_back({pieces[index].descriptor, pieces[index].offset, pieces[index].size_bytes});
    }
    Result<std::unique_ptr<PageImport>> opened = PageImport::open(*std::move(found), taken);
    if (!opened.ok()) return opened.status();
    const uint64_t at = (*opened)->address();
    const uint64_t bytes = (*opened)->bytes();
    Status named = windlass::capi::publish(Kind::kImport, std::shared_ptr<PageImport>(*std::move(opened)), imported);
    if (!named.ok()) return named;
    *address = at;
    *size_bytes = bytes;
    return Status();
  });
}

wl_status wl_import_close(wl_import imported, wl_error* error) {
  return windlass::capi::guard(error,
                               [&] { return windlass::capi::remove<PageImport>(imported, Kind::kImport).status(); });
}
