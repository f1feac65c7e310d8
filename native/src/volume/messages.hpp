// What client and volume say to each other on a control channel, as bytes. PROTOCOL.md has it field by field.
//
// A request is written from the arguments of the call it carries out, and read into a struct of views into the frame's
// payload: reading a batch of any size takes one allocation for each kind of item, and none if the struct has been used
// before. What comes from a peer is believed nowhere: lengths and counts are checked against the bytes that are there
// before anything is allocated, and a payload that is too short, too long or senseless is kCorrupt. What keys, sizes
// and tokens mean is checked by the volume, for clients near and far alike.
//
// Threads: any; they share nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.hpp"
#include "transport/wire.hpp"
#include "volume/volume_control.hpp"

namespace windlass {

// Types of frames on a control channel once it is greeted. A reply is of its request's type, with kReplyBit.
enum class Message : uint16_t {
  kPrepare = 0x0101,
  kCommit = 0x0102,
  kPutInline = 0x0103,
  kAbandon = 0x0104,
  kAcquire = 0x0105,
  kRelease = 0x0106,
  kDescribe = 0x0107,
  kRemove = 0x0108,
  kKeys = 0x0109,
  kPin = 0x010A,
  kInfo = 0x010B,
  kSegment = 0x010C,
  kGoodbye = 0x010D,  // this session has let go of all it mapped, and ends
  kVouch = 0x010E,
  kOffered = 0x010F,
  kRdmaConnect = 0x0110,  // these three: see rdma_messages.hpp
  kRdmaSegment = 0x0111,
  kRdmaDisconnect = 0x0112,
};
inline constexpr uint16_t kReplyBit = 0x8000;

// A flag of a request's frame: nobody waits for the reply, so that there is none. What fails is logged by the volume.
inline constexpr uint16_t kNoReply = 0x0001;

// "COMMIT"; "message 0x1234" is what others are called.
std::string message_name(uint16_t type);

// Requests as they are read. Views last as long as the payload.

struct PrepareRequest {
  std::vector<uint64_t> sizes;
};

struct CommitRequest {
  std::vector<CommitItem> items;
  std::vector<Condition> conditions;
  std::vector<std::string_view> removals;

  CommitOptions options() const noexcept { return {conditions, removals}; }
};

struct PutInlineRequest {
  std::vector<InlineItem> items;
  std::vector<Condition> conditions;
  std::vector<std::string_view> removals;

  CommitOptions options() const noexcept { return {conditions, removals}; }
};

struct NumbersRequest {  // ABANDON, VOUCH: tokens; RELEASE: leases
  std::vector<uint64_t> numbers;
};

struct AcquireRequest {
  std::vector<AcquireItem> items;
  std::vector<Condition> conditions;
  bool skip_missing = false;
  uint64_t inline_bytes = 0;

  AcquireOptions options() const noexcept { return {conditions, skip_missing, inline_bytes}; }
};

struct KeysRequest {  // DESCRIBE, REMOVE (which has all), PIN
  std::vector<std::string_view> keys;
  std::vector<Condition> conditions;
  bool flag = false;  // REMOVE: must_exist; PIN: pinned
};

struct SegmentRequest {
  uint64_t segment = 0;
  MapFor purpose = MapFor::kReading;
};

// The writers of requests append a payload. Errors: kInvalidArgument (a rank over kMaxRank; inline values over
// kMaxInlineBytes); what was appended is then worth nothing.
void encode_prepare(std::span<const uint64_t> sizes, Encoder& out);
Status encode_commit(std::span<const CommitItem> items, const CommitOptions& options, Encoder& out);
Status encode_put_inline(std::span<const InlineItem> items, const CommitOptions& options, Encoder& out);
void encode_numbers(std::span<const uint64_t> numbers, Encoder& out);
void encode_acquire(std::span<const AcquireItem> items, const AcquireOptions& options, Encoder& out);
void encode_describe(std::span<const std::string_view> keys, Encoder& out);
void encode_remove(std::span<const std::string_view> keys, bool must_exist, std::span<const Condition> conditions,
                   Encoder& out);
void encode_keys(const KeyQuery& query, Encoder& out);
void encode_pin(std::span<const std::string_view> keys, bool pinned, Encoder& out);
void encode_segment(const SegmentRequest& request, Encoder& out);
void encode_offered(uint64_t segment, Encoder& out);

// The readers of requests. Errors: kCorrupt (what is wrong with the payload).
Status decode_prepare(std::span<const std::byte> payload, PrepareRequest& out);
Status decode_commit(std::span<const std::byte> payload, CommitRequest& out);
Status decode_put_inline(std::span<const std::byte> payload, PutInlineRequest& out);
Status decode_numbers(std::span<const std::byte> payload, NumbersRequest& out);
Status decode_acquire(std::span<const std::byte> payload, AcquireRequest& out);
Status decode_describe(std::span<const std::byte> payload, KeysRequest& out);
Status decode_remove(std::span<const std::byte> payload, KeysRequest& out);
Status decode_keys(std::span<const std::byte> payload, KeyQuery& out);
Status decode_pin(std::span<const std::byte> payload, KeysRequest& out);
Status decode_segment(std::span<const std::byte> payload, SegmentRequest& out);
Status decode_offered(std::span<const std::byte> payload, uint64_t& segment);
Status decode_nothing(std::span<const std::byte> payload);  // INFO and GOODBYE

}  // namespace windlass
