#include "volume/volume.hpp"

#include <algorithm>
#include <utility>

#include "base/text.hpp"
#include "memory/host_pages.hpp"
#include "memory/machine_memory.hpp"
#include "volume/offer.hpp"
#include "volume/volume_core.hpp"
#include "volume/volume_session.hpp"

namespace windlass {

namespace {

constexpr uint64_t kSegmentBytes = 64 * kMiB;
constexpr uint64_t kLeastMetadata = 256 * kMiB;
constexpr uint64_t kMostOptionBytes = uint64_t{1} << 60U;
constexpr uint32_t kMostThreads = 1024;

Status refuse_option(std::string_view name, uint64_t given, std::string_view rule) {
  return Status::error(Code::kInvalidArgument, text("volume: ", name, " is ", given, "; ", rule));
}

// Fills in what was left open.
Result<VolumeOptions> complete(VolumeOptions options) {
  if (options.eviction != Eviction::kNone && options.eviction != Eviction::kLeastRecent) {
    return refuse_option("eviction", static_cast<uint64_t>(options.eviction), "give none or least recent");
  }
  if (options.worker_threads > kMostThreads)
    return refuse_option("worker_threads", options.worker_threads, "at most 1024");
  if (options.limit_bytes == 0) {
    const Result<MachineMemory> memory = machine_memory();
    if (!memory.ok()) return memory.status().with_prefix("volume: the limit is half of the memory");
    options.limit_bytes = std::max(memory->available_bytes / 2, kHugePageBytes);
  }
  if (options.limit_bytes > kMostOptionBytes)
    return refuse_option("limit_bytes", options.limit_bytes, "that is no machine's");
  options.limit_bytes = options.limit_bytes / kHugePageBytes * kHugePageBytes;
  if (options.limit_bytes == 0) return refuse_option("limit_bytes", 0, "give at least 2 MiB");
  if (options.segment_bytes == 0) options.segment_bytes = std::min(kSegmentBytes, options.limit_bytes);
  if (options.segment_bytes > options.limit_bytes) {
    return refuse_option("segment_bytes", options.segment_bytes,
                         text("but the limit is ", options.limit_bytes, "; give less, or raise the limit"));
  }
  options.segment_bytes = round_up(options.segment_bytes, kHugePageBytes);
  if (options.prepared_bytes > options.limit_bytes) {
    return refuse_option("prepared_bytes", options.prepared_bytes,
                         text("but the limit is ", options.limit_bytes, "; give less, or raise the limit"));
  }
  if (options.metadata_bytes == 0) options.metadata_bytes = std::max(options.limit_bytes / 2, kLeastMetadata);
  if (options.worker_threads == 0) options.worker_threads = WorkerPool::default_thread_count();
  return options;
}

}  // namespace

Result<std::shared_ptr<Volume>> Volume::open(const VolumeOptions& options) {
  Result<VolumeOptions> completed = complete(options);
  if (!completed.ok()) return completed.status();
  auto core = std::make_shared<VolumeCore>(*completed);
  if (completed->prepared_bytes != 0) {
    if (Status grown = core->grow_by(completed->prepared_bytes); !grown.ok()) return grown;
  }
  return std::make_shared<Volume>(std::move(core));
}

Volume::Volume(std::shared_ptr<VolumeCore> core) noexcept : core_(std::move(core)) {}

Volume::~Volume() { close(); }

Result<std::shared_ptr<VolumeSession>> Volume::open_session(SessionOptions options) {
  auto state = std::make_unique<SessionState>(std::move(options));
  SessionState* const registered = state.get();
  auto session = std::make_shared<VolumeSession>(core_, std::move(state));
  const std::lock_guard lock(core_->mutex);
  if (core_->closed) return Status::error(Code::kUnavailable, "the volume was closed; open another, or wait for one");
  core_->sessions.insert(registered);
  return session;
}

Result<std::shared_ptr<Offer>> Volume::offer(std::span<const OfferItem> items, const OfferOptions& options) {
  return Offer::open(core_, items, options);
}

VolumeInfo Volume::info() const {
  const std::lock_guard lock(core_->mutex);
  return core_->info_locked();
}

uint64_t Volume::nonce() const noexcept { return core_->nonce; }

void Volume::close() noexcept {
  std::vector<std::shared_ptr<SegmentFile>> gone;  // their memory goes without the lock
  const std::lock_guard lock(core_->mutex);
  if (core_->closed) return;
  core_->closed = true;
  core_->index.each([&](Entry& entry) {
    entry.each_value([&](const Value& value) {
      if (value.slot != kNoBlock) core_->slots.retire(value.slot);
    });
  });
  core_->index.clear();
  core_->counters.entries = 0;
  core_->counters.value_bytes = 0;
  core_->metadata_bytes = 0;
  core_->slots.drop_files(gone);
}

}  // namespace windlass
