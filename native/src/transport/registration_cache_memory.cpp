// Memory and devices that a cache of registrations knows: how they come, and how they go.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <utility>

#include "base/text.hpp"
#include "transport/registration_cache.hpp"

namespace windlass {

namespace {

constexpr std::chrono::nanoseconds kLongestWait = std::chrono::hours(1);

std::string memory_text(const RegisterableMemory& memory) {
  return text("the ", bytes_text(memory.range.bytes()), " at ", hex_text(memory.range.start));
}

// Its region has been closed, or is being.
bool is_closed(const RegisterableMemory& memory) {
  if (memory.foreign) return false;
  const std::shared_ptr<AllocationRecord> record = memory.record.lock();
  return record == nullptr || record->ended();
}

}  // namespace

// Told of a region's pages on behalf of a cache, which may have ended, or be about to: then it still ends
// registrations, and pages wait for that.
class RegistrationCache::Watcher final : public PageObserver {
 public:
  Watcher(std::weak_ptr<RegistrationCache> cache, std::weak_ptr<RegisterableMemory> memory) noexcept
      : cache_(std::move(cache)), memory_(std::move(memory)) {}

  std::string_view name() const noexcept override { return "a cache of registrations"; }

  Status before_release(const Pages& /*pages*/) override {
    const std::shared_ptr<RegistrationCache> cache = cache_.lock();
    const std::shared_ptr<RegisterableMemory> memory = memory_.lock();
    if (cache == nullptr) {
      ended_.wait(false);
      return Status();
    }
    return memory == nullptr ? Status() : cache->pages_leave(*memory);
  }
  void after_return(const Pages& pages) noexcept override {
    const std::shared_ptr<RegistrationCache> cache = cache_.lock();
    const std::shared_ptr<RegisterableMemory> memory = memory_.lock();
    if (cache != nullptr && memory != nullptr) cache->pages_return(*memory, pages.generation);
  }
  // Nothing of the memory is registered any more.
  void end() noexcept {
    ended_ = true;
    ended_.notify_all();
  }

