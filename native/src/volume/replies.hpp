// What a volume answers, as bytes: the replies to the requests in messages.hpp. PROTOCOL.md has them field by field.
//
// Each begins with what became of the request. After an OK comes the result; after anything else the system's code and
// the message, and nothing more. A client believes a volume as little as a volume a client: see messages.hpp.
//
// Threads: any; they share nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/status.hpp"
#include "transport/wire.hpp"
#include "volume/volume_control.hpp"

namespace windlass {

// The writers append a payload.
void encode_failure(const Status& failure, Encoder& out);
void encode_done(Encoder& out);
void encode_prepared(std::span<const RemoteRange> ranges, Encoder& out);
void encode_committed(const Committed& committed, Encoder& out);
void encode_acquired(const Acquired& acquired, Encoder& out);
void encode_described(std::span<const EntryInfo> entries, Encoder& out);
void encode_removed(uint64_t removed, Encoder& out);
void encode_key_page(const KeyPage& page, Encoder& out);
void encode_info(const VolumeInfo& info, Encoder& out);
void encode_offered_address(uint64_t address, Encoder& out);

// The readers: the result, or what the volume said instead. Errors: that; kCorrupt (what is wrong with the payload).
Status decode_done(std::span<const std::byte> payload);
Result<std::vector<RemoteRange>> decode_prepared(std::span<const std::byte> payload);
Result<Committed> decode_committed(std::span<const std::byte> payload);
Result<Acquired> decode_acquired(std::span<const std::byte> payload);
Result<std::vector<EntryInfo>> decode_described(std::span<const std::byte> payload);
Result<uint64_t> decode_removed(std::span<const std::byte> payload);
Result<KeyPage> decode_key_page(std::span<const std::byte> payload);
Result<VolumeInfo> decode_info(std::span<const std::byte> payload);
Result<uint64_t> decode_offered_address(std::span<const std::byte> payload);

}  // namespace windlass
