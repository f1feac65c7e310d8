#include "volume/volume_session.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/text.hpp"
#include "volume/key.hpp"
#include "volume/volume_core.hpp"

namespace windlass {

namespace {

Status check_count(size_t count, std::string_view of) {
  if (count <= kMaxBatch) return Status();
  return Status::error(Code::kInvalidArgument, text(count, " ", of, " in one call; give at most ", kMaxBatch));
}

// The lease whose token it is; nullptr if there is none.
const std::vector<BlockId>* lease_of(const SessionState& state, uint64_t token, BlockId& slot) {
  auto behind = state.leases.upper_bound(token);
  if (behind == state.leases.begin()) return nullptr;
  const auto& [first, slots] = *--behind;
  if (token - first >= slots.size()) return nullptr;
  slot = slots[token - first];
  return &slots;
}

// The slot that a token opens for a purpose; kNoBlock if it opens none.
BlockId slot_of(const VolumeCore& core, const SessionState& state, uint64_t token, MapFor purpose) {
  if (purpose == MapFor::kWriting) return core.slots.find(state.prepared, token);
  BlockId slot = kNoBlock;
  return lease_of(state, token, slot) == nullptr ? kNoBlock : slot;
}

bool is_lease(const SessionState& state, uint64_t token) {
  BlockId slot = kNoBlock;
  return lease_of(state, token, slot) != nullptr;
}

Status taken_back(const SessionState& state) {
  return Status::error(Code::kState, text("the memory that ", state.options.peer,
                                          " leases was taken back by whoever offers it; acquire the value again"));
}

// Whether the range lies in the slot that its token opens.
Status check_range(const VolumeCore& core, const SessionState& state, const RemoteRange& range, MapFor purpose,
                   BlockId& slot) {
  slot = slot_of(core, state, range.token, purpose);
  if (slot == kNoBlock && purpose == MapFor::kReading && is_lease(state, range.token)) return taken_back(state);
  if (slot == kNoBlock) {
    const std::string_view wanted = purpose == MapFor::kWriting ? "a slot that it prepared" : "a value that it leases";
    return Status::error(Code::kInvalidArgument, text("the token ", hex_text(range.token), " of ", state.options.peer,
                                                      " does not stand for ", wanted));
  }
  const RemoteRange whole = core.slots.range(slot, range.token, core.slots.slot(slot).capacity);
  const bool inside = range.segment == whole.segment && range.offset >= whole.offset &&
                      in_range(range.offset - whole.offset, range.bytes, whole.bytes);
  if (inside) return Status();
  return Status::error(Code::kInvalidArgument,
                       text("bytes ", range.offset, " to ", range.offset + range.bytes, " of segment ", range.segment,
                            " do not lie in the slot of token ", hex_text(range.token), ": it has ", whole.bytes,
                            " bytes from ", whole.offset, " of segment ", whole.segment));
}

}  // namespace

SlotHold::SlotHold(SlotHold&& other) noexcept
    : core_(std::move(other.core_)),
      parts_(std::move(other.parts_)),
      slots_(std::move(other.slots_)),
      files_(std::move(other.files_)),
      writing_(other.writing_) {}

SlotHold& SlotHold::operator=(SlotHold&& other) noexcept {
  std::swap(core_, other.core_);
  std::swap(parts_, other.parts_);
  std::swap(slots_, other.slots_);
  std::swap(files_, other.files_);
  std::swap(writing_, other.writing_);
  return *this;
}

void SlotHold::let_go(bool received) noexcept {
  if (core_ == nullptr) return;
  {
    const std::lock_guard lock(core_->mutex);
    for (size_t i = 0; i < slots_.size(); ++i) {
      if (slots_[i] == kNoBlock) continue;
      if (received && writing_) core_->slots.slot(slots_[i]).received += parts_[i].size();
      core_->slots.let_go(slots_[i], writing_);
    }
  }
  core_.reset();
  slots_.clear();
  parts_.clear();
  files_.clear();
}

VolumeSession::VolumeSession(std::shared_ptr<VolumeCore> core, std::unique_ptr<SessionState> state) noexcept
    : core_(std::move(core)), state_(std::move(state)) {}

VolumeSession::~VolumeSession() { end(); }

Result<std::vector<RemoteRange>> VolumeSession::prepare(std::span<const uint64_t> sizes, Deadline deadline) {
  Result<std::optional<std::vector<RemoteRange>>> prepared = core_->prepare(*state_, sizes, &deadline);
  if (!prepared.ok()) return prepared.status();
  return **std::move(prepared);
}

Result<std::optional<std::vector<RemoteRange>>> VolumeSession::try_prepare(std::span<const uint64_t> sizes) {
  return core_->prepare(*state_, sizes, nullptr);
}

Status VolumeSession::abandon(std::span<const uint64_t> tokens, Deadline /*deadline*/) {
  const std::lock_guard lock(core_->mutex);
  if (Status open = core_->check_open(*state_); !open.ok()) return open;
  uint64_t unknown = 0;
  for (const uint64_t token : tokens) {
    if (token == 0) continue;
    const BlockId slot = core_->slots.find(state_->prepared, token);
    if (slot == kNoBlock) {
      ++unknown;
    } else {
      core_->slots.retire(slot);
    }
  }
  if (unknown == 0) return Status();
  return Status::error(Code::kInvalidArgument,
                       text(unknown, " of ", tokens.size(), " tokens to abandon do not stand for slots that ",
                            state_->options.peer, " prepared; the others were given back"));
}

Status VolumeSession::release(std::span<const uint64_t> leases, Deadline /*deadline*/) {
  const std::lock_guard lock(core_->mutex);
  if (Status open = core_->check_open(*state_); !open.ok()) return open;
  uint64_t unknown = 0;
  for (const uint64_t lease : leases) {
    if (lease == 0) continue;
    const auto found = state_->leases.find(lease);
    if (found == state_->leases.end()) {
      ++unknown;
      continue;
    }
    for (const BlockId slot : found->second) {
      if (slot == kNoBlock) continue;  // it was taken back
      core_->slots.let_go(slot, false);
      --state_->leased_slots;
    }
    state_->leases.erase(found);
  }
  if (unknown == 0) return Status();
  return Status::error(Code::kInvalidArgument, text(unknown, " of ", leases.size(), " leases to release are not ",
                                                    state_->options.peer, "'s; the others were released"));
}

Result<SlotHold> VolumeSession::hold(std::span<const RemoteRange> ranges, MapFor purpose) {
  if (Status few = check_count(ranges.size(), "ranges"); !few.ok()) return few;
  SlotHold held;
  held.parts_.resize(ranges.size());
  held.slots_.resize(ranges.size(), kNoBlock);
  held.writing_ = purpose == MapFor::kWriting;
  const std::lock_guard lock(core_->mutex);
  if (Status open = core_->check_open(*state_); !open.ok()) return open;
  for (size_t i = 0; i < ranges.size(); ++i) {
    if (ranges[i].bytes == 0) continue;
    BlockId slot = kNoBlock;
    if (Status right = check_range(*core_, *state_, ranges[i], purpose, slot); !right.ok()) return right;
    const std::shared_ptr<SegmentFile>& file = core_->slots.file(slot);
    if (file != nullptr && (held.files_.empty() || held.files_.back() != file)) held.files_.push_back(file);
    held.slots_[i] = slot;
    held.parts_[i] = {core_->slots.base(slot) + ranges[i].offset, ranges[i].bytes};
  }
  // Nothing fails from here on.
  for (const BlockId slot : held.slots_) {
    if (slot != kNoBlock) core_->slots.hold(slot, held.writing_);
  }
  held.core_ = core_;
  return held;
}

Result<std::shared_ptr<SegmentFile>> VolumeSession::segment_of(const RemoteRange& range, MapFor purpose) {
  const std::lock_guard lock(core_->mutex);
  if (Status open = core_->check_open(*state_); !open.ok()) return open;
  BlockId slot = kNoBlock;
  if (Status right = check_range(*core_, *state_, range, purpose, slot); !right.ok()) return right;
  if (core_->slots.slot(slot).offered) {
    return Status::error(Code::kUnsupported, "memory that is offered is not mapped, as it may be taken back; read it");
  }
  return core_->slots.file(slot);
}

Result<OwnedDescriptor> VolumeSession::segment_descriptor(uint64_t segment, MapFor purpose, Deadline /*deadline*/) {
  std::shared_ptr<SegmentFile> file;
  {
    const std::lock_guard lock(core_->mutex);
    if (Status open = core_->check_open(*state_); !open.ok()) return open;
    if (!state_->options.gives_segments) {
      return Status::error(Code::kUnsupported,
                           "descriptors of segments do not get through this connection; move the "
                           "bytes over it, or connect over shm");
    }
    if ((segment & kOfferedSegment) != 0) {
      return Status::error(Code::kUnsupported,
                           "memory that is offered has no descriptor; read it out of the process, or over lanes");
    }
    file = core_->slots.file_of(segment);
  }
  if (file != nullptr) return file->descriptor(purpose);
  return Status::error(Code::kNotFound,
                       text("the volume has no segment ", segment, " any more; ask for the value anew"));
}

Result<uint64_t> VolumeSession::offered_address(uint64_t segment, Deadline /*deadline*/) {
  const std::lock_guard lock(core_->mutex);
  if (Status open = core_->check_open(*state_); !open.ok()) return open;
  if (!state_->options.gives_segments) {
    return Status::error(Code::kUnsupported, "addresses are told on this machine only; move the bytes over lanes");
  }
  const auto found = core_->offers.find(segment);
  if (found != core_->offers.end()) return reinterpret_cast<uint64_t>(found->second);
  return Status::error(Code::kNotFound, text("the offer of segment ", hex_text(segment), " was closed; acquire anew"));
}

Status VolumeSession::vouch(std::span<const uint64_t> tokens, Deadline /*deadline*/) {
  const std::lock_guard lock(core_->mutex);
  if (Status open = core_->check_open(*state_); !open.ok()) return open;
  for (const uint64_t token : tokens) {
    BlockId slot = kNoBlock;
    if (lease_of(*state_, token, slot) == nullptr) {
      return Status::error(Code::kInvalidArgument, text("the token ", hex_text(token), " of ", state_->options.peer,
                                                        " does not stand for a value that it leases"));
    }
    if (slot == kNoBlock) return taken_back(*state_);
  }
  return Status();
}

Result<Committed> VolumeSession::put_inline(std::span<const InlineItem> items, const CommitOptions& options,
                                            Deadline deadline) {
  Result<std::optional<Committed>> put = put_small(items, options, &deadline);
  if (!put.ok()) return put.status();
  return **std::move(put);
}

Result<std::optional<Committed>> VolumeSession::try_put_inline(std::span<const InlineItem> items,
                                                               const CommitOptions& options) {
  return put_small(items, options, nullptr);
}

Result<std::optional<Committed>> VolumeSession::put_small(std::span<const InlineItem> items,
                                                          const CommitOptions& options, const Deadline* wait) {
  if (Status few = check_count(items.size(), "items"); !few.ok()) return few;
  std::vector<uint64_t> sizes(items.size());
  std::vector<CommitItem> commits(items.size());
  std::vector<uint64_t> tokens(items.size());
  uint64_t sum = 0;
  for (size_t i = 0; i < items.size(); ++i) {
    sizes[i] = items[i].bytes.size();
    sum += sizes[i];
    commits[i] = {.key = items[i].key, .meta = items[i].meta, .bytes = sizes[i], .shard = items[i].shard};
    if (sum <= kMaxInlineBytes) continue;
    return Status::error(Code::kInvalidArgument, text("values of more than ", bytes_text(kMaxInlineBytes),
                                                      " do not go inline; prepare slots for them"));
  }
  Result<std::optional<std::vector<RemoteRange>>> prepared = core_->prepare(*state_, sizes, wait);
  if (!prepared.ok()) return prepared.status();
  if (!prepared->has_value()) return std::optional<Committed>();
  struct Abandon {
    VolumeSession& session;
    const std::vector<uint64_t>& tokens;
    bool done = false;
    ~Abandon() {
      if (!done) session.drop(tokens);
    }
  } abandon{*this, tokens};
  for (size_t i = 0; i < items.size(); ++i) commits[i].token = tokens[i] = (**prepared)[i].token;
  Result<SlotHold> held = hold(**prepared, MapFor::kWriting);
  if (!held.ok()) return held.status();
  for (size_t i = 0; i < items.size(); ++i) {
    if (sizes[i] != 0) std::memcpy(held->parts()[i].data(), items[i].bytes.data(), sizes[i]);
  }
  held->finish();
  const Deadline deadline = wait == nullptr ? Deadline::after(std::chrono::hours(1)) : *wait;
  Result<Committed> committed = commit(commits, options, deadline);
  if (!committed.ok()) return committed.status();
  abandon.done = true;
  return std::optional(*std::move(committed));
}

void VolumeSession::drop(std::span<const uint64_t> tokens) noexcept {
  const std::lock_guard lock(core_->mutex);
  for (const uint64_t token : tokens) {
    const BlockId slot = core_->slots.find(state_->prepared, token);
    if (slot != kNoBlock) core_->slots.retire(slot);
  }
}

void VolumeSession::end() noexcept {
  end_rdma();
  const std::lock_guard lock(core_->mutex);
  if (state_->phase != SessionState::Phase::kEnded) core_->free_session(*state_);
}

uint64_t VolumeSession::orphan() noexcept {
  const std::lock_guard lock(core_->mutex);
  if (state_->phase == SessionState::Phase::kOpen) state_->phase = SessionState::Phase::kOrphaned;
  return state_->prepared.count + state_->leased_slots;
}

uint64_t VolumeSession::slot_count() const noexcept {
  const std::lock_guard lock(core_->mutex);
  return state_->prepared.count + state_->leased_slots;
}

}  // namespace windlass
