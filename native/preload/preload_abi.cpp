#include <optional>
#include <string_view>

#include "capi/guard.hpp"
#include "preload/instance.hpp"
#include "windlass/library.h"
#include "windlass/preload.h"

namespace {

using windlass::BackupKind;
using windlass::Code;
using windlass::Inside;
using windlass::Preload;
using windlass::Result;
using windlass::ScopeRequest;
using windlass::Status;
using windlass::text;

static_assert(WL_PRELOAD_BACKUP_NONE == static_cast<int32_t>(BackupKind::kNone));
static_assert(WL_PRELOAD_BACKUP_PAGEABLE == static_cast<int32_t>(BackupKind::kPageable));
static_assert(WL_PRELOAD_BACKUP_POOLED == static_cast<int32_t>(BackupKind::kPooled));
static_assert(WL_PRELOAD_BACKUP_FILE == static_cast<int32_t>(BackupKind::kFile));

wl_preload_scope_options default_options() noexcept {
  wl_preload_scope_options options{};
  options.struct_size = sizeof options;
  options.enabled = WL_PRELOAD_AS_AROUND;
  options.backup = WL_PRELOAD_AS_AROUND;
  options.retain = WL_PRELOAD_AS_AROUND;
  options.verify = WL_PRELOAD_AS_AROUND;
  return options;
}

// Runs a call's work on the library's state, unless the environment cannot be followed.
template <typename Work>
wl_status with_preload(wl_error* error, Work&& work) noexcept {
  return windlass::capi::guard(error, [&] {
    const Inside inside;
    Preload& preload = windlass::preload_instance();
    return preload.configured().ok() ? work(preload) : preload.configured();
  });
}

Status take_flag(const char* name, int32_t given, std::optional<bool>* taken) {
  if (given < WL_PRELOAD_AS_AROUND || given > 1) {
    return Status::error(Code::kInvalidArgument,
                         text("preload scope: ", name, " is ", given, "; it takes 0, 1 or -1 (as around)"));
  }
  if (given != WL_PRELOAD_AS_AROUND) *taken = given == 1;
  return Status();
}

Status take_request(const wl_preload_scope_options& options, ScopeRequest* request) {
  if (options.backup < WL_PRELOAD_AS_AROUND || options.backup > WL_PRELOAD_BACKUP_FILE) {
    return Status::error(Code::kInvalidArgument, text("preload scope: no backup has number ", options.backup));
  }
  if (options.reserved != 0) return Status::error(Code::kInvalidArgument, "preload scope: reserved must be 0");
  if (options.directory != nullptr && options.backup != WL_PRELOAD_BACKUP_FILE) {
    return Status::error(Code::kInvalidArgument,
                         "preload scope: a directory is given, but the backup is not said to be in files");
  }
  if (options.pool_limit_bytes != 0 && options.backup != WL_PRELOAD_BACKUP_POOLED) {
    return Status::error(Code::kInvalidArgument,
                         "preload scope: a limit of the pool is given, but the backup is not said to be pooled");
  }
  if (Status flag = take_flag("enabled", options.enabled, &request->enabled); !flag.ok()) return flag;
  if (Status flag = take_flag("retain", options.retain, &request->backup.retain); !flag.ok()) return flag;
  if (Status flag = take_flag("verify", options.verify, &request->backup.verify); !flag.ok()) return flag;
  if (options.tag != nullptr) request->tag = options.tag;
  if (options.directory != nullptr) request->backup.directory = options.directory;
  if (options.backup != WL_PRELOAD_AS_AROUND) request->backup.kind = static_cast<BackupKind>(options.backup);
  request->backup.pool_limit_bytes = options.pool_limit_bytes;
  return Status();
}

std::optional<std::string_view> tag_of(const char* tag) {
  return tag != nullptr ? std::optional<std::string_view>(tag) : std::nullopt;
}

// What the reports of regions say of bytes, whichever way they went.
uint64_t moved_bytes(const windlass::PauseReport& report) noexcept { return report.saved_bytes; }
uint64_t moved_bytes(const windlass::ResumeReport& report) noexcept { return report.restored_bytes; }
uint64_t memory_bytes(const windlass::PauseReport& report) noexcept { return report.freed_bytes; }
uint64_t memory_bytes(const windlass::ResumeReport& report) noexcept { return report.taken_bytes; }

// Makes a transition and tells of it, for both directions.
template <typename Transition>
Status transit(int32_t skip_done, wl_preload_report* report, Transition&& transition) {
  if (report != nullptr) {
    if (Status given = windlass::capi::check_output("preload report", report); !given.ok()) return given;
  }
  if (skip_done != 0 && skip_done != 1) {
    return Status::error(Code::kInvalidArgument, text("preload: skip_done is ", skip_done, "; it takes 0 or 1"));
  }
  const auto made = transition(skip_done == 1);
  if (!made.status.ok() || report == nullptr) return made.status;
  wl_preload_report values{};
  values.regions = made.outcomes.size();
  for (const auto& outcome : made.outcomes) {
    if (outcome.kind == windlass::OutcomeKind::kDone) ++values.done;
    if (outcome.kind == windlass::OutcomeKind::kSkipped) ++values.skipped;
    values.moved_bytes += moved_bytes(outcome.report);
    values.memory_bytes += memory_bytes(outcome.report);
  }
  values.total_ns = made.total_ns;
  windlass::capi::put_output(report, values);
  return Status();
}

}  // namespace

