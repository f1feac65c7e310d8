#include "store/put.hpp"

#include <algorithm>
#include <utility>

#include "base/text.hpp"
#include "store/put_item.hpp"

namespace windlass {

Put::Put(StoreConnection& connection, std::span<const PutItem> items, const PutOptions& options)
    : connection_(connection), items_(items), options_(options), deadline_(connection.deadline(options.timeout)) {}

Put::~Put() {
  if (in_doubt_) quarantine_buffers();
  give_up();
  for (TransportBuffer* buffer : claimed_) {
    buffer->settle();
    buffer->unclaim();
  }
}

Result<PutReport> Put::run() {
  report_.transport = connection_.kind();
  if (Status valid = check(); !valid.ok()) return valid;
  if (Status claimed = claim_buffers(); !claimed.ok()) return claimed;
  if (goes_inline()) return run_inline();
  Status done = try_once();
  // Over a connection that was found broken nothing has been published: once more over the new one.
  if (!done.ok() && retriable_) done = try_once();
  if (!done.ok()) return done;
  connection_.count_written(report_.bytes);
  return report_;
}

Status Put::try_once() {
  retriable_ = false;
  report_.reused = 0;
  if (Status room = get_room(); !room.ok()) return room;
  report_.prepare_ns += watch_.lap_ns();
  if (Status moved = move(); !moved.ok()) return moved;
  report_.move_ns += watch_.lap_ns();
  return commit();
}

Status Put::check() {
  if (items_.empty()) return Status::error(Code::kInvalidArgument, "put: no items; give at least one");
  if (items_.size() > kMaxBatch) {
    return Status::error(Code::kInvalidArgument,
                         text("put: ", items_.size(), " items; at most ", kMaxBatch, " at a time"));
  }
  steps_.resize(items_.size());
  joined_.reserve(items_.size());
  for (size_t index = 0; index < items_.size(); ++index) {
    if (Status valid = check_item(items_[index], &steps_[index]); !valid.ok()) return valid;
    if (items_[index].bytes > UINT64_MAX - report_.bytes) {
      return invalid_item(items_[index], "the values have more than 2^64 bytes together");
    }
    report_.bytes += items_[index].bytes;
  }
  return Status();
}

Status Put::check_item(const PutItem& item, Step* step) {
  if (Status valid = check_put_item(item); !valid.ok()) return valid;
  if (item.buffer == nullptr) {
    if (item.bytes != 0 && item.data == nullptr)
      return invalid_item(item, "its data is NULL; only a buffer holds bytes");
  } else if (item.buffer->connection() != &connection_) {
    return invalid_item(item, "its buffer is another store's; open one here");
  } else if (item.buffer->bytes() < item.bytes) {
    return invalid_item(item, text("its buffer has room for ", item.buffer->bytes(), " bytes, not for ", item.bytes,
                                   "; open a larger one"));
  }
  step->meta = item.meta;
  if (item.slice == nullptr) return Status();
  step->shard = shard_place(*item.slice);
  step->meta.attributes = joined_.emplace_back(join_attributes(*item.slice, item.meta.attributes));
  return Status();
}

Status Put::claim_buffers() {
  claimed_.reserve(items_.size());
  for (const PutItem& item : items_) {
    if (item.buffer == nullptr) continue;
    if (Status claimed = item.buffer->claim(); !claimed.ok()) {
      return claimed.with_prefix(text("put of '", item.key.substr(0, 200), "'"));
    }
    claimed_.push_back(item.buffer.get());
  }
  return Status();
}

// A buffer's room is of no use to what is small and would have to be moved there first: it stays ready for what is not.
bool Put::goes_inline() const {
  return report_.bytes <= kInlineBytes && std::all_of(items_.begin(), items_.end(), [](const PutItem& item) {
           return item.buffer == nullptr ||
                  (item.buffer->ready() && item.buffer->address() == nullptr && item.data != nullptr);
         });
}

Result<PutReport> Put::run_inline() {
  std::vector<InlineItem> inlined;
  inlined.reserve(items_.size());
  for (size_t index = 0; index < items_.size(); ++index) {
    const PutItem& item = items_[index];
    inlined.push_back({item.key, steps_[index].meta, steps_[index].shard, {item.data, item.bytes}});
  }
  Result<Committed> committed =
      connection_.control().put_inline(inlined, {options_.conditions, options_.removals}, deadline_);
  if (!committed.ok()) return tell_uncertain(committed.status());
  report_.version = committed->version;
  report_.reused = static_cast<uint64_t>(std::count_if(
      items_.begin(), items_.end(), [](const PutItem& item) { return item.buffer != nullptr && item.bytes != 0; }));
  report_.commit_ns = watch_.lap_ns();
  connection_.count_written(report_.bytes);
  return report_;
}

Status Put::get_room() {
  session_ = connection_.session();
  std::vector<uint64_t> sizes;
  std::vector<size_t> wanting;
  for (size_t index = 0; index < items_.size(); ++index) {
    const PutItem& item = items_[index];
    if (item.bytes == 0) continue;
    if (item.buffer != nullptr && item.buffer->ready()) {
      if (!steps_[index].fresh) ++report_.reused;
      continue;
    }
    wanting.push_back(index);
    sizes.push_back(item.buffer != nullptr ? item.buffer->bytes() : item.bytes);
  }
  if (sizes.empty()) return Status();
  tokens_.reserve(sizes.size());
  Result<StoreConnection::Prepared> prepared = connection_.prepare(sizes, deadline_);
  if (!prepared.ok()) return prepared.status();
  const bool others_stale = prepared->session != session_ && wanting.size() < steps_.size();
  session_ = prepared->session;
  for (size_t slot = 0; slot < wanting.size(); ++slot) steps_[wanting[slot]].slot = prepared->slots[slot];
  for (const size_t index : wanting) {
    const PutItem& item = items_[index];
    if (item.buffer == nullptr) continue;
    const RemoteRange room = std::exchange(steps_[index].slot, {});
    steps_[index].fresh = true;
    if (Status taken = item.buffer->take_room(room, session_, deadline_); !taken.ok()) {
      give_up();
      return taken.with_prefix(text("put of '", item.key.substr(0, 200), "'"));
    }
  }
  if (!others_stale) return Status();
  retriable_ = true;
  give_up();
  return Status::error(Code::kUnavailable, "put: the connection to the volume broke; put again");
}

Status Put::move() {
  std::vector<StoreConnection::Copy> copies;
  std::vector<WriteMove> moves;
  for (size_t index = 0; index < items_.size(); ++index) {
    if (items_[index].bytes == 0) continue;
    if (Status added = add_move(items_[index], steps_[index], &copies, &moves); !added.ok()) {
      give_up();
      return added;
    }
  }
  Status moved = connection_.copy_all(copies);
  if (moved.ok() && !moves.empty()) moved = connection_.transport().write(moves, deadline_);
  if (moved.ok()) return moved;
  retriable_ = connection_.session() != session_;
  // Bytes that are still on their way would fall into the next put.
  if (!moves.empty() && !retriable_) quarantine_buffers();
  give_up();
  return moved;
}

Status Put::add_move(const PutItem& item, const Step& step, std::vector<StoreConnection::Copy>* copies,
                     std::vector<WriteMove>* moves) {
  if (item.buffer == nullptr) {
    moves->push_back({item.data, step.slot.part(0, item.bytes)});
    return Status();
  }
  if (std::byte* const lent = item.buffer->lent(); lent != nullptr) {
    const bool as_it_is = item.data == nullptr || item.data == lent;
    const bool ready = as_it_is || connection_.transport().keeps_ready(item.data, item.bytes);
    if (!ready) copies->push_back({lent, item.data, item.bytes});
    moves->push_back({ready && !as_it_is ? item.data : lent, item.buffer->slot().part(0, item.bytes)});
    return Status();
  }
  std::byte* const room = item.buffer->address();
  const std::byte* source = item.data != nullptr ? item.data : item.buffer->lost_bytes();
  if (source == nullptr) {
    if (room != nullptr && !step.fresh) return Status();  // filled in place
    return invalid_item(item, "its data is NULL, and the buffer has nothing; pass the bytes");
  }
  if (room == nullptr) {
    moves->push_back({source, item.buffer->slot().part(0, item.bytes)});
  } else if (source != room) {
    copies->push_back({room, source, item.bytes});
  }
  return Status();
}

Status Put::commit() {
  std::vector<CommitItem> commits;
  commits.reserve(items_.size());
  for (size_t index = 0; index < items_.size(); ++index) {
    const PutItem& item = items_[index];
    const Step& step = steps_[index];
    const bool keep = item.buffer != nullptr && item.bytes != 0;
    const uint64_t token = keep ? item.buffer->slot().token : step.slot.token;
    commits.push_back({item.key, step.meta, item.bytes, step.shard, token, keep});
  }
  in_doubt_ = true;
  Result<Committed> committed =
      connection_.control().commit(commits, {options_.conditions, options_.removals}, deadline_);
  if (!committed.ok()) {
    in_doubt_ = false;
    if (is_uncertain(committed.status())) {
      quarantine_buffers();  // the volume may have taken their slots
    } else {
      retriable_ = connection_.session() != session_;
    }
    give_up();
    return tell_uncertain(committed.status());
  }
  for (Step& step : steps_) step.slot = {};
  report_.version = committed->version;
  report_.commit_ns = watch_.lap_ns();
  for (size_t index = 0; index < items_.size(); ++index) {
    if (!commits[index].keep) continue;
    const RemoteRange next = index < committed->next.size() ? committed->next[index] : RemoteRange{};
    items_[index].buffer->take_next(next, session_, deadline_);
  }
  in_doubt_ = false;
  report_.prepare_ns += watch_.lap_ns();
  return Status();
}

void Put::give_up() noexcept {
  tokens_.clear();
  for (Step& step : steps_) {
    if (step.slot.token != 0) tokens_.push_back(step.slot.token);
    step.slot = {};
  }
  connection_.abandon(tokens_, session_);
}

void Put::quarantine_buffers() noexcept {
  for (TransportBuffer* buffer : claimed_) buffer->quarantine();
}

bool Put::is_uncertain(const Status& failure) const noexcept {
  return connection_.kind() != TransportKind::kLocal &&
         (failure.code() == Code::kUnavailable || failure.code() == Code::kTimeout);
}

Status Put::tell_uncertain(const Status& failure) const {
  if (!is_uncertain(failure)) return failure;
  return Status::error(failure.code(), text(failure.message(), "; it may have been published all the same"),
                       failure.system_code());
}

}  // namespace windlass
