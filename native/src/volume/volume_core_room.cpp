// Where room comes from: what is free; fresh segments; free segments of the wrong size, given up; old values.
#include <algorithm>
#include <chrono>
#include <utility>

#include "base/contain.hpp"
#include "base/text.hpp"
#include "memory/host_pages.hpp"
#include "volume/volume_core.hpp"

namespace windlass {

// Segments on their way out. Outlives the lock, because giving pages back takes its time.
struct VolumeCore::Gone {
  Gone() = default;
  ~Gone() { finish(); }
  Gone(const Gone&) = delete;
  Gone& operator=(const Gone&) = delete;

  void finish() noexcept {
    for (const std::shared_ptr<SegmentFile>& file : files) file->discard();
    files.clear();
  }

  std::vector<std::shared_ptr<SegmentFile>> files;
};

// Blocks that were taken and are not reserved yet. Ends with the lock held.
class VolumeCore::Taken {
 public:
  Taken(Slots& slots, size_t count) : blocks(count, kNoBlock), slots_(slots) {}
  ~Taken() { give_back(); }
  Taken(const Taken&) = delete;
  Taken& operator=(const Taken&) = delete;

  void give_back() noexcept {
    slots_.untake(blocks);
    forget();
  }
  void forget() noexcept { std::fill(blocks.begin(), blocks.end(), kNoBlock); }

  std::vector<BlockId> blocks;

