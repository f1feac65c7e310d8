#include "windlass/archive_job.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <limits>
#include <memory>
#include <string>

#include "archive/archive_job.hpp"
#include "capi/guard.hpp"
#include "windlass/library.h"

namespace {

using windlass::ArchiveEntry;
using windlass::ArchiveEntryKind;
using windlass::ArchiveFormat;
using windlass::ArchiveJob;
using windlass::ArchivePhase;
using windlass::ArchiveReport;
using windlass::Code;
using windlass::Kind;
using windlass::Result;
using windlass::Status;
using windlass::text;

static_assert(WL_KIND_ARCHIVE_JOB == static_cast<int32_t>(Kind::kArchiveJob));
static_assert(WL_ARCHIVE_FORMAT_WINDLASS == static_cast<int32_t>(ArchiveFormat::kWindlass));
static_assert(WL_ARCHIVE_FORMAT_ZSTD_TAR == static_cast<int32_t>(ArchiveFormat::kZstdTar));
static_assert(WL_ARCHIVE_FORMAT_TAR == static_cast<int32_t>(ArchiveFormat::kTar));
static_assert(WL_ARCHIVE_PHASE_SCANNING == static_cast<int32_t>(ArchivePhase::kScanning));
static_assert(WL_ARCHIVE_PHASE_MOVING == static_cast<int32_t>(ArchivePhase::kMoving));
static_assert(WL_ARCHIVE_PHASE_FINISHING == static_cast<int32_t>(ArchivePhase::kFinishing));
static_assert(WL_ARCHIVE_PHASE_DONE == static_cast<int32_t>(ArchivePhase::kDone));
static_assert(WL_ARCHIVE_ENTRY_FILE == static_cast<int32_t>(ArchiveEntryKind::kFile));
static_assert(WL_ARCHIVE_ENTRY_DIRECTORY == static_cast<int32_t>(ArchiveEntryKind::kDirectory));
static_assert(WL_ARCHIVE_ENTRY_SYMBOLIC_LINK == static_cast<int32_t>(ArchiveEntryKind::kSymbolicLink));
static_assert(WL_ARCHIVE_ENTRY_HARD_LINK == static_cast<int32_t>(ArchiveEntryKind::kHardLink));

Result<std::shared_ptr<ArchiveJob>> find(wl_archive_job job) {
  return windlass::capi::acquire<ArchiveJob>(job, Kind::kArchiveJob);
}

// Tells one entry, if it fits. Returns whether it does.
bool tell(const ArchiveEntry& entry, wl_archive_entry& out, char* names, uint64_t capacity, uint64_t& used) noexcept {
  const bool linked = !entry.target.empty();
  const uint64_t wanted = entry.path.size() + 1 + (linked ? entry.target.size() + 1 : 0);
  if (wanted > capacity - used) return false;
  const auto put = [&](const std::string& name) {
    std::memcpy(names + used, name.c_str(), name.size() + 1);
    used += name.size() + 1;
  };
  out = {};
  out.kind = static_cast<wl_archive_entry_kind>(entry.kind);
  out.mode = entry.mode;
  out.bytes = entry.bytes;
  out.path_at = used;
  put(entry.path);
  out.target_at = linked ? used : used - 1;
  if (linked) put(entry.target);
  return true;
}

}  // namespace

void wl_archive_progress_init(wl_archive_progress* progress, uint32_t struct_size) {
  windlass::capi::init_struct(progress, struct_size, wl_archive_progress{});
}

void wl_archive_report_init(wl_archive_report* report, uint32_t struct_size) {
  windlass::capi::init_struct(report, struct_size, wl_archive_report{});
}

wl_status wl_archive_job_wait(wl_archive_job job, uint64_t timeout_ns, wl_archive_report* report, wl_error* error) {
  return windlass::capi::guard(error, [&] {
    if (report != nullptr) {
      if (Status given = windlass::capi::check_output("archive report", report); !given.ok()) return given;
    }
    Result<std::shared_ptr<ArchiveJob>> found = find(job);
    if (!found.ok()) return found.status();
    constexpr auto kLongest = static_cast<uint64_t>(std::numeric_limits<int64_t>::max());
    const std::chrono::nanoseconds most(static_cast<int64_t>(std::min(timeout_ns, kLongest)));
    const Result<ArchiveReport> outcome = (*found)->wait(most);
    if (!outcome.ok() || report == nullptr) return outcome.status();
    wl_archive_report values{};
    values.format = static_cast<wl_archive_format>(outcome->format);
    values.entries = outcome->entries;
    values.raw_bytes = outcome->raw_bytes;
    values.archive_bytes = outcome->archive_bytes;
    values.duration_ns = outcome->duration_ns;
    std::memcpy(values.root, outcome->root.data(), sizeof values.root);
    windlass::capi::put_output(report, values);
    return Status();
  });
}

wl_status wl_archive_job_get_progress(wl_archive_job job, wl_archive_progress* progress, wl_error* error) {
  return windlass::capi::guard(error, [&] {
    if (Status given = windlass::capi::check_output("archive progress", progress); !given.ok()) return given;
    Result<std::shared_ptr<ArchiveJob>> found = find(job);
    if (!found.ok()) return found.status();
    const windlass::WorkState& state = (*found)->state();
    wl_archive_progress values{};
    values.phase = static_cast<wl_archive_phase>(state.phase.load(std::memory_order_relaxed));
    values.done_bytes = state.done_bytes.load(std::memory_order_relaxed);
    values.total_bytes = state.total_bytes.load(std::memory_order_relaxed);
    values.entries = state.entries.load(std::memory_order_relaxed);
    windlass::capi::put_output(progress, values);
    return Status();
  });
}

wl_status wl_archive_job_cancel(wl_archive_job job, wl_error* error) {
  return windlass::capi::guard(error, [&] {
    Result<std::shared_ptr<ArchiveJob>> found = find(job);
    if (found.ok()) (*found)->cancel();
    return found.status();
  });
}

wl_status wl_archive_job_list_entries(wl_archive_job job, uint64_t first, wl_archive_entry* entries,
                                      uint64_t entry_capacity, char* names, uint64_t name_capacity, uint64_t* count,
                                      wl_error* error) {
  return windlass::capi::guard(error, [&] {
    if (Status given = windlass::capi::check_pointer("entries", entries); !given.ok()) return given;
    if (Status given = windlass::capi::check_pointer("names", names); !given.ok()) return given;
    if (Status given = windlass::capi::check_pointer("count", count); !given.ok()) return given;
    Result<std::shared_ptr<ArchiveJob>> found = find(job);
    if (!found.ok()) return found.status();
    const auto all = (*found)->entries();
    if (!all.ok()) return all.status();
    const std::vector<ArchiveEntry>& kept = **all;
    uint64_t told = 0;
    uint64_t used = 0;
    while (told < entry_capacity && first < kept.size() && told < kept.size() - first &&
           tell(kept[first + told], entries[told], names, name_capacity, used)) {
      ++told;
    }
    if (told == 0 && first < kept.size()) {
      return Status::error(Code::kInvalidArgument, text("archive entries: there is no room for the one entry that is ",
                                                        "next; give some for 8192 bytes of names"));
    }
    *count = told;
    return Status();
  });
}

wl_status wl_archive_job_close(wl_archive_job job, wl_error* error) {
  return windlass::capi::guard(error, [&] {
    Result<std::shared_ptr<ArchiveJob>> removed = windlass::capi::remove<ArchiveJob>(job, Kind::kArchiveJob);
    if (removed.ok()) (*removed)->close();
    return removed.status();
  });
}
