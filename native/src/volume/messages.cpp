#include "volume/messages.hpp"

#include <array>
#include <utility>

#include "base/text.hpp"
#include "volume/message_fields.hpp"

namespace windlass {

namespace {

constexpr size_t kCommitItemBytes = fields::kTextBytes + fields::kMetaBytes + 8 + fields::kShardBytes + 8 + 1;
constexpr size_t kInlineItemBytes = fields::kTextBytes + fields::kMetaBytes + fields::kShardBytes + 4;

constexpr std::array<std::pair<Message, const char*>, 18> kNames{{
    {Message::kPrepare, "PREPARE"},
    {Message::kCommit, "COMMIT"},
    {Message::kPutInline, "PUT_INLINE"},
    {Message::kAbandon, "ABANDON"},
    {Message::kAcquire, "ACQUIRE"},
    {Message::kRelease, "RELEASE"},
    {Message::kDescribe, "DESCRIBE"},
    {Message::kRemove, "REMOVE"},
    {Message::kKeys, "KEYS"},
    {Message::kPin, "PIN"},
    {Message::kInfo, "INFO"},
    {Message::kSegment, "SEGMENT"},
    {Message::kGoodbye, "GOODBYE"},
    {Message::kVouch, "VOUCH"},
    {Message::kOffered, "OFFERED"},
    {Message::kRdmaConnect, "RDMA_CONNECT"},
    {Message::kRdmaSegment, "RDMA_SEGMENT"},
    {Message::kRdmaDisconnect, "RDMA_DISCONNECT"},
}};

// The local sessions check this too, but the rank says how many sizes are written.
Status check_rank(std::string_view key, const Shape& shape) {
  if (shape.rank <= kMaxRank) return Status();
  return Status::error(Code::kInvalidArgument, text("the value of \"", key.substr(0, 64), "\" has rank ", shape.rank,
                                                    "; ", kMaxRank, " is most"));
}

void write_options(const CommitOptions& options, Encoder& out) {
  fields::write_conditions(options.conditions, out);
  fields::write_texts(options.removals, out);
}

template <typename Request>
void read_options(Decoder& in, Request& out) {
  fields::read_conditions(in, out.conditions);
  fields::read_texts(in, out.removals);
}

}  // namespace

std::string message_name(uint16_t type) {
  for (const auto& [message, name] : kNames) {
    if (static_cast<uint16_t>(message) == (type & ~kReplyBit)) return name;
  }
  return text("message ", hex_text(type));
}

void encode_prepare(std::span<const uint64_t> sizes, Encoder& out) { fields::write_numbers(sizes, out); }

Status decode_prepare(std::span<const std::byte> payload, PrepareRequest& out) {
  Decoder in(payload);
  fields::read_numbers(in, out.sizes);
  return fields::finish(in, "PREPARE");
}

Status encode_commit(std::span<const CommitItem> items, const CommitOptions& options, Encoder& out) {
  write_options(options, out);
  out.u32(static_cast<uint32_t>(items.size()));
  for (const CommitItem& item : items) {
    if (Status sound = check_rank(item.key, item.meta.shape); !sound.ok()) return sound;
    out.string(item.key);
    fields::write_meta(item.meta, out);
    out.u64(item.bytes);
    fields::write_shard(item.shard, out);
    out.u64(item.token);
    out.boolean(item.keep);
  }
  return Status();
}

Status decode_commit(std::span<const std::byte> payload, CommitRequest& out) {
  Decoder in(payload);
  read_options(in, out);
  out.items.resize(in.count(fields::kAnyLength, kCommitItemBytes));
  for (CommitItem& item : out.items) {
    item.key = in.string(fields::kAnyLength);
    item.meta = fields::read_meta(in);
    item.bytes = in.u64();
    item.shard = fields::read_shard(in);
    item.token = in.u64();
    item.keep = in.boolean();
  }
  return fields::finish(in, "COMMIT");
}

Status encode_put_inline(std::span<const InlineItem> items, const CommitOptions& options, Encoder& out) {
  write_options(options, out);
  out.u32(static_cast<uint32_t>(items.size()));
  uint64_t bytes = 0;
  for (const InlineItem& item : items) {
    if (Status sound = check_rank(item.key, item.meta.shape); !sound.ok()) return sound;
    bytes += item.bytes.size();
    if (bytes > kMaxInlineBytes) {
      return Status::error(Code::kInvalidArgument, text("values of more than ", bytes_text(kMaxInlineBytes),
                                                        " cannot be put inline; prepare room for them"));
    }
    out.string(item.key);
    fields::write_meta(item.meta, out);
    fields::write_shard(item.shard, out);
    out.bytes(item.bytes);
  }
  return Status();
}

Status decode_put_inline(std::span<const std::byte> payload, PutInlineRequest& out) {
  Decoder in(payload);
  read_options(in, out);
  out.items.resize(in.count(fields::kAnyLength, kInlineItemBytes));
  for (InlineItem& item : out.items) {
    item.key = in.string(fields::kAnyLength);
    item.meta = fields::read_meta(in);
    item.shard = fields::read_shard(in);
    item.bytes = in.bytes(kMaxInlineBytes);
  }
  return fields::finish(in, "PUT_INLINE");
}

void encode_numbers(std::span<const uint64_t> numbers, Encoder& out) { fields::write_numbers(numbers, out); }

Status decode_numbers(std::span<const std::byte> payload, NumbersRequest& out) {
  Decoder in(payload);
  fields::read_numbers(in, out.numbers);
  return fields::finish(in, "ABANDON, RELEASE or VOUCH");
}

void encode_acquire(std::span<const AcquireItem> items, const AcquireOptions& options, Encoder& out) {
  fields::write_conditions(options.conditions, out);
  out.boolean(options.skip_missing);
  out.u64(options.inline_bytes);
  out.u32(static_cast<uint32_t>(items.size()));
  for (const AcquireItem& item : items) out.string(item.key);
}

Status decode_acquire(std::span<const std::byte> payload, AcquireRequest& out) {
  Decoder in(payload);
  fields::read_conditions(in, out.conditions);
  out.skip_missing = in.boolean();
  out.inline_bytes = in.u64();
  out.items.resize(in.count(fields::kAnyLength, fields::kTextBytes));
  for (AcquireItem& item : out.items) item.key = in.string(fields::kAnyLength);
  return fields::finish(in, "ACQUIRE");
}

void encode_describe(std::span<const std::string_view> keys, Encoder& out) { fields::write_texts(keys, out); }

Status decode_describe(std::span<const std::byte> payload, KeysRequest& out) {
  Decoder in(payload);
  fields::read_texts(in, out.keys);
  return fields::finish(in, "DESCRIBE");
}

void encode_remove(std::span<const std::string_view> keys, bool must_exist, std::span<const Condition> conditions,
                   Encoder& out) {
  fields::write_conditions(conditions, out);
  out.boolean(must_exist);
  fields::write_texts(keys, out);
}

Status decode_remove(std::span<const std::byte> payload, KeysRequest& out) {
  Decoder in(payload);
  fields::read_conditions(in, out.conditions);
  out.flag = in.boolean();
  fields::read_texts(in, out.keys);
  return fields::finish(in, "REMOVE");
}

void encode_keys(const KeyQuery& query, Encoder& out) {
  out.string(query.prefix);
  out.boolean(query.by_component);
  out.string(query.after);
  out.u32(query.limit);
}

Status decode_keys(std::span<const std::byte> payload, KeyQuery& out) {
  Decoder in(payload);
  out.prefix = in.string(fields::kAnyLength);
  out.by_component = in.boolean();
  out.after = in.string(fields::kAnyLength);
  out.limit = in.u32();
  return fields::finish(in, "KEYS");
}

void encode_pin(std::span<const std::string_view> keys, bool pinned, Encoder& out) {
  out.boolean(pinned);
  fields::write_texts(keys, out);
}

Status decode_pin(std::span<const std::byte> payload, KeysRequest& out) {
  Decoder in(payload);
  out.flag = in.boolean();
  fields::read_texts(in, out.keys);
  return fields::finish(in, "PIN");
}

void encode_segment(const SegmentRequest& request, Encoder& out) {
  out.u64(request.segment);
  out.boolean(request.purpose == MapFor::kWriting);
}

Status decode_segment(std::span<const std::byte> payload, SegmentRequest& out) {
  Decoder in(payload);
  out.segment = in.u64();
  out.purpose = in.boolean() ? MapFor::kWriting : MapFor::kReading;
  return fields::finish(in, "SEGMENT");
}

void encode_offered(uint64_t segment, Encoder& out) { out.u64(segment); }

Status decode_offered(std::span<const std::byte> payload, uint64_t& segment) {
  Decoder in(payload);
  segment = in.u64();
  return fields::finish(in, "OFFERED");
}

Status decode_nothing(std::span<const std::byte> payload) {
  return fields::finish(Decoder(payload), "INFO or GOODBYE");
}

}  // namespace windlass
