// The fields that several messages have, written and read.
//
// Reading fails once and for all: after the first field that is not there, the reader is not ok(), what it gives is
// empty, and counts are 0.
//
// Threads: any; they share nothing.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/status.hpp"
#include "transport/wire.hpp"
#include "volume/volume_control.hpp"

namespace windlass::fields {

inline constexpr size_t kTextBytes = 4;  // of an empty one, as all that follow
inline constexpr size_t kConditionBytes = kTextBytes + 8;
inline constexpr size_t kMetaBytes = 4 + 4 + 4 + kTextBytes;
inline constexpr size_t kShardBytes = 4 + 4;
inline constexpr size_t kRangeBytes = 32;

// Of texts and counts, which are as long as the payload lets them be: what they mean is limited elsewhere.
inline constexpr uint64_t kAnyLength = UINT32_MAX;

void write_shape(const Shape& shape, Encoder& out);
Shape read_shape(Decoder& in);

void write_meta(const EntryMeta& meta, Encoder& out);
EntryMeta read_meta(Decoder& in);

void write_shard(const ShardPlace& shard, Encoder& out);
ShardPlace read_shard(Decoder& in);

void write_range(const RemoteRange& range, Encoder& out);
RemoteRange read_range(Decoder& in);

void write_numbers(std::span<const uint64_t> numbers, Encoder& out);
void read_numbers(Decoder& in, std::vector<uint64_t>& out);

void write_texts(std::span<const std::string_view> texts, Encoder& out);
void read_texts(Decoder& in, std::vector<std::string_view>& out);

void write_conditions(std::span<const Condition> conditions, Encoder& out);
void read_conditions(Decoder& in, std::vector<Condition>& out);

// Whether a payload was read whole, and nothing was left. Errors: kCorrupt.
Status finish(const Decoder& in, std::string_view message);

}  // namespace windlass::fields
