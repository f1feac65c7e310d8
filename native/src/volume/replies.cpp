#include "volume/replies.hpp"

#include <array>
#include <string>

#include "transport/status_fields.hpp"
#include "volume/message_fields.hpp"

namespace windlass {

namespace {

constexpr size_t kFoundBytes = 8 + fields::kMetaBytes + 8 + fields::kShardBytes + fields::kRangeBytes + 8 + 8;
constexpr size_t kEntryInfoBytes = 1 + fields::kMetaBytes + 8 + 8 + 4 + 4 + 1;

// Reads what became of the request. After a failure nothing is left to read.
Status read_outcome(Decoder& in) {
  Status outcome = decode_status(in);
  if (outcome.ok() && in.ok()) return outcome;
  Status whole = fields::finish(in, "the reply of a failure");
  return whole.ok() ? outcome : whole;
}

}  // namespace

void encode_failure(const Status& failure, Encoder& out) { encode_status(out, failure); }

void encode_done(Encoder& out) { encode_status(out, Status()); }

Status decode_done(std::span<const std::byte> payload) {
  Decoder in(payload);
  if (Status outcome = read_outcome(in); !outcome.ok()) return outcome;
  return fields::finish(in, "a reply");
}

void encode_prepared(std::span<const RemoteRange> ranges, Encoder& out) {
  encode_done(out);
  out.u32(static_cast<uint32_t>(ranges.size()));
  for (const RemoteRange& range : ranges) fields::write_range(range, out);
}

Result<std::vector<RemoteRange>> decode_prepared(std::span<const std::byte> payload) {
  Decoder in(payload);
  if (Status outcome = read_outcome(in); !outcome.ok()) return outcome;
  std::vector<RemoteRange> ranges(in.count(fields::kAnyLength, fields::kRangeBytes));
  for (RemoteRange& range : ranges) range = fields::read_range(in);
  if (Status whole = fields::finish(in, "the reply to PREPARE"); !whole.ok()) return whole;
  return ranges;
}

void encode_committed(const Committed& committed, Encoder& out) {
  encode_done(out);
  out.u64(committed.version);
  out.u32(static_cast<uint32_t>(committed.next.size()));
  for (const RemoteRange& range : committed.next) fields::write_range(range, out);
}

Result<Committed> decode_committed(std::span<const std::byte> payload) {
  Decoder in(payload);
  if (Status outcome = read_outcome(in); !outcome.ok()) return outcome;
  Committed committed;
  committed.version = in.u64();
  committed.next.resize(in.count(fields::kAnyLength, fields::kRangeBytes));
  for (RemoteRange& range : committed.next) range = fields::read_range(in);
  if (Status whole = fields::finish(in, "the reply to COMMIT"); !whole.ok()) return whole;
  return committed;
}

void encode_acquired(const Acquired& acquired, Encoder& out) {
  encode_done(out);
  out.u64(acquired.lease);
  out.u32(static_cast<uint32_t>(acquired.found.size()));
  for (const Found& found : acquired.found) {
    out.u64(found.item);
    fields::write_meta({found.kind, found.dtype, found.shape, found.attributes}, out);
    out.u64(found.version);
    fields::write_shard(found.shard, out);
    fields::write_range(found.place, out);
    out.u64(found.bytes);
    out.u64(found.inline_offset);
  }
  out.bytes(acquired.inlined);
}

Result<Acquired> decode_acquired(std::span<const std::byte> payload) {
  Decoder in(payload);
  if (Status outcome = read_outcome(in); !outcome.ok()) return outcome;
  Acquired acquired;
  acquired.lease = in.u64();
  acquired.found.resize(in.count(fields::kAnyLength, kFoundBytes));
  for (Found& found : acquired.found) {
    found.item = in.u64();
    const EntryMeta meta = fields::read_meta(in);
    found.kind = meta.kind;
    found.dtype = meta.dtype;
    found.shape = meta.shape;
    found.attributes = meta.attributes;
    found.version = in.u64();
    found.shard = fields::read_shard(in);
    found.place = fields::read_range(in);
    found.bytes = in.u64();
    found.inline_offset = in.u64();
  }
  const std::span<const std::byte> inlined = in.bytes(kMaxInlineBytes);
  acquired.inlined.assign(inlined.begin(), inlined.end());
  if (Status whole = fields::finish(in, "the reply to ACQUIRE"); !whole.ok()) return whole;
  // Whoever takes the values apart goes by these.
  for (const Found& found : acquired.found) {
    const bool in_place = acquired.lease != 0 ? found.bytes <= found.place.bytes
                                              : in_range(found.inline_offset, found.bytes, acquired.inlined.size());
    if (!in_place) return Status::error(Code::kCorrupt, "the reply to ACQUIRE has a value that is not where it says");
  }
  return acquired;
}

void encode_described(std::span<const EntryInfo> entries, Encoder& out) {
  encode_done(out);
  out.u32(static_cast<uint32_t>(entries.size()));
  for (const EntryInfo& entry : entries) {
    out.boolean(entry.exists);
    fields::write_meta({entry.kind, entry.dtype, entry.shape, entry.attributes}, out);
    out.u64(entry.bytes);
    out.u64(entry.version);
    out.u32(entry.shards);
    out.u32(static_cast<uint32_t>(entry.missing.size()));
    for (const uint32_t shard : entry.missing) out.u32(shard);
    out.boolean(entry.pinned);
  }
}

Result<std::vector<EntryInfo>> decode_described(std::span<const std::byte> payload) {
  Decoder in(payload);
  if (Status outcome = read_outcome(in); !outcome.ok()) return outcome;
  std::vector<EntryInfo> entries(in.count(fields::kAnyLength, kEntryInfoBytes));
  for (EntryInfo& entry : entries) {
    entry.exists = in.boolean();
    const EntryMeta meta = fields::read_meta(in);
    entry.kind = meta.kind;
    entry.dtype = meta.dtype;
    entry.shape = meta.shape;
    entry.attributes = meta.attributes;
    entry.bytes = in.u64();
    entry.version = in.u64();
    entry.shards = in.u32();
    entry.missing.resize(in.count(fields::kAnyLength, 4));
    for (uint32_t& shard : entry.missing) shard = in.u32();
    entry.pinned = in.boolean();
  }
  if (Status whole = fields::finish(in, "the reply to DESCRIBE"); !whole.ok()) return whole;
  return entries;
}

void encode_removed(uint64_t removed, Encoder& out) {
  encode_done(out);
  out.u64(removed);
}

Result<uint64_t> decode_removed(std::span<const std::byte> payload) {
  Decoder in(payload);
  if (Status outcome = read_outcome(in); !outcome.ok()) return outcome;
  const uint64_t removed = in.u64();
  if (Status whole = fields::finish(in, "the reply to REMOVE"); !whole.ok()) return whole;
  return removed;
}

void encode_offered_address(uint64_t address, Encoder& out) {
  encode_done(out);
  out.u64(address);
}

Result<uint64_t> decode_offered_address(std::span<const std::byte> payload) {
  Decoder in(payload);
  if (Status outcome = read_outcome(in); !outcome.ok()) return outcome;
  const uint64_t address = in.u64();
  if (Status whole = fields::finish(in, "the reply to OFFERED"); !whole.ok()) return whole;
  return address;
}

void encode_key_page(const KeyPage& page, Encoder& out) {
  encode_done(out);
  out.boolean(page.more);
  out.u32(static_cast<uint32_t>(page.keys.size()));
  for (const std::string& key : page.keys) out.string(key);
}

Result<KeyPage> decode_key_page(std::span<const std::byte> payload) {
  Decoder in(payload);
  if (Status outcome = read_outcome(in); !outcome.ok()) return outcome;
  KeyPage page;
  page.more = in.boolean();
  page.keys.resize(in.count(fields::kAnyLength, fields::kTextBytes));
  for (std::string& key : page.keys) key = in.string(fields::kAnyLength);
  if (Status whole = fields::finish(in, "the reply to KEYS"); !whole.ok()) return whole;
  return page;
}

namespace {

// The numbers of a VolumeInfo, in the order in which they are sent. New ones go to the end.
constexpr std::array<uint64_t VolumeInfo::*, 20> kInfoNumbers{
    &VolumeInfo::limit_bytes,    &VolumeInfo::held_bytes,     &VolumeInfo::used_bytes, &VolumeInfo::value_bytes,
    &VolumeInfo::entries,        &VolumeInfo::segments,       &VolumeInfo::sessions,   &VolumeInfo::leases,
    &VolumeInfo::prepared_slots, &VolumeInfo::orphaned_slots, &VolumeInfo::commits,    &VolumeInfo::committed_bytes,
    &VolumeInfo::acquires,       &VolumeInfo::acquired_bytes, &VolumeInfo::misses,     &VolumeInfo::removals,
    &VolumeInfo::evictions,      &VolumeInfo::evicted_bytes,  &VolumeInfo::refusals,   &VolumeInfo::nonce};

}  // namespace

void encode_info(const VolumeInfo& info, Encoder& out) {
  encode_done(out);
  out.u32(static_cast<uint32_t>(kInfoNumbers.size()));
  for (uint64_t VolumeInfo::*const number : kInfoNumbers) out.u64(info.*number);
}

Result<VolumeInfo> decode_info(std::span<const std::byte> payload) {
  Decoder in(payload);
  if (Status outcome = read_outcome(in); !outcome.ok()) return outcome;
  VolumeInfo info;
  const size_t count = in.count(fields::kAnyLength, 8);
  for (size_t at = 0; at < count; ++at) {
    const uint64_t number = in.u64();
    if (at < kInfoNumbers.size()) info.*kInfoNumbers[at] = number;
  }
  if (Status whole = fields::finish(in, "the reply to INFO"); !whole.ok()) return whole;
  return info;
}

}  // namespace windlass