void wl_preload_scope_options_init(wl_preload_scope_options* options, uint32_t struct_size) {
  windlass::capi::init_struct(options, struct_size, default_options());
}

void wl_preload_report_init(wl_preload_report* report, uint32_t struct_size) {
  windlass::capi::init_struct(report, struct_size, wl_preload_report{});
}

void wl_preload_info_init(wl_preload_info* info, uint32_t struct_size) {
  windlass::capi::init_struct(info, struct_size, wl_preload_info{});
}

uint32_t wl_preload_abi_version(void) {
  return static_cast<uint32_t>(WL_ABI_MAJOR) << 16U | static_cast<uint32_t>(WL_ABI_MINOR);
}

wl_status wl_preload_scope_enter(const wl_preload_scope_options* options, uint64_t* scope, wl_error* error) {
  return with_preload(error, [&](Preload& preload) {
    if (Status given = windlass::capi::check_pointer("scope", scope); !given.ok()) return given;
    wl_preload_scope_options taken{};
    Status given = windlass::capi::take_options("preload scope options", options, default_options(), &taken);
    if (!given.ok()) return given;
    ScopeRequest request;
    if (Status valid = take_request(taken, &request); !valid.ok()) return valid;
    Result<uint64_t> entered = preload.enter(request);
    if (!entered.ok()) return entered.status();
    *scope = *entered;
    return Status();
  });
}

wl_status wl_preload_scope_leave(uint64_t scope, wl_error* error) {
  return with_preload(error, [&](Preload& preload) { return preload.leave(scope); });
}

wl_status wl_preload_pause(const char* tag, int32_t skip_done, wl_preload_report* report, wl_error* error) {
  return with_preload(error, [&](Preload& preload) {
    return transit(skip_done, report, [&](bool skip) { return preload.pause(tag_of(tag), skip); });
  });
}

wl_status wl_preload_resume(const char* tag, int32_t skip_done, wl_preload_report* report, wl_error* error) {
  return with_preload(error, [&](Preload& preload) {
    return transit(skip_done, report, [&](bool skip) { return preload.resume(tag_of(tag), skip); });
  });
}

wl_status wl_preload_get_info(const char* tag, wl_preload_info* info, wl_error* error) {
  return with_preload(error, [&](Preload& preload) {
    if (Status given = windlass::capi::check_output("preload info", info); !given.ok()) return given;
    const windlass::RegionSetInfo now = preload.info(tag_of(tag));
    wl_preload_info values{};
    values.interposing = preload.interposes() ? 1 : 0;
    values.regions = now.regions;
    values.paused = now.paused;
    values.size_bytes = now.size_bytes;
    values.mapped_bytes = now.mapped_bytes;
    values.backup_bytes = now.backup_bytes;
    values.stored_bytes = now.stored_bytes;
    values.margin_bytes = preload.margin_bytes();
    values.failures = preload.failures();
    windlass::copy_text(values.last_failure, preload.last_failure().message());
    windlass::capi::put_output(info, values);
    return Status();
  });
}

wl_status wl_preload_set_margin(uint64_t margin_bytes, wl_error* error) {
  return with_preload(error, [&](Preload& preload) {
    preload.set_margin(margin_bytes);
    return Status();
  });
}

wl_status wl_preload_pool_prepare(uint64_t size_bytes, wl_error* error) {
  return with_preload(error, [&](Preload& preload) { return preload.prepare_pool(size_bytes); });
}
