// How uses of registrations begin and end, and how registrations that nobody needs end after them.
#include <algorithm>
#include <utility>

#include "base/contain.hpp"
#include "base/log.hpp"
#include "transport/registration_cache.hpp"

namespace windlass {

RegistrationUse& RegistrationUse::operator=(RegistrationUse&& other) noexcept {
  if (this == &other) return *this;
  reset();
  cache_ = std::move(other.cache_);
  spans_ = std::move(other.spans_);
  pieces_ = std::move(other.pieces_);
  return *this;
}

void RegistrationUse::reset() noexcept {
  pieces_.clear();
  if (!spans_.empty()) cache_->release(spans_);
  cache_ = nullptr;
}

void RegistrationCache::take_use(RegisteredSpan& span) noexcept {
  if (span.uses++ == 0) {
    used_.splice(used_.end(), idle_, span.place);
    statistics_.used_bytes += span.range.bytes();
  }
  ++span.memory->uses;
  ++span.device->uses;
}

// A new one, which its maker uses.
void RegistrationCache::add_used(RegisteredSpan& span) noexcept {
  span.uses = 1;
  ++span.memory->uses;
  ++span.device->uses;
  ++span.memory->registrations;
  ++span.device->registrations;
  ++statistics_.kept;
  statistics_.kept_bytes += span.range.bytes();
  statistics_.used_bytes += span.range.bytes();
}

void RegistrationCache::drop_use(RegisteredSpan& span) noexcept {
  if (--span.uses == 0) {
    statistics_.used_bytes -= span.range.bytes();
    idle_.splice(idle_.end(), used_, span.place);
    // Where its memory was closed meanwhile, nobody asks for it again.
    if (!span.listed) {
      retire(span);
    } else if (span.memory->gone) {
      unlist(span);
    }
  }
  const bool last = --span.memory->uses == 0;
  const bool last_of_device = --span.device->uses == 0;
  if ((last && span.memory->closing) || (last_of_device && span.device->closing)) changed_.notify_all();
}

// Nobody finds it any more. Those who use it go on, and its name counts for as long.
void RegistrationCache::unlist(RegisteredSpan& span) noexcept {
  span.memory->ranges.find({span.device.get(), span.access})->second.remove(span);
  span.listed = false;
  if (span.uses == 0) retire(span);
}

// Idle, and not listed.
void RegistrationCache::retire(RegisteredSpan& span) noexcept {
  by_number_.erase(span.number);
  ending_.splice(ending_.end(), idle_, span.place);
  --statistics_.kept;
  statistics_.kept_bytes -= span.range.bytes();
}

void RegistrationCache::evict_beyond_limits() noexcept {
  while (!idle_.empty() &&
         (statistics_.kept_bytes > options_.most_bytes || statistics_.kept > options_.most_registrations)) {
    unlist(*idle_.front());
    ++statistics_.evictions;
  }
}

// spans has one; the lock is let go meanwhile.
void RegistrationCache::end_first(Lock& lock, Spans& spans) noexcept {
  Spans one;
  one.splice(one.end(), spans, spans.begin());
  RegisteredSpan& span = *one.front();
  lock.unlock();
  span.registration = nullptr;
  lock.lock();
  --span.memory->registrations;
  --span.device->registrations;
  ++span.device->ended;
  ++statistics_.deregistrations;
  changed_.notify_all();
  // It may be the last that has the registrar, whose end is none of the lock's business.
  lock.unlock();
  one.clear();
  lock.lock();
}

void RegistrationCache::release(std::vector<std::shared_ptr<RegisteredSpan>>& spans) noexcept {
  bool wakes = false;
  {
    Lock lock(mutex_);
    for (const std::shared_ptr<RegisteredSpan>& span : spans) drop_use(*span);
    RegisterableMemory& memory = *spans.front()->memory;  // of all of them
    if (memory.once && memory.uses == 0 && !memory.closing) drop_once(lock, memory);
    evict_beyond_limits();
    wakes = !ending_.empty();
  }
  spans.clear();
  if (wakes) wake();
}

bool RegistrationCache::make_room(const RegisteringDevice& device, uint64_t bytes) noexcept {
  Lock lock(mutex_);
  const auto is_of_device = [&](const std::shared_ptr<RegisteredSpan>& span) { return span->device.get() == &device; };
  uint64_t room = 0;
  Spans going;
  for (auto next = ending_.begin(); next != ending_.end();) {
    const auto span = next++;
    if (!is_of_device(*span)) continue;
    room += (*span)->range.bytes();
    going.splice(going.end(), ending_, span);
  }
  for (auto next = idle_.begin(); next != idle_.end() && room < bytes;) {
    const auto span = next++;
    if (!is_of_device(*span)) continue;
    room += (*span)->range.bytes();
    unlist(**span);
    ++statistics_.evictions;
    going.splice(going.end(), ending_, span);
  }
  while (!going.empty()) end_first(lock, going);
  return room != 0;
}

bool RegistrationCache::end_next() noexcept {
  Lock lock(mutex_);
  if (ending_.empty()) return false;
  end_first(lock, ending_);
  return !ending_.empty();
}

uint64_t RegistrationCache::end_waiting() noexcept {
  uint64_t ended = 0;
  Lock lock(mutex_);
  for (; !ending_.empty(); ++ended) end_first(lock, ending_);
  return ended;
}

void RegistrationCache::wake() noexcept {
  Status woken = contain([&] { return ender_.wake(); });
  if (woken.ok()) return;
  log(LogLevel::kWarning, "registrations", woken.message());
  ends_itself_ = true;
}

}  // namespace windlass
