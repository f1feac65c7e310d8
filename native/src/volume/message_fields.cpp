#include "volume/message_fields.hpp"

#include "base/text.hpp"

namespace windlass::fields {

void write_shape(const Shape& shape, Encoder& out) {
  out.u32(shape.rank);
  for (const uint64_t size : shape.view()) out.u64(size);
}

Shape read_shape(Decoder& in) {
  Shape shape;
  const uint32_t rank = in.u32();
  if (rank > kMaxRank) {
    in.fail();
    return shape;
  }
  shape.rank = rank;
  for (uint32_t dimension = 0; dimension < rank; ++dimension) shape.sizes[dimension] = in.u64();
  return shape;
}

void write_meta(const EntryMeta& meta, Encoder& out) {
  out.i32(static_cast<int32_t>(meta.kind));
  out.i32(meta.dtype);
  write_shape(meta.shape, out);
  out.string(meta.attributes);
}

EntryMeta read_meta(Decoder& in) {
  EntryMeta meta;
  meta.kind = static_cast<EntryKind>(in.i32());
  meta.dtype = in.i32();
  meta.shape = read_shape(in);
  meta.attributes = in.string(kAnyLength);
  return meta;
}

void write_shard(const ShardPlace& shard, Encoder& out) {
  out.u32(shard.index);
  out.u32(shard.count);
}

ShardPlace read_shard(Decoder& in) {
  ShardPlace shard;
  shard.index = in.u32();
  shard.count = in.u32();
  return shard;
}

void write_range(const RemoteRange& range, Encoder& out) {
  out.u64(range.token);
  out.u64(range.segment);
  out.u64(range.offset);
  out.u64(range.bytes);
}

RemoteRange read_range(Decoder& in) {
  RemoteRange range;
  range.token = in.u64();
  range.segment = in.u64();
  range.offset = in.u64();
  range.bytes = in.u64();
  return range;
}

void write_numbers(std::span<const uint64_t> numbers, Encoder& out) {
  out.u32(static_cast<uint32_t>(numbers.size()));
  for (const uint64_t number : numbers) out.u64(number);
}

void read_numbers(Decoder& in, std::vector<uint64_t>& out) {
  out.resize(in.count(kAnyLength, 8));
  for (uint64_t& number : out) number = in.u64();
}

void write_texts(std::span<const std::string_view> texts, Encoder& out) {
  out.u32(static_cast<uint32_t>(texts.size()));
  for (const std::string_view text : texts) out.string(text);
}

void read_texts(Decoder& in, std::vector<std::string_view>& out) {
  out.resize(in.count(kAnyLength, kTextBytes));
  for (std::string_view& text : out) text = in.string(kAnyLength);
}

void write_conditions(std::span<const Condition> conditions, Encoder& out) {
  out.u32(static_cast<uint32_t>(conditions.size()));
  for (const Condition& condition : conditions) {
    out.string(condition.key);
    out.u64(condition.version);
  }
}

void read_conditions(Decoder& in, std::vector<Condition>& out) {
  out.resize(in.count(kAnyLength, kConditionBytes));
  for (Condition& condition : out) {
    condition.key = in.string(kAnyLength);
    condition.version = in.u64();
  }
}

Status finish(const Decoder& in, std::string_view message) {
  if (!in.ok()) {
    return Status::error(Code::kCorrupt, text(message, ": its payload is cut short, or has a field that cannot be"));
  }
  if (in.left() != 0) {
    return Status::error(Code::kCorrupt, text(message, ": its payload has ", in.left(), " bytes too many"));
  }
  return Status();
}

}  // namespace windlass::fields
