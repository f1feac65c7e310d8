#include "store/pull_plan.hpp"

#include <unordered_set>
#include <utility>

#include "base/clock.hpp"
#include "base/text.hpp"
#include "store/assembly.hpp"

namespace windlass {

namespace {

constexpr size_t kPlanRunsAtOnce = 16384;

Status invalid(std::string_view key, std::string_view why) {
  return Status::error(Code::kInvalidArgument, text("plan of '", key.substr(0, 200), "': ", why));
}

Status mismatch(std::string_view key, std::string_view why) {
  return Status::error(Code::kMismatch, text("pull of '", key.substr(0, 200), "': ", why));
}

Status check_target(const PullTarget& target) {
  if (target.key.empty()) return Status::error(Code::kInvalidArgument, "plan: an empty key; name the value");
  if (target.bytes != 0 && target.target == nullptr) return invalid(target.key, "its target is NULL");
  if (target.kind == EntryKind::kBytes) return Status();
  if (target.dtype == DType::kNone) return invalid(target.key, "a tensor without an element type; say which");
  Result<uint64_t> bytes = packed_bytes(target.dtype, {target.box.rank, target.box.sizes});
  if (!bytes.ok()) return bytes.status().with_prefix("plan");
  if (*bytes == target.bytes) return Status();
  return invalid(target.key, text(target.box.to_string(), " of ", dtype_name(target.dtype), " takes ", *bytes,
                                  " bytes, not ", target.bytes));
}

}  // namespace

Result<std::shared_ptr<PullPlan>> PullPlan::open(std::shared_ptr<StoreConnection> connection,
                                                 std::span<const PullTarget> targets) {
  if (targets.empty()) return Status::error(Code::kInvalidArgument, "plan: no values; name at least one");
  if (targets.size() > kMaxBatch) {
    return Status::error(Code::kInvalidArgument, text("plan: ", targets.size(), " values; at most ", kMaxBatch));
  }
  std::unordered_set<std::string_view> seen;
  for (const PullTarget& target : targets) {
    if (Status valid = check_target(target); !valid.ok()) return valid;
    if (!seen.insert(target.key).second) return invalid(target.key, "the key is named twice; name each key once");
  }
  return std::make_shared<PullPlan>(std::move(connection), targets);
}

PullPlan::PullPlan(std::shared_ptr<StoreConnection> connection, std::span<const PullTarget> targets)
    : connection_(std::move(connection)) {
  items_.reserve(targets.size());
  for (const PullTarget& target : targets) {
    Item& item = items_.emplace_back();
    item.key = target.key;
    item.kind = target.kind;
    item.dtype = target.dtype;
    item.box = target.box;
    item.target = target.target;
    item.bytes = target.bytes;
  }
}

void PullPlan::close() noexcept {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  items_.clear();
}

Result<PullReport> PullPlan::pull(const LeaseOptions& options) {
  const std::lock_guard lock(mutex_);
  if (closed_) return Status::error(Code::kStaleHandle, "the plan was closed; make another");
  PullReport report;
  report.transport = connection_->kind();
  const Deadline deadline = connection_->deadline(options.timeout);
  Stopwatch watch;
  std::vector<std::string_view> keys;
  keys.reserve(items_.size());
  for (const Item& item : items_) keys.push_back(item.key);
  Result<std::shared_ptr<Lease>> lease = Lease::open(connection_, keys, options);
  if (!lease.ok()) return lease.status();
  report.lease_ns = watch.lap_ns();
  const std::vector<LeaseEntry>& entries = (*lease)->entries();
  std::vector<LeaseRead> reads;
  uint64_t first = 0;
  for (uint64_t number = 0; number < items_.size(); ++number) {
    uint64_t end = first;
    while (end < entries.size() && entries[end].item == number) ++end;
    Item& item = items_[number];
    if (Status planned = plan_item(**lease, item, first, end, report); !planned.ok()) return planned;
    for (const Run& run : item.runs) {
      reads.push_back({first + run.source, run.source_offset, run.bytes, item.target + run.target_offset});
    }
    report.bytes += item.bytes;
    first = end;
  }
  report.plan_ns = watch.lap_ns();
  for (size_t at = 0; at < reads.size(); at += kPlanRunsAtOnce) {
    const std::span<const LeaseRead> some = std::span(reads).subspan(at, std::min(kPlanRunsAtOnce, reads.size() - at));
    if (Status moved = (*lease)->read(some, deadline); !moved.ok()) return moved;
  }
  report.move_ns = watch.lap_ns();
  return report;
}

Status PullPlan::plan_item(Lease& lease, Item& item, uint64_t first, uint64_t end, PullReport& report) {
  Result<std::vector<Source>> sources = sources_of(lease, item, first, end);
  if (!sources.ok()) return sources.status();
  for (uint64_t entry = first; entry < end; ++entry) {
    report.version = std::max(report.version, lease.entries()[entry].found.version);
  }
  if (!item.sources.empty() && item.sources == *sources) {
    ++report.reused;
    return Status();
  }
  item.sources.clear();
  item.runs.clear();
  if (Status planned = plan_runs(item, *sources); !planned.ok()) return planned;
  item.sources = *std::move(sources);
  ++report.planned;
  return Status();
}

Result<std::vector<PullPlan::Source>> PullPlan::sources_of(Lease& lease, const Item& item, uint64_t first,
                                                           uint64_t end) {
  std::vector<Source> sources;
  sources.reserve(end - first);
  for (uint64_t entry = first; entry < end; ++entry) {
    const LeaseEntry& found = lease.entries()[entry];
    if (!found.exists) return Status::error(Code::kNotFound, text("pull: nothing is under the key '", item.key, "'"));
    if (found.found.kind != item.kind) {
      return mismatch(item.key, item.kind == EntryKind::kTensor ? "it is bytes, and a tensor is wanted"
                                                                : "it is a tensor, and bytes are wanted");
    }
    Source& source = sources.emplace_back();
    source.shard = found.found.shard;
    source.dtype = found.found.dtype;
    source.bytes = found.found.bytes;
    source.shape = found.found.shape;
    if (found.found.place.offered()) source.offer = found.found.place.segment;
    if (item.kind != EntryKind::kTensor) continue;
    Result<const Slice*> slice = lease.slice(entry);
    if (!slice.ok()) return slice.status();
    source.slice = **slice;
  }
  return sources;
}

Status PullPlan::plan_runs(Item& item, const std::vector<Source>& sources) {
  if (item.kind == EntryKind::kBytes) {
    if (sources.size() != 1 || sources.front().bytes != item.bytes) {
      return mismatch(item.key, text("it has ", sources.empty() ? 0 : sources.front().bytes,
                                     " bytes, and the target has ", item.bytes));
    }
    if (item.bytes != 0) item.runs.push_back({0, 0, 0, item.bytes});
    return Status();
  }
  std::vector<Part> parts;
  for (uint64_t index = 0; index < sources.size(); ++index) {
    const Source& source = sources[index];
    if (source.dtype != static_cast<int32_t>(item.dtype)) {
      return mismatch(item.key,
                      text("its elements are of type ", source.dtype, ", and the target is ", dtype_name(item.dtype)));
    }
    if (source.slice.global != sources.front().slice.global)
      return mismatch(item.key, "its shards are of other shapes");
    parts.push_back({index, source.slice.box(source.shape)});
  }
  const Shape& whole = sources.front().slice.global;
  if (item.box.rank != whole.rank || !item.box.within(whole)) {
    return mismatch(item.key,
                    text("it is ", Box::whole(whole).to_string(), ", and ", item.box.to_string(), " is wanted"));
  }
  Result<Assembly> assembly = Assembly::plan(item.dtype, item.box, parts);
  if (!assembly.ok()) return assembly.status().with_prefix(text("pull of '", item.key, "'"));
  for (std::vector<ByteRun> runs = assembly->next(kPlanRunsAtOnce); !runs.empty();
       runs = assembly->next(kPlanRunsAtOnce)) {
    for (const ByteRun& run : runs) {
      item.runs.push_back({run.entry, run.source_offset, run.target_offset, run.bytes});
    }
  }
  return Status();
}

}  // namespace windlass
