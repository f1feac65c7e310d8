#include "transport/registration_cache.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/clock.hpp"
#include "base/contain.hpp"
#include "base/text.hpp"
#include "memory/present_pages.hpp"

namespace windlass {

namespace {

std::byte* data_of(const ByteRange& range) noexcept { return reinterpret_cast<std::byte*>(range.start); }

std::string range_text(const ByteRange& range) {
  return text("the ", bytes_text(range.bytes()), " at ", hex_text(range.start));
}

}  // namespace

// Of what, with which device, for what.
struct RegistrationCache::Target {
  std::shared_ptr<RegisterableMemory> memory;
  std::shared_ptr<RegisteringDevice> device;
  uint32_t access = 0;

  RegistrationRanges& ranges() const { return memory->ranges[{device.get(), access}]; }

  // Whether it may be registered now. With the lock.
  Status check() const {
    if (device->closing) {
      return Status::error(Code::kState, text(device->maker.registrar().name(), " is being given up"));
    }
    if (memory->closing) {
      return Status::error(Code::kState, text(range_text(memory->range), ", or their pages, are about to go"));
    }
    if (memory->foreign) return Status();
    const std::shared_ptr<AllocationRecord> record = memory->record.lock();
    if (record != nullptr) return record->check(memory->generation);
    return Status::error(Code::kState, text("the region that had ", range_text(memory->range), " was closed"));
  }
};

// Registering a gap: as part of something larger, if that can be.
struct RegistrationCache::Attempt {
  ByteRange gap;
  ByteRange wide;                           // with a window around it
  ByteRange whole;                          // with neighbours too
  std::vector<RegisteredSpan*> neighbours;  // used by the attempt
  ByteRange got;                            // which of the three it was
  MadeRegistrations made;
  Spans fresh;  // what was made
  std::vector<std::pair<ByteRange, Status>> failed;
  uint64_t populating_ns = 0;
};

std::shared_ptr<RegistrationCache> RegistrationCache::open(const RegistrationCacheOptions& options) {
  return std::make_shared<RegistrationCache>(options);
}

RegistrationCache::RegistrationCache(const RegistrationCacheOptions& options) noexcept
    : options_(options), ender_("registrations", [this] { return end_next(); }) {}

Result<std::shared_ptr<RegisteringDevice>> RegistrationCache::device_of(const std::shared_ptr<Registrar>& registrar) {
  if (registrar == nullptr) return Status::error(Code::kInvalidArgument, "registering: the registrar is null");
  const auto known = devices_.find(registrar.get());
  if (known != devices_.end()) return known->second;
  return devices_.emplace(registrar.get(), std::make_shared<RegisteringDevice>(registrar)).first->second;
}

Result<std::shared_ptr<RegisterableMemory>> RegistrationCache::memory_at(const ByteRange& range) const {
  const auto behind = memories_.lower_bound(range.end);
  if (behind != memories_.begin()) {
    const std::shared_ptr<RegisterableMemory>& memory = std::prev(behind)->second;
    // Where a region was closed, its addresses may be somebody else's by now.
    const bool is_over = !memory->foreign && memory->record.expired() && memory->registrations == 0;
    if (memory->range.holds(range) && !is_over) return memory;
    if (memory->range.overlaps(range) && !is_over) {
      return Status::error(Code::kInvalidArgument,
                           text(range_text(range), " lie only partly in ", range_text(memory->range),
                                " that are known; ask for what lies within"));
    }
  }
  return Status::error(Code::kNotFound, text(range_text(range),
                                             " are in no memory that is known: watch the region, or adopt the memory, "
                                             "or acquire it once"));
}

void RegistrationCache::count(const RegistrationTally& tally) noexcept {
  ++(tally.missing == 0 ? statistics_.hits : statistics_.misses);
  statistics_.saved_bytes += tally.bytes - std::min(tally.missing, tally.bytes);
}

Result<RegistrationUse> RegistrationCache::acquire_known(const std::shared_ptr<Registrar>& registrar,
                                                         const ByteRange& range, uint32_t access,
                                                         RegistrationTally& tally) {
  RegistrationUse use;  // ends without the lock
  use.cache_ = shared_from_this();
  Lock lock(mutex_);
  Result<std::shared_ptr<RegisteringDevice>> device = device_of(registrar);
  if (!device.ok()) return device.status();
  Result<std::shared_ptr<RegisterableMemory>> memory = memory_at(range);
  if (!memory.ok()) return memory.status();
  Status acquired = contain([&] { return acquire_in(lock, {*memory, *device, access}, range, tally, use); });
  if (acquired.ok()) return use;
  if ((*memory)->once && (*memory)->uses == 0 && !(*memory)->closing) drop_once(lock, **memory);
  return acquired.with_prefix("registering memory");
}

Result<RegistrationUse> RegistrationCache::acquire(const std::shared_ptr<Registrar>& registrar, std::byte* data,
                                                   uint64_t bytes, uint32_t access) {
  if (Status sound = check_memory_range(data, bytes); !sound.ok()) return sound;
  RegistrationTally tally;
  return acquire_known(registrar, range_of(data, bytes), access, tally);
}

Result<RegistrationUse> RegistrationCache::acquire_once(const std::shared_ptr<Registrar>& registrar, std::byte* data,
                                                        uint64_t bytes, uint32_t access) {
  if (Status sound = check_memory_range(data, bytes); !sound.ok()) return sound;
  RegistrationUse use;
  use.cache_ = shared_from_this();
  const ByteRange range = range_of(data, bytes);
  Lock lock(mutex_);
  Result<std::shared_ptr<RegisteringDevice>> device = device_of(registrar);
  if (!device.ok()) return device.status();
  while (true) {
    Result<std::shared_ptr<RegisterableMemory>> known = memory_at(range);
    // Another's last use is ending.
    if (known.ok() && (*known)->once && (*known)->closing) {
      changed_.wait(lock);
      continue;
    }
    if (!known.ok()) {
      known = std::make_shared<RegisterableMemory>();
      (*known)->range = range;
      (*known)->foreign = true;
      (*known)->once = true;
      if (Status added = add_memory(*known); !added.ok()) return added;
    }
    const std::shared_ptr<RegisterableMemory> memory = *known;
    RegistrationTally tally;
    Status acquired = contain([&] { return acquire_in(lock, {memory, *device, access}, range, tally, use); });
    if (acquired.ok()) return use;
    if (!memory->once) return acquired.with_prefix("registering memory");
    if (memory->closing) continue;
    if (memory->uses == 0) drop_once(lock, *memory);
    return acquired.with_prefix("registering memory once");
  }
}

Status RegistrationCache::acquire_in(Lock& lock, const Target& target, const ByteRange& range, RegistrationTally& tally,
                                     RegistrationUse& use) {
  tally.bytes = range.bytes();
  while (true) {
    if (Status there = target.check(); !there.ok()) return there;
    RegistrationRanges& ranges = target.ranges();
    if (ranges.is_pending(range)) {
      changed_.wait(lock);
      continue;
    }
    const std::optional<ByteRange> gap = ranges.first_gap(range);
    if (!gap) break;
    tally.missing += gap->bytes();
    if (Status registered = register_gap(lock, target, *gap, use); !registered.ok()) return registered;
  }
  std::vector<std::shared_ptr<RegisteredSpan>> spans;
  for (RegisteredSpan* const span : target.ranges().covering(range)) {
    const ByteRange part{std::max(span->range.start, range.start), std::min(span->range.end, range.end)};
    spans.push_back(*span->place);
    use.pieces_.push_back({data_of(part),
                           part.bytes(),
                           span->registration->local_key(),
                           span->registration->remote_key(),
                           {target.memory->id, span->generation, span->number}});
  }
  for (const std::shared_ptr<RegisteredSpan>& span : spans) take_use(*span);
  use.spans_.swap(spans);
  for (const std::shared_ptr<RegisteredSpan>& span : spans) drop_use(*span);
  if (tally.counted) count(tally);
  return Status();
}

Status RegistrationCache::register_gap(Lock& lock, const Target& target, const ByteRange& gap, RegistrationUse& use) {
  Attempt attempt;
  if (Status planned = plan(target, gap, attempt); !planned.ok()) return planned;
  target.ranges().begin(attempt.wide);
  ++target.memory->uses;
  ++target.device->uses;
  for (RegisteredSpan* const neighbour : attempt.neighbours) take_use(*neighbour);
  const bool ends_itself = ends_itself_;
  lock.unlock();
  if (ends_itself) (void)end_waiting();
  const Status outcome = contain([&] { return attempt_all(target, attempt, use); });
  attempt.made.pieces.clear();  // those that nobody took over end without the lock
  lock.lock();
  return settle(target, attempt, outcome, use);
}

// What is larger is only tried where it has not failed before.
Status RegistrationCache::plan(const Target& target, const ByteRange& gap, Attempt& attempt) {
  RegistrationRanges& ranges = target.ranges();
  const uint64_t ended = target.device->ended;
  const uint64_t most = target.device->maker.most_bytes();
  if (Status refused = ranges.refusal(gap, ended); !refused.ok()) {
    ++statistics_.refusals;
    return refused;
  }
  attempt.gap = gap;
  attempt.wide = ranges.widened(gap, std::min(options_.window_bytes, most), target.memory->range);
  if (attempt.wide != gap && !ranges.refusal(attempt.wide, ended).ok()) attempt.wide = gap;
  attempt.whole = ranges.merged(attempt.wide, std::min(options_.merged_bytes, most), attempt.neighbours);
  if (attempt.neighbours.empty() || ranges.refusal(attempt.whole, ended).ok()) return Status();
  attempt.whole = attempt.wide;
  attempt.neighbours.clear();
  return Status();
}

// Without the lock.
Status RegistrationCache::attempt_all(const Target& target, Attempt& attempt, RegistrationUse& use) {
  RegistrationMaker& maker = target.device->maker;
  const auto try_range = [&](const ByteRange& range) {
    attempt.got = range;
    if (target.memory->foreign) {
      const uint64_t start_ns = now_ns();
      Status present = make_present(data_of(range), range.bytes());
      attempt.populating_ns += now_ns() - start_ns;
      if (!present.ok()) return present;
    }
    if (range != attempt.wide && range != attempt.gap) {
      return maker.make_whole(data_of(range), range.bytes(), target.access, attempt.made);
    }
    return maker.make(
        data_of(range), range.bytes(), target.access, [&](uint64_t bytes) { return make_room(*target.device, bytes); },
        attempt.made);
  };
  Status outcome = try_range(attempt.whole);
  for (const ByteRange& smaller : {attempt.wide, attempt.gap}) {
    if (outcome.ok() || attempt.got == smaller) continue;
    attempt.failed.emplace_back(attempt.got, std::move(outcome));
    outcome = try_range(smaller);
  }
  if (!outcome.ok()) attempt.failed.emplace_back(attempt.got, outcome);
  use.spans_.reserve(use.spans_.size() + attempt.made.pieces.size());
  for (MadeRegistration& piece : attempt.made.pieces) {
    const auto span = std::make_shared<RegisteredSpan>();
    span->memory = target.memory;
    span->device = target.device;
    span->access = target.access;
    span->range = range_of(piece.data, piece.bytes);
    attempt.fresh.push_back(span);
    span->registration = std::move(piece.registration);
  }
  return outcome;
}

// Whatever the outcome, nothing is pending any more. What was made is found from now on, and used by the one who asks.
Status RegistrationCache::settle(const Target& target, Attempt& attempt, const Status& outcome, RegistrationUse& use) {
  RegistrationRanges& ranges = target.ranges();
  ranges.end(attempt.wide);
  // Where no memory was left to take them over, some were made that nobody has.
  attempt.made.given_up += attempt.made.made - attempt.made.given_up - attempt.fresh.size();
  statistics_.registrations += attempt.made.made;
  statistics_.deregistrations += attempt.made.given_up;
  statistics_.failures += attempt.made.failures;
  statistics_.registration_ns += attempt.made.nanoseconds;
  statistics_.populating_ns += attempt.populating_ns;
  if (outcome.ok()) statistics_.splits += attempt.fresh.size() - 1;
  for (RegisteredSpan* const neighbour : attempt.neighbours) {
    if (outcome.ok() && attempt.got == attempt.whole) {
      unlist(*neighbour);
      ++statistics_.merges;
    }
  }
  Status listed = contain([&] {
    for (const auto& [range, failure] : attempt.failed) {
      ranges.remember_failure(range, failure, options_.refusals, target.device->ended);
    }
    for (const std::shared_ptr<RegisteredSpan>& span : attempt.fresh) {
      span->number = ++last_number_;
      span->generation = target.memory->generation;
      by_number_.emplace(span->number, span.get());
      ranges.add(*span);
    }
    return Status();
  });
  while (!attempt.fresh.empty()) {
    const auto span = attempt.fresh.begin();
    use.spans_.push_back(*span);
    (*span)->place = span;
    used_.splice(used_.end(), attempt.fresh, span);
    add_used(**span);
  }
  for (RegisteredSpan* const neighbour : attempt.neighbours) drop_use(*neighbour);
  --target.memory->uses;
  --target.device->uses;
  evict_beyond_limits();
  changed_.notify_all();
  if (!ending_.empty()) wake();
  return outcome.ok() ? listed : outcome;
}

Status RegistrationCache::check(const RegistrationName& name) const {
  const Lock lock(mutex_);
  const auto found = by_number_.find(name.number);
  if (found != by_number_.end()) {
    const RegisteredSpan& span = *found->second;
    if (span.memory->id == name.memory && span.generation == name.generation) {
      return Target{span.memory, span.device, span.access}.check();
    }
  }
  const auto memory = std::find_if(memories_.begin(), memories_.end(),
                                   [&](const auto& each) { return each.second->id == name.memory; });
  if (memory == memories_.end()) {
    return Status::error(Code::kNotFound, text("registration ", name.number, " is of memory ", name.memory,
                                               ", which is not known here, or no more; ask for another name"));
  }
  if (memory->second->generation != name.generation) {
    return Status::error(
        Code::kState, text("registration ", name.number, " is stale: it is of generation ", name.generation, " of ",
                           range_text(memory->second->range), ", which are at generation ", memory->second->generation,
                           " now; ask for the name of the new one"));
  }
  return Status::error(Code::kState, text("registration ", name.number, " of ", range_text(memory->second->range),
                                          " has ended; ask for the name of the new one"));
}

RegistrationStatistics RegistrationCache::statistics() const {
  const Lock lock(mutex_);
  RegistrationStatistics now = statistics_;
  now.ending = now.registrations - now.deregistrations - now.kept;
  return now;
}

}  // namespace windlass