 private:
  Slots& slots_;
};

// Puts values into segments in their order.
VolumeCore::Growth VolumeCore::plan_growth(std::span<const uint64_t> sizes, uint64_t segment_bytes) {
  Growth growth;
  uint64_t end = 0;
  const auto close = [&](size_t before) {
    if (end == 0) return;
    growth.segments.push_back(round_up(end, kHugePageBytes));
    growth.ends.push_back(before);
    growth.bytes += growth.segments.back();
    end = 0;
  };
  for (size_t i = 0; i < sizes.size(); ++i) {
    if (sizes[i] == 0) continue;
    uint64_t next = round_up(end, Space::alignment(sizes[i])) + Space::footprint(sizes[i]);
    if (end != 0 && next > segment_bytes) {
      close(i);
      next = Space::footprint(sizes[i]);
    }
    end = next;
  }
  close(sizes.size());
  return growth;
}

Status VolumeCore::check_sizes(std::span<const uint64_t> sizes) {
  if (sizes.size() > kMaxBatch) {
    return Status::error(Code::kInvalidArgument,
                         text("room for ", sizes.size(), " values at once; ask for at most ", kMaxBatch));
  }
  if (Space::run_bytes(sizes) <= options.limit_bytes) return Status();
  const std::lock_guard lock(mutex);
  return refuse(sizes);
}

Status VolumeCore::refuse(std::span<const uint64_t> sizes) {
  ++counters.refusals;
  const uint64_t asked = Space::run_bytes(sizes);
  const uint64_t used = slots.space().used_bytes();
  const uint64_t free = options.limit_bytes - std::min(options.limit_bytes, used);
  const std::string want = asked > free ? text(bytes_text(asked - free), " are missing")
                                        : text(bytes_text(free), " are free, but in too small pieces");
  const std::string_view way =
      options.eviction == Eviction::kNone
          ? "; remove values, raise the limit, or allow eviction"
          : "; what is left is pinned, leased or being written: release some, or raise the limit";
  return Status::error(Code::kNoSpace,
                       text("volume: room for ", bytes_text(asked), " was asked for, and ", want, ": the limit is ",
                            bytes_text(options.limit_bytes), ", of which ", bytes_text(used), " are in use", way));
}

// What to do for values that found no room: a growth, which without may_trim may be one that is still to be made
// possible; or nothing, which is to try again.
Result<std::optional<VolumeCore::Growth>> VolumeCore::make_room(std::span<const uint64_t> sizes,
                                                                std::span<const uint64_t> rest, Taken& taken,
                                                                Gone& gone, bool may_trim) {
  const uint64_t limit = options.limit_bytes;
  const uint64_t held = slots.space().held_bytes();
  Growth growth = plan_growth(rest, options.segment_bytes);
  for (uint64_t& bytes : growth.segments) {
    // A segment is as large as all are where the limit allows it; the room that is left is for later values.
    const uint64_t more = options.segment_bytes > bytes ? options.segment_bytes - bytes : 0;
    if (held + growth.bytes + more > limit) continue;
    bytes += more;
    growth.bytes += more;
  }
  if (held + growth.bytes > limit) growth = plan_growth(rest, UINT64_MAX);
  if (held + growth.bytes <= limit) return std::optional(std::move(growth));
  uint64_t free = slots.free_segment_bytes();
  if (held - free + growth.bytes <= limit) {
    if (may_trim) slots.trim(held + growth.bytes - limit, gone.files);
    return std::optional(std::move(growth));
  }
  taken.give_back();
  free = slots.free_segment_bytes();
  if (Growth all = plan_growth(sizes, UINT64_MAX); free != 0 && held - free + all.bytes <= limit) {
    if (!may_trim) return std::optional(std::move(all));
    slots.trim(held + all.bytes - limit, gone.files);
    return std::optional<Growth>();
  }
  // What is missing has to go at least. Beyond that it is a matter of pieces: more goes, some at a time, until one is
  // large enough.
  const uint64_t asked = Space::run_bytes(sizes);
  const uint64_t missing = asked - std::min(asked, limit - std::min(limit, slots.space().used_bytes()));
  if (evict(std::max(missing, Space::run_bytes(rest) / 8), missing, 0)) return std::optional<Growth>();
  return refuse(sizes);
}

// Gets the segments without the lock, and takes the values' room in them.
Status VolumeCore::grow(std::unique_lock<std::mutex>& lock, const Growth& growth, std::span<const uint64_t> rest,
                        std::span<BlockId> blocks, Gone& gone) {
  std::vector<std::shared_ptr<SegmentFile>> files;
  std::vector<BlockId> fresh(rest.size());
  files.reserve(growth.segments.size());
  growing_ = true;
  lock.unlock();
  gone.finish();
  Status created = contain([&] {
    for (const uint64_t bytes : growth.segments) {
      Result<std::shared_ptr<SegmentFile>> file = SegmentFile::create(bytes, workers_);
      if (!file.ok()) return file.status();
      files.push_back(*std::move(file));
    }
    return Status();
  });
  if (!created.ok()) files.clear();
  lock.lock();
  growing_ = false;
  grown_.notify_all();
  if (!created.ok()) return created;
  if (closed) return Status::error(Code::kUnavailable, "the volume was closed; open another, or wait for one");
  size_t begin = 0;
  for (size_t i = 0; i < files.size(); ++i) {
    const size_t count = growth.ends[i] - begin;
    const std::span<BlockId> found = std::span(fresh).subspan(begin, count);
    const uint64_t missed = slots.take_in(files[i], next_segment_++, rest.subspan(begin, count), found);
    if (missed != 0)
      return Status::error(Code::kInternal, "a segment is too small for what it was made for; report it");
    for (size_t k = 0; k < count; ++k) {
      if (rest[begin + k] != 0) blocks[begin + k] = found[k];
    }
    begin = growth.ends[i];
  }
  return Status();
}

// Returns false if the time was up.
bool VolumeCore::wait_for_growth(std::unique_lock<std::mutex>& lock, Deadline deadline) {
  constexpr std::chrono::nanoseconds kLongest = std::chrono::hours(1);
  while (growing_) {
    if (deadline.expired()) return false;
    grown_.wait_for(lock, std::min(deadline.remaining(), kLongest));
  }
  return true;
}

std::vector<RemoteRange> VolumeCore::reserve(SessionState& session, std::span<const uint64_t> sizes,
                                             std::span<const BlockId> blocks,
                                             std::vector<RemoteRange> ranges) noexcept {
  for (size_t i = 0; i < sizes.size(); ++i) {
    if (blocks[i] == kNoBlock) continue;
    slots.reserve(blocks[i], sizes[i], session.prepared);
    ranges[i] = slots.range(blocks[i], slots.token(blocks[i]), sizes[i]);
  }
  return ranges;
}

Result<std::optional<std::vector<RemoteRange>>> VolumeCore::prepare(SessionState& session,
                                                                    std::span<const uint64_t> sizes,
                                                                    const Deadline* wait) {
  if (Status sound = check_sizes(sizes); !sound.ok()) return sound;
  std::vector<RemoteRange> ranges(sizes.size());
  std::vector<uint64_t> rest;
  Gone gone;
  std::unique_lock lock(mutex);
  Taken taken(slots, sizes.size());
  for (;;) {
    if (Status open = check_open(session); !open.ok()) return open;
    if (slots.metadata_bytes(sizes.size()) > options.metadata_bytes) {
      ++counters.refusals;
      return Status::error(Code::kNoSpace, text("volume: it has too many slots for ", sizes.size(),
                                                " more; remove keys, or put fewer and larger values"));
    }
    const uint64_t missed = slots.take(sizes, taken.blocks);
    if (missed == 0) break;
    if (growing_) {
      // Somebody gets fresh pages already: some of them may be left for us.
      taken.give_back();
      if (wait == nullptr) return std::optional<std::vector<RemoteRange>>();
      if (wait_for_growth(lock, *wait)) continue;
      return Status::error(Code::kTimeout, "volume: the time was up while others waited for memory; allow more time");
    }
    rest.assign(sizes.begin(), sizes.end());
    for (size_t i = 0; i < rest.size(); ++i) {
      if (taken.blocks[i] != kNoBlock) rest[i] = 0;
    }
    Result<std::optional<Growth>> growth = make_room(sizes, rest, taken, gone, wait != nullptr);
    if (!growth.ok()) return growth.status();
    if (!growth->has_value()) continue;
    if (wait == nullptr) return std::optional<std::vector<RemoteRange>>();
    if (wait->expired()) return Status::error(Code::kTimeout, "volume: no time for getting memory; allow some");
    if (Status grown = grow(lock, **growth, rest, taken.blocks, gone); !grown.ok()) return grown.with_prefix("volume");
    if (Status open = check_open(session); !open.ok()) return open;
    break;
  }
  std::vector<RemoteRange> reserved = reserve(session, sizes, taken.blocks, std::move(ranges));
  taken.forget();
  return std::optional(std::move(reserved));
}

Status VolumeCore::grow_by(uint64_t bytes) {
  std::vector<uint64_t> sizes;
  for (uint64_t left = bytes; left != 0; left -= sizes.back()) sizes.push_back(std::min(left, options.segment_bytes));
  const Growth growth = plan_growth(sizes, options.segment_bytes);
  Gone none;
  std::unique_lock lock(mutex);
  if (growth.bytes > options.limit_bytes) return refuse(sizes);
  Taken taken(slots, sizes.size());
  return grow(lock, growth, sizes, taken.blocks, none).with_prefix("volume");
}

}  // namespace windlass
