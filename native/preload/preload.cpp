#include "preload/preload.hpp"

#include <utility>

#include "base/contain.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "preload/limits.hpp"
#include "preload/thread_scopes.hpp"

namespace windlass {

Preload::Preload(const Result<PreloadConfiguration>& configuration, DeviceForOrdinal open_device)
    : open_device_(std::move(open_device)), set_(RegionSet::open({})), configured_(configure(configuration)) {}

Status Preload::configure(const Result<PreloadConfiguration>& configuration) {
  if (!configuration.ok()) return configuration.status();
  around_backup_ = around_backup_.with(configuration->backup);
  Result<std::shared_ptr<const RegionPlan>> plan = backups_.plan(around_backup_);
  if (!plan.ok()) return plan.status().with_prefix("WINDLASS_PRELOAD_BACKUP");
  around_all_ = configuration->makes_scope;
  around_ = {configuration->tag, nullptr, *std::move(plan), configuration->enabled};
  set_->set_margin(configuration->margin_bytes);
  margin_bytes_ = configuration->margin_bytes;
  return Status();
}

bool Preload::interposes() const noexcept {
  if (!configured_.ok()) return false;
  if (const EnteredScope* const scope = thread_scopes::innermost(*set_); scope != nullptr) return scope->enabled;
  return around_all_ && around_.enabled.value_or(true);
}

Result<std::shared_ptr<Device>> Preload::device(int ordinal) {
  const std::lock_guard lock(devices_mutex_);
  if (const auto known = devices_.find(ordinal); known != devices_.end()) return known->second;
  Result<std::shared_ptr<Device>> opened = open_device_(ordinal);
  if (opened.ok()) devices_.emplace(ordinal, *opened);
  return opened;
}

Result<uint64_t> Preload::allocate(uint64_t size_bytes, int ordinal) {
  if (!configured_.ok()) return configured_;
  Result<std::shared_ptr<Device>> device = this->device(ordinal);
  if (!device.ok()) return device.status();
  // A thread's outermost scope was entered with what is around all; without a scope it is said here.
  ScopeSettings given;
  if (thread_scopes::innermost(*set_) == nullptr) given = around_;
  given.device = *std::move(device);
  Result<std::shared_ptr<Region>> region = set_->open_region(size_bytes, given);
  if (!region.ok()) return region.status();
  const uint64_t address = (*region)->info().address;
  const std::lock_guard lock(mutex_);
  regions_.emplace(address, *std::move(region));
  ++region_count_;
  return address;
}

std::optional<Status> Preload::release(uint64_t address) {
  if (region_count_ == 0) return std::nullopt;
  std::shared_ptr<Region> region;
  {
    const std::lock_guard lock(mutex_);
    const auto found = regions_.find(address);
    if (found == regions_.end()) return std::nullopt;
    region = std::move(found->second);
    regions_.erase(found);
    --region_count_;
  }
  Status drained;
  if (region->info().state == RegionState::kActive) drained = region->device().drain();
  return drained;
}

Result<uint64_t> Preload::enter(const ScopeRequest& request) {
  if (!configured_.ok()) return configured_;
  if (request.tag.has_value() && request.tag->size() > kMostTagBytes) {
    return Status::error(Code::kInvalidArgument, text("preload scope: the tag has ", request.tag->size(),
                                                      " bytes; it takes at most ", kMostTagBytes));
  }
  const EnteredScope* const outer = thread_scopes::innermost(*set_);
  EnteredScope scope;
  scope.backup = (outer != nullptr ? outer->backup : around_backup_).with(request.backup);
  scope.enabled = request.enabled.value_or(outer != nullptr ? outer->enabled : around_.enabled.value_or(true));
  ScopeSettings settings = outer != nullptr ? ScopeSettings{} : around_;
  if (request.tag.has_value()) settings.tag = request.tag;
  if (request.backup.says_something()) {
    Result<std::shared_ptr<const RegionPlan>> plan = backups_.plan(scope.backup);
    if (!plan.ok()) return plan.status().with_prefix("preload scope");
    settings.plan = *std::move(plan);
  }
  settings.enabled = scope.enabled;
  return thread_scopes::enter(set_, settings, std::move(scope));
}

Status Preload::leave(uint64_t scope) { return configured_.ok() ? thread_scopes::leave(*set_, scope) : configured_; }

SetReport<PauseReport> Preload::pause(std::optional<std::string_view> tag, bool skip_done) {
  return set_->pause(tag, skip_done);
}

SetReport<ResumeReport> Preload::resume(std::optional<std::string_view> tag, bool skip_done) {
  return set_->resume(tag, skip_done);
}

void Preload::set_margin(uint64_t margin_bytes) noexcept {
  set_->set_margin(margin_bytes);
  margin_bytes_ = margin_bytes;
}

void Preload::note_failure(const Status& failure) noexcept {
  ++failures_;
  log(LogLevel::kWarning, "preload", failure.message());
  const std::lock_guard lock(mutex_);
  last_failure_ = failure;
}

Status Preload::last_failure() const {
  const std::lock_guard lock(mutex_);
  return last_failure_;
}

}  // namespace windlass
