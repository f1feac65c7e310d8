#include "store/lease.hpp"

#include <algorithm>
#include <cstring>
#include <unordered_set>
#include <utility>

#include "base/bytes.hpp"
#include "base/text.hpp"
#include "memory/copy.hpp"

namespace windlass {

namespace {

// So many runs are planned and read at a time: a column of a large tensor has as many as it has rows.
constexpr size_t kRunsAtOnce = 16384;

// Values that came along lie here aligned for every element type.
constexpr uint64_t kInlineAlignment = 16;

alignas(kInlineAlignment) constexpr std::byte kNoBytes[kInlineAlignment] = {};

Status check_keys(std::span<const std::string_view> keys) {
  if (keys.empty()) return Status::error(Code::kInvalidArgument, "acquire: no keys; name at least one");
  std::unordered_set<std::string_view> seen;
  for (const std::string_view key : keys) {
    if (!seen.insert(key).second) {
      return Status::error(Code::kInvalidArgument, text("acquire: key '", key, "' twice; name each key once"));
    }
  }
  return Status();
}

// Values that the volume sent along, each moved to where it is aligned.
std::vector<std::byte> align_inlined(Acquired* acquired) {
  if (acquired->lease != 0) return {};
  uint64_t bytes = 0;
  for (const Found& found : acquired->found) bytes += round_up(found.bytes, kInlineAlignment);
  std::vector<std::byte> aligned(bytes);
  uint64_t at = 0;
  for (Found& found : acquired->found) {
    if (found.bytes != 0) std::memcpy(aligned.data() + at, acquired->inlined.data() + found.inline_offset, found.bytes);
    found.inline_offset = at;
    at += round_up(found.bytes, kInlineAlignment);
  }
  return aligned;
}

std::string_view own_attributes(const Found& found) {
  if (found.shard.count == 0 || found.kind != EntryKind::kTensor) return found.attributes;
  Result<SplitAttributes> split = split_attributes(found.attributes, found.shape, found.shard);
  return split.ok() ? split->own : std::string_view(found.attributes);
}

}  // namespace

Result<std::shared_ptr<Lease>> Lease::open(std::shared_ptr<StoreConnection> connection,
                                           std::span<const std::string_view> keys, const LeaseOptions& options) {
  if (Status valid = check_keys(keys); !valid.ok()) return valid;
  const Deadline deadline = connection->deadline(options.timeout);
  std::vector<AcquireItem> items;
  items.reserve(keys.size());
  for (const std::string_view key : keys) items.push_back({key});
  Result<StoreConnection::Leased> leased =
      connection->acquire(items, {options.conditions, options.skip_missing, kInlineBytes}, deadline);
  if (!leased.ok()) return leased.status();
  return std::make_shared<Lease>(std::move(connection), std::move(leased->acquired), leased->session, keys.size());
}

Lease::Lease(std::shared_ptr<StoreConnection> connection, Acquired acquired, uint64_t session, uint64_t items)
    : connection_(std::move(connection)),
      session_(session),
      lease_(acquired.lease),
      inlined_(align_inlined(&acquired)) {
  entries_.reserve(std::max<size_t>(items, acquired.found.size()));
  auto found = acquired.found.begin();
  uint64_t inline_bytes = 0;
  for (uint64_t item = 0; item < items; ++item) {
    if (found == acquired.found.end() || found->item != item) entries_.push_back({item, false, {}, {}});
    for (; found != acquired.found.end() && found->item == item; ++found) {
      inline_bytes += found->bytes;
      entries_.push_back({item, true, std::move(*found), {}});
    }
  }
  for (LeaseEntry& entry : entries_) entry.attributes = own_attributes(entry.found);
  if (lease_ == 0) connection_->count_read(inline_bytes);
}

Lease::~Lease() {
  mappings_.clear();
  if (lease_ != 0) connection_->release(lease_, session_);
}

Status Lease::check_entry(uint64_t entry) const {
  if (entry >= entries_.size()) {
    return Status::error(Code::kInvalidArgument,
                         text("lease: entry ", entry, " of ", entries_.size(), "; they are counted from 0"));
  }
  if (entries_[entry].exists) return Status();
  return Status::error(Code::kNotFound, text("lease: entry ", entry, " is of a key that is missing"));
}

Status Lease::check_session() const {
  if (session_ == connection_->session()) return Status();
  return Status::error(Code::kUnavailable, "lease: the connection to the volume broke since; acquire the values again");
}

std::optional<std::span<const std::byte>> Lease::bytes_here(const LeaseEntry& entry) const noexcept {
  if (entry.found.bytes == 0) return std::span<const std::byte>(kNoBytes, 0);
  if (lease_ != 0) return std::nullopt;
  return std::span<const std::byte>(inlined_.data() + entry.found.inline_offset, entry.found.bytes);
}

Result<const Slice*> Lease::slice(uint64_t entry) {
  const std::lock_guard lock(mutex_);
  return slice_locked(entry);
}

Result<const Slice*> Lease::slice_locked(uint64_t entry) {
  if (Status valid = check_entry(entry); !valid.ok()) return valid;
  const Found& found = entries_[entry].found;
  if (found.kind != EntryKind::kTensor) {
    return Status::error(Code::kInvalidArgument, text("lease: entry ", entry, " is not a tensor; read its bytes"));
  }
  if (slices_.empty()) slices_.resize(entries_.size());
  if (!slices_[entry]) {
    Slice slice = Slice::whole(found.shape);
    if (found.shard.count != 0) {
      Result<SplitAttributes> split = split_attributes(found.attributes, found.shape, found.shard);
      if (!split.ok()) return split.status().with_prefix(text("lease: entry ", entry));
      slice = split->slice;
    }
    slices_[entry] = std::make_unique<const Slice>(slice);
  }
  return slices_[entry].get();
}

Result<std::span<const std::byte>> Lease::map(uint64_t entry) {
  if (Status valid = check_entry(entry); !valid.ok()) return valid;
  const LeaseEntry& named = entries_[entry];
  if (const std::optional<std::span<const std::byte>> here = bytes_here(named)) return *here;
  const std::lock_guard lock(mutex_);
  if (mappings_.empty()) mappings_.resize(entries_.size());
  std::unique_ptr<SlotMapping>& mapping = mappings_[entry];
  if (!mapping) {
    if (Status valid = check_session(); !valid.ok()) return valid;
    Result<std::unique_ptr<SlotMapping>> mapped = connection_->transport().map(
        named.found.place.part(0, named.found.bytes), MapFor::kReading, false, connection_->deadline(std::nullopt));
    if (!mapped.ok()) return mapped.status().with_prefix(text("lease: entry ", entry));
    mapping = *std::move(mapped);
    connection_->count_mapped(named.found.bytes);
  }
  return std::span<const std::byte>(mapping->address(), named.found.bytes);
}

Status Lease::read(std::span<const LeaseRead> reads, Deadline deadline) {
  std::vector<ReadMove> moves;
  uint64_t moved_bytes = 0;
  for (const LeaseRead& read : reads) {
    if (Status valid = check_entry(read.entry); !valid.ok()) return valid;
    const Found& found = entries_[read.entry].found;
    if (!in_range(read.offset, read.bytes, found.bytes)) {
      return Status::error(Code::kInvalidArgument, text("lease: bytes ", read.offset, " to ", read.offset + read.bytes,
                                                        " of entry ", read.entry, ", which has ", found.bytes));
    }
    if (read.bytes != 0 && read.target == nullptr) {
      return Status::error(Code::kInvalidArgument, text("lease: the target for entry ", read.entry, " is NULL"));
    }
  }
  for (const LeaseRead& read : reads) {
    if (read.bytes == 0) continue;
    const LeaseEntry& entry = entries_[read.entry];
    if (const std::optional<std::span<const std::byte>> here = bytes_here(entry)) {
      copy(read.target, here->data() + read.offset, read.bytes);
      continue;
    }
    moves.push_back({read.target, entry.found.place.part(read.offset, read.bytes)});
    moved_bytes += read.bytes;
  }
  if (moves.empty()) return Status();
  if (Status valid = check_session(); !valid.ok()) return valid;
  if (Status moved = connection_->transport().read(moves, deadline); !moved.ok()) return moved;
  connection_->count_read(moved_bytes);
  return Status();
}

Status Lease::read_slice(uint64_t item, const Box& wanted, std::span<std::byte> target, Deadline deadline) {
  std::vector<Part> parts;
  const Slice* whole = nullptr;
  DType dtype = DType::kNone;
  const auto first = std::partition_point(entries_.begin(), entries_.end(),
                                          [&](const LeaseEntry& entry) { return entry.item < item; });
  if (first == entries_.end()) {
    return Status::error(Code::kInvalidArgument, text("lease: item ", item, " of fewer; they are counted from 0"));
  }
  {
    const std::lock_guard lock(mutex_);
    for (auto entry = first; entry != entries_.end() && entry->item == item; ++entry) {
      const auto index = static_cast<uint64_t>(entry - entries_.begin());
      Result<const Slice*> slice = slice_locked(index);
      if (!slice.ok()) return slice.status();
      if (whole == nullptr) {
        whole = *slice;
        Result<DType> known = dtype_of(entry->found.dtype);
        if (!known.ok()) return known.status();
        dtype = *known;
      }
      if ((*slice)->global != whole->global || entry->found.dtype != static_cast<int32_t>(dtype)) {
        return Status::error(Code::kMismatch, text("lease: shard ", entry->found.shard.index, " of item ", item,
                                                   " is of another shape or element type; put all shards anew"));
      }
      parts.push_back({index, (*slice)->box(entry->found.shape)});
    }
  }
  return read_parts(*whole, dtype, wanted, parts, target, deadline);
}

Status Lease::read_parts(const Slice& whole, DType dtype, const Box& wanted, std::span<const Part> parts,
                         std::span<std::byte> target, Deadline deadline) {
  if (!wanted.within(whole.global)) {
    return Status::error(Code::kInvalidArgument, text("lease: ", wanted.to_string(), " of a tensor that is ",
                                                      Box::whole(whole.global).to_string()));
  }
  Result<uint64_t> bytes = packed_bytes(dtype, {wanted.rank, wanted.sizes});
  if (!bytes.ok()) return bytes.status();
  if (*bytes != target.size()) {
    return Status::error(Code::kInvalidArgument,
                         text("lease: ", wanted.to_string(), " of ", dtype_name(dtype), " takes ", *bytes,
                              " bytes, and there is room for ", target.size(), "; pass just as much"));
  }
  Result<Assembly> assembly = Assembly::plan(dtype, wanted, parts);
  if (!assembly.ok()) return assembly.status().with_prefix("lease");
  std::vector<LeaseRead> reads;
  for (std::vector<ByteRun> runs = assembly->next(kRunsAtOnce); !runs.empty(); runs = assembly->next(kRunsAtOnce)) {
    reads.clear();
    for (const ByteRun& run : runs) {
      reads.push_back({run.entry, run.source_offset, run.bytes, target.data() + run.target_offset});
    }
    if (Status moved = read(reads, deadline); !moved.ok()) return moved;
  }
  return Status();
}

}  // namespace windlass
