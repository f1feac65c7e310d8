#include "device/allocation_table.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/bytes.hpp"
#include "base/contain.hpp"
#include "base/log.hpp"
#include "base/text.hpp"

namespace windlass {

namespace {

std::string pages_text(uint64_t id, uint64_t address, uint64_t bytes) {
  return text("allocation ", id, " of ", bytes_text(bytes), " at ", hex_text(address));
}

// Those of this process. Never destroyed, as devices may end when all else has.
struct AllTables {
  std::mutex mutex;  // guards what follows; taken before a table's own
  std::vector<const AllocationTable*> tables;
};

AllTables& all_tables() {
  static AllTables* const all = std::make_unique<AllTables>().release();
  return *all;
}

}  // namespace

AllocationRecord::AllocationRecord(uint64_t id, uint64_t address, uint64_t bytes) noexcept
    : id_(id), address_(address), bytes_(bytes) {}

uint64_t AllocationRecord::generation() const {
  const std::lock_guard lock(mutex_);
  return generation_;
}

Result<Pages> AllocationRecord::attach(std::shared_ptr<PageObserver> observer) {
  const std::lock_guard lock(mutex_);
  if (phase_ != Phase::kPresent) {
    return Status::error(Code::kState, text(pages_text(id_, address_, bytes_), ": its pages are ",
                                            phase_ == Phase::kGone ? "gone" : "about to go",
                                            "; resume the region before something is derived from them"));
  }
  observers_.push_back(std::move(observer));
  return Pages{id_, generation_, address_, bytes_};
}

void AllocationRecord::detach(const PageObserver* observer) noexcept {
  std::shared_ptr<PageObserver> dropped;  // outlives the lock: its end may call here
  const std::lock_guard lock(mutex_);
  const auto found = std::find_if(observers_.begin(), observers_.end(),
                                  [&](const std::shared_ptr<PageObserver>& each) { return each.get() == observer; });
  if (found == observers_.end()) return;
  dropped = std::move(*found);
  observers_.erase(found);
}

Status AllocationRecord::check(uint64_t generation) const {
  const std::lock_guard lock(mutex_);
  if (phase_ == Phase::kPresent && generation == generation_) return Status();
  return Status::error(
      Code::kState,
      text(pages_text(id_, address_, bytes_), ": what was derived from generation ", generation, " is stale: ",
           phase_ == Phase::kPresent ? text("it is at generation ", generation_, " now") : "its pages are gone",
           "; derive it again from the resumed region"));
}

bool AllocationRecord::ended() const {
  const std::lock_guard lock(mutex_);
  return ended_;
}

Status AllocationRecord::announce_release() {
  const Pages going = pages();
  std::vector<std::shared_ptr<PageObserver>> told;
  Status listed = contain([&] {
    const std::lock_guard lock(mutex_);
    told = observers_;
    phase_ = Phase::kLeaving;
    return Status();
  });
  if (!listed.ok()) return listed;
  for (size_t left = told.size(); left > 0; --left) {
    PageObserver& observer = *told[left - 1];
    Status agreed = contain([&] { return observer.before_release(going); });
    if (agreed.ok()) continue;
    for (size_t back = left; back < told.size(); ++back) told[back]->after_return(going);
    const std::lock_guard lock(mutex_);
    phase_ = Phase::kPresent;
    return agreed.with_prefix(text(observer.name(), " refuses to let the pages go"));
  }
  return Status();
}

void AllocationRecord::announce_return(bool fresh) noexcept {
  (void)contain([&] {
    {
      const std::lock_guard lock(mutex_);
      phase_ = Phase::kPresent;
      if (fresh) ++generation_;
    }
    const Pages back = pages();
    for (const std::shared_ptr<PageObserver>& observer : watching()) observer->after_return(back);
    return Status();
  });
}

void AllocationRecord::mark_gone() noexcept {
  const std::lock_guard lock(mutex_);
  phase_ = Phase::kGone;
  ++generation_;
}

void AllocationRecord::announce_end() noexcept {
  Status ended = contain([&] {
    {
      const std::lock_guard lock(mutex_);
      ended_ = true;
      if (phase_ == Phase::kGone) return Status();
      phase_ = Phase::kGone;
    }
    const Pages going = pages();
    std::vector<std::shared_ptr<PageObserver>> told = watching();
    std::reverse(told.begin(), told.end());
    for (const std::shared_ptr<PageObserver>& observer : told) {
      Status agreed = contain([&] { return observer->before_release(going); });
      if (!agreed.ok()) log(LogLevel::kWarning, "device", agreed.message());
    }
    return Status();
  });
  if (!ended.ok()) log(LogLevel::kError, "device", ended.message());
}

std::vector<std::shared_ptr<PageObserver>> AllocationRecord::watching() const {
  const std::lock_guard lock(mutex_);
  return observers_;
}

Pages AllocationRecord::pages() const { return {id_, generation(), address_, bytes_}; }

AllocationTable::AllocationTable() {
  AllTables& all = all_tables();
  const std::lock_guard lock(all.mutex);
  all.tables.push_back(this);
}

AllocationTable::~AllocationTable() {
  AllTables& all = all_tables();
  const std::lock_guard lock(all.mutex);
  std::erase(all.tables, this);
}

Result<std::shared_ptr<AllocationRecord>> AllocationTable::find_anywhere(uint64_t address, uint64_t bytes) {
  AllTables& all = all_tables();
  const std::lock_guard lock(all.mutex);
  for (const AllocationTable* const table : all.tables) {
    Result<std::shared_ptr<AllocationRecord>> found = table->find(address, bytes);
    if (found.ok()) return found;
  }
  return Status::error(Code::kNotFound, text("no region has the ", bytes, " bytes at ", hex_text(address)));
}

std::shared_ptr<AllocationRecord> AllocationTable::add(uint64_t address, uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  auto record = std::make_shared<AllocationRecord>(last_id_ + 1, address, bytes);
  by_id_.emplace(record->id(), record);
  Status added = contain([&] {
    by_address_.emplace(address, record);
    return Status();
  });
  if (!added.ok()) {
    by_id_.erase(record->id());
    return nullptr;
  }
  ++last_id_;
  return record;
}

void AllocationTable::remove(const AllocationRecord& record) noexcept {
  const std::lock_guard lock(mutex_);
  by_address_.erase(record.address());
  by_id_.erase(record.id());
}

Result<std::shared_ptr<AllocationRecord>> AllocationTable::find(uint64_t address, uint64_t bytes) const {
  const std::lock_guard lock(mutex_);
  const auto after = by_address_.upper_bound(address);
  if (after != by_address_.begin()) {
    const std::shared_ptr<AllocationRecord>& record = std::prev(after)->second;
    if (in_range(address - record->address(), bytes, record->bytes())) return record;
  }
  return Status::error(Code::kNotFound, text("no allocation holds the ", bytes, " bytes at ", hex_text(address)));
}

Status AllocationTable::check(uint64_t allocation_id, uint64_t generation) const {
  std::shared_ptr<AllocationRecord> record;
  {
    const std::lock_guard lock(mutex_);
    const auto found = by_id_.find(allocation_id);
    if (found != by_id_.end()) record = found->second;
  }
  if (record != nullptr) return record->check(generation);
  return Status::error(Code::kNotFound,
                       text("allocation ", allocation_id, " was closed, and what was derived from it is stale"));
}

}  // namespace windlass