 private:
  const std::weak_ptr<RegistrationCache> cache_;
  const std::weak_ptr<RegisterableMemory> memory_;
  std::atomic<bool> ended_ = false;
};

// Nobody has a use any more, and so nobody else calls.
RegistrationCache::~RegistrationCache() {
  ender_.end();
  ending_.clear();
  idle_.clear();
  while (!memories_.empty()) {
    const std::shared_ptr<RegisterableMemory> memory = memories_.begin()->second;
    drop_memory(*memory);
    if (const std::shared_ptr<AllocationRecord> record = memory->record.lock()) record->detach(memory->watcher.get());
  }
}

Status RegistrationCache::add_memory(const std::shared_ptr<RegisterableMemory>& memory) {
  // A region that was paused when it was closed has not told.
  for (auto next = memories_.begin(); next != memories_.end();) {
    RegisterableMemory& known = *(next++)->second;
    if (is_closed(known)) drop_memory(known);
  }
  const auto behind = memories_.lower_bound(memory->range.end);
  if (behind != memories_.begin() && std::prev(behind)->second->range.overlaps(memory->range)) {
    return Status::error(Code::kState, text(memory_text(*memory), " overlap ", memory_text(*std::prev(behind)->second),
                                            ", which are known already; forget those first"));
  }
  memory->id = ++last_memory_;
  memories_.emplace(memory->range.start, memory);
  return Status();
}

void RegistrationCache::drop_memory(RegisterableMemory& memory) noexcept {
  memory.closing = true;
  memory.gone = true;
  if (memory.watcher != nullptr) static_cast<Watcher*>(memory.watcher.get())->end();
  const auto found = memories_.find(memory.range.start);
  if (found != memories_.end() && found->second.get() == &memory) memories_.erase(found);
  changed_.notify_all();
}

// Memory whose last use has ended.
void RegistrationCache::drop_once(Lock& lock, RegisterableMemory& memory) noexcept {
  memory.closing = true;
  const std::shared_ptr<RegisterableMemory> kept = memories_.find(memory.range.start)->second;
  end_all(lock, memory);
  drop_memory(memory);
}

Status RegistrationCache::watch(const std::shared_ptr<AllocationRecord>& record) {
  const auto memory = std::make_shared<RegisterableMemory>();
  memory->range = {record->address(), record->address() + record->bytes()};
  memory->record = record;
  memory->watcher = std::make_shared<Watcher>(weak_from_this(), memory);
  const Lock lock(mutex_);
  const auto known = memories_.find(record->address());
  if (known != memories_.end() && known->second->record.lock() == record) return Status();
  if (Status added = add_memory(memory); !added.ok()) return added;
  // With the lock, so that what is told meanwhile comes after.
  Result<Pages> pages = record->attach(memory->watcher);
  if (!pages.ok()) {
    drop_memory(*memory);
    return pages.status().with_prefix("registering memory");
  }
  memory->generation = pages->generation;
  return Status();
}

Status RegistrationCache::unwatch(const AllocationRecord& record, Deadline deadline) {
  Lock lock(mutex_);
  const auto known = memories_.find(record.address());
  if (known == memories_.end() || known->second->record.lock().get() != &record) {
    return Status::error(Code::kNotFound, text("allocation ", record.id(), " is not watched"));
  }
  const std::shared_ptr<RegisterableMemory> memory = known->second;
  if (Status revoked = revoke(lock, *memory, deadline); !revoked.ok()) {
    return revoked.with_prefix(memory_text(*memory));
  }
  drop_memory(*memory);
  lock.unlock();
  if (const std::shared_ptr<AllocationRecord> watched = memory->record.lock()) watched->detach(memory->watcher.get());
  return Status();
}

Status RegistrationCache::adopt(std::byte* data, uint64_t bytes) {
  if (Status sound = check_memory_range(data, bytes); !sound.ok()) return sound.with_prefix("adopting memory");
  const auto memory = std::make_shared<RegisterableMemory>();
  memory->range = range_of(data, bytes);
  memory->foreign = true;
  const Lock lock(mutex_);
  return add_memory(memory);
}

Status RegistrationCache::forget(std::byte* data, uint64_t bytes, Deadline deadline) {
  if (Status sound = check_memory_range(data, bytes); !sound.ok()) return sound.with_prefix("forgetting memory");
  const ByteRange range = range_of(data, bytes);
  Lock lock(mutex_);
  std::vector<std::shared_ptr<RegisterableMemory>> ending;
  for (const auto& [address, memory] : memories_) {
    if (!memory->foreign || memory->once || !memory->range.overlaps(range)) continue;
    if (!range.holds(memory->range)) {
      return Status::error(Code::kInvalidArgument,
                           text("forgetting ", bytes_text(bytes), " at ", hex_text(range.start), ": ",
                                memory_text(*memory), " lie only partly in it; pass all"));
    }
    ending.push_back(memory);
  }
  if (ending.empty()) {
    return Status::error(Code::kNotFound, text("forgetting ", bytes_text(bytes), " at ", hex_text(range.start),
                                               ": none of it was adopted"));
  }
  for (size_t i = 0; i < ending.size(); ++i) {
    Status revoked = revoke(lock, *ending[i], deadline);
    if (revoked.ok()) continue;
    for (size_t before = 0; before < i; ++before) reopen(*ending[before]);
    return revoked.with_prefix(memory_text(*ending[i]));
  }
  for (const std::shared_ptr<RegisterableMemory>& memory : ending) drop_memory(*memory);
  return Status();
}

Status RegistrationCache::forget(const Registrar& registrar, Deadline deadline) {
  std::shared_ptr<RegisteringDevice> device;  // and with it the registrar: they end after the lock
  Lock lock(mutex_);
  const auto known = devices_.find(&registrar);
  if (known == devices_.end()) {
    return Status::error(Code::kNotFound, text("nothing was registered with ", registrar.name()));
  }
  device = known->second;
  if (Status revoked = revoke(lock, *device, deadline); !revoked.ok()) return revoked.with_prefix(registrar.name());
  for (const auto& [address, memory] : memories_) {
    std::erase_if(memory->ranges, [&](const auto& each) { return each.first.first == device.get(); });
  }
  device->gone = true;
  devices_.erase(&registrar);
  changed_.notify_all();
  return Status();
}

// Leaves it closing: nobody uses it, and nothing of it is registered.
Status RegistrationCache::revoke(Lock& lock, RegistrationUsers& users, Deadline deadline) {
  const auto wait = [&](auto&& is_over) {
    while (!is_over()) {
      if (deadline.expired()) return false;
      changed_.wait_for(lock, std::min(deadline.remaining(), kLongestWait));
    }
    return true;
  };
  if (!wait([&] { return !users.closing || users.gone; })) {
    return Status::error(Code::kTimeout, "another call that ends its registrations is under way; try again after it");
  }
  if (users.gone) return Status::error(Code::kNotFound, "it was forgotten meanwhile");
  users.closing = true;
  if (!wait([&] { return users.uses == 0; })) {
    const uint64_t left = users.uses;
    reopen(users);
    return Status::error(Code::kTimeout,
                         text(left, left == 1 ? " use" : " uses",
                              " of its registrations did not end in time; let them go, or allow more time"));
  }
  end_all(lock, users);
  return Status();
}

void RegistrationCache::reopen(RegistrationUsers& users) noexcept {
  users.closing = users.gone;
  changed_.notify_all();
}

// Of what nobody uses. What another thread is ending at this moment is waited for.
void RegistrationCache::end_all(Lock& lock, const RegistrationUsers& users) noexcept {
  end_idle(lock, users);
  while (users.registrations != 0) changed_.wait(lock);
}

void RegistrationCache::end_idle(Lock& lock, const RegistrationUsers& users) noexcept {
  const auto is_of_users = [&](const RegisteredSpan& span) {
    return static_cast<const RegistrationUsers*>(span.memory.get()) == &users ||
           static_cast<const RegistrationUsers*>(span.device.get()) == &users;
  };
  for (auto next = idle_.begin(); next != idle_.end();) {
    RegisteredSpan& span = **next++;
    if (!is_of_users(span)) continue;
    unlist(span);
    ++statistics_.revocations;
  }
  Spans ours;
  for (auto next = ending_.begin(); next != ending_.end();) {
    const auto span = next++;
    if (is_of_users(**span)) ours.splice(ours.end(), ending_, span);
  }
  while (!ours.empty()) end_first(lock, ours);
}

Status RegistrationCache::pages_leave(RegisterableMemory& memory) {
  Lock lock(mutex_);
  Status revoked = revoke(lock, memory, Deadline::after(options_.pause_timeout));
  if (memory.gone) return Status();
  if (is_closed(memory)) {
    // They go, whoever uses them.
    drop_memory(memory);
    end_idle(lock, memory);
  } else if (revoked.ok()) {
    // The record knows that the pages are about to go; so nobody registers them.
    reopen(memory);
  }
  return revoked.ok() ? Status() : revoked.with_prefix(memory_text(memory));
}

void RegistrationCache::pages_return(RegisterableMemory& memory, uint64_t generation) noexcept {
  const Lock lock(mutex_);
  if (memory.generation == generation) return;
  memory.generation = generation;
  for (auto& [of, ranges] : memory.ranges) ranges.forget_failures();
}

}  // namespace windlass
