#include "volume/message_samples.hpp"

#include <gtest/gtest.h>

#include <span>

#include "base/bytes.hpp"
#include "volume/rdma_messages.hpp"

namespace windlass::test {

namespace {

using Payload = std::vector<std::byte>;
using View = std::span<const std::byte>;

constexpr std::array<std::byte, 5> kValue{std::byte{1}, std::byte{2}, std::byte{3}, std::byte{4}, std::byte{5}};

Shape shape_of(std::initializer_list<uint64_t> sizes) {
  Shape shape;
  for (const uint64_t size : sizes) shape.sizes[shape.rank++] = size;
  return shape;
}

RdmaEndpoint sample_endpoint(uint64_t connection) {
  RdmaEndpoint endpoint;
  endpoint.nonce = 0x1122334455667788;
  endpoint.connection = connection;
  endpoint.queue_pair = 17;
  endpoint.first_packet = 0xabcdef;
  endpoint.mtu = 5;
  endpoint.reads = 16;
  endpoint.gid[10] = endpoint.gid[11] = std::byte{0xff};
  endpoint.gid[12] = std::byte{10};
  endpoint.gid[15] = std::byte{1};
  return endpoint;
}

EntryMeta tensor_meta() { return {EntryKind::kTensor, 11, shape_of({2, 300}), "{\"a\":1}"}; }

template <typename Write>
Payload written(Write&& write) {
  Payload payload;
  Encoder out(payload);
  write(out);
  return payload;
}

// A request that is read into a struct and written from it.
template <typename Request, typename Read, typename Write>
MessageSample request(std::string name, Message type, Payload payload, Read read, Write write) {
  return {std::move(name), static_cast<uint16_t>(type), std::move(payload), [=](View bytes) -> Result<Payload> {
            Request parsed;
            if (Status done = read(bytes, parsed); !done.ok()) return done;
            return written([&](Encoder& out) { write(parsed, out); });
          }};
}

template <typename Read, typename Write>
MessageSample reply(std::string name, Message type, Payload payload, Read read, Write write) {
  return {std::move(name), static_cast<uint16_t>(static_cast<uint16_t>(type) | kReplyBit), std::move(payload),
          [=](View bytes) -> Result<Payload> {
            auto parsed = read(bytes);
            if (!parsed.ok()) return parsed.status();
            return written([&](Encoder& out) { write(*parsed, out); });
          }};
}

void add_puts(std::vector<MessageSample>& all) {
  const std::vector<uint64_t> sizes{0, 1, uint64_t{5} << 32};
  all.push_back(request<PrepareRequest>(
      "prepare", Message::kPrepare, written([&](Encoder& out) { encode_prepare(sizes, out); }), decode_prepare,
      [](const PrepareRequest& parsed, Encoder& out) { encode_prepare(parsed.sizes, out); }));

  const std::vector<Condition> conditions{{"model/MAPPING", 7}, {"other", 0}};
  const std::vector<std::string_view> removals{"old/a", "old/b"};
  const std::vector<CommitItem> items{
      {.key = "model/weight",
       .meta = tensor_meta(),
       .bytes = 1200,
       .shard = {1, 4},
       .token = 0x1122334455667788,
       .keep = true},
      {.key = "\xC3\xA9", .meta = {}, .bytes = 0, .shard = {}, .token = 0, .keep = false}};
  all.push_back(request<CommitRequest>("commit", Message::kCommit, written([&](Encoder& out) {
                                         EXPECT_TRUE(encode_commit(items, {conditions, removals}, out).ok());
                                       }),
                                       decode_commit, [](const CommitRequest& parsed, Encoder& out) {
                                         EXPECT_TRUE(encode_commit(parsed.items, parsed.options(), out).ok());
                                       }));

  const std::vector<InlineItem> small{{.key = "k", .meta = tensor_meta(), .shard = {0, 2}, .bytes = kValue},
                                      {.key = "empty", .meta = {}, .shard = {}, .bytes = {}}};
  all.push_back(request<PutInlineRequest>("put_inline", Message::kPutInline, written([&](Encoder& out) {
                                            EXPECT_TRUE(encode_put_inline(small, {conditions, removals}, out).ok());
                                          }),
                                          decode_put_inline, [](const PutInlineRequest& parsed, Encoder& out) {
                                            EXPECT_TRUE(encode_put_inline(parsed.items, parsed.options(), out).ok());
                                          }));
}

void add_gets(std::vector<MessageSample>& all) {
  const std::vector<uint64_t> numbers{3, 0xFFFFFFFFFFFFFFFF};
  const auto numbers_again = [](const NumbersRequest& parsed, Encoder& out) { encode_numbers(parsed.numbers, out); };
  const Payload numbers_payload = written([&](Encoder& out) { encode_numbers(numbers, out); });
  all.push_back(request<NumbersRequest>("abandon", Message::kAbandon, numbers_payload, decode_numbers, numbers_again));
  all.push_back(request<NumbersRequest>("release", Message::kRelease, numbers_payload, decode_numbers, numbers_again));

  const std::vector<Condition> conditions{{"model/MAPPING", 7}};
  const std::vector<AcquireItem> items{{"a"}, {"b/c"}};
  all.push_back(request<AcquireRequest>("acquire", Message::kAcquire, written([&](Encoder& out) {
                                          encode_acquire(items, {conditions, true, 65536}, out);
                                        }),
                                        decode_acquire, [](const AcquireRequest& parsed, Encoder& out) {
                                          encode_acquire(parsed.items, parsed.options(), out);
                                        }));
}

void add_questions(std::vector<MessageSample>& all) {
  const std::vector<std::string_view> keys{"a", "b/c"};
  const std::vector<Condition> conditions{{"a", 9}};
  all.push_back(request<KeysRequest>(
      "describe", Message::kDescribe, written([&](Encoder& out) { encode_describe(keys, out); }), decode_describe,
      [](const KeysRequest& parsed, Encoder& out) { encode_describe(parsed.keys, out); }));
  all.push_back(request<KeysRequest>("remove", Message::kRemove,
                                     written([&](Encoder& out) { encode_remove(keys, true, conditions, out); }),
                                     decode_remove, [](const KeysRequest& parsed, Encoder& out) {
                                       encode_remove(parsed.keys, parsed.flag, parsed.conditions, out);
                                     }));
  all.push_back(request<KeyQuery>("keys", Message::kKeys, written([&](Encoder& out) {
                                    encode_keys({"model", true, "model/a", 100}, out);
                                  }),
                                  decode_keys, [](const KeyQuery& parsed, Encoder& out) { encode_keys(parsed, out); }));
  all.push_back(request<KeysRequest>(
      "pin", Message::kPin, written([&](Encoder& out) { encode_pin(keys, true, out); }), decode_pin,
      [](const KeysRequest& parsed, Encoder& out) { encode_pin(parsed.keys, parsed.flag, out); }));
  all.push_back(request<SegmentRequest>(
      "segment", Message::kSegment, written([&](Encoder& out) {
        encode_segment({12, MapFor::kWriting}, out);
      }),
      decode_segment, [](const SegmentRequest& parsed, Encoder& out) { encode_segment(parsed, out); }));
  const std::vector<uint64_t> tokens{uint64_t{1} << 63U, 7};
  all.push_back(request<NumbersRequest>(
      "vouch", Message::kVouch, written([&](Encoder& out) { encode_numbers(tokens, out); }), decode_numbers,
      [](const NumbersRequest& parsed, Encoder& out) { encode_numbers(parsed.numbers, out); }));
  all.push_back(request<uint64_t>(
      "offered", Message::kOffered, written([](Encoder& out) { encode_offered(kOfferedSegment | 12, out); }),
      decode_offered, [](uint64_t segment, Encoder& out) { encode_offered(segment, out); }));
  const auto rdma_number = [](uint64_t number, Encoder& out) { encode_rdma_number(number, out); };
  all.push_back(request<RdmaEndpoint>(
      "rdma_connect", Message::kRdmaConnect,
      written([](Encoder& out) { encode_rdma_endpoint(sample_endpoint(0), out); }), decode_rdma_endpoint,
      [](const RdmaEndpoint& parsed, Encoder& out) { encode_rdma_endpoint(parsed, out); }));
  all.push_back(request<uint64_t>("rdma_segment", Message::kRdmaSegment,
                                  written([](Encoder& out) { encode_rdma_number(12, out); }), decode_rdma_number,
                                  rdma_number));
  all.push_back(request<uint64_t>("rdma_disconnect", Message::kRdmaDisconnect,
                                  written([](Encoder& out) { encode_rdma_number(3, out); }), decode_rdma_number,
                                  rdma_number));
  const auto nothing = [](View bytes) -> Result<Payload> {
    if (Status done = decode_nothing(bytes); !done.ok()) return done;
    return Payload();
  };
  all.push_back({"info", static_cast<uint16_t>(Message::kInfo), {}, nothing});
  all.push_back({"goodbye", static_cast<uint16_t>(Message::kGoodbye), {}, nothing});
}

void add_put_replies(std::vector<MessageSample>& all) {
  const auto done_again = [](View bytes) -> Result<Payload> {
    if (Status done = decode_done(bytes); !done.ok()) {
      if (done.code() == Code::kCorrupt) return done;
      return written([&](Encoder& out) { encode_failure(done, out); });
    }
    return written([](Encoder& out) { encode_done(out); });
  };
  const auto type = static_cast<uint16_t>(static_cast<uint16_t>(Message::kPin) | kReplyBit);
  all.push_back({"reply_done", type, written([](Encoder& out) { encode_done(out); }), done_again});
  const Status failure = Status::error(Code::kNotFound, "no key \"a\" here", 2);
  all.push_back({"reply_failure", type, written([&](Encoder& out) { encode_failure(failure, out); }), done_again});

  const std::vector<RemoteRange> ranges{{1, 2, 4096, 100}, {}};
  all.push_back(reply("reply_prepare", Message::kPrepare, written([&](Encoder& out) { encode_prepared(ranges, out); }),
                      decode_prepared,
                      [](const std::vector<RemoteRange>& parsed, Encoder& out) { encode_prepared(parsed, out); }));
  all.push_back(reply("reply_commit", Message::kCommit, written([&](Encoder& out) {
                        encode_committed({17, ranges}, out);
                      }),
                      decode_committed, [](const Committed& parsed, Encoder& out) { encode_committed(parsed, out); }));
}

void add_get_replies(std::vector<MessageSample>& all) {
  const auto again = [](const Acquired& parsed, Encoder& out) { encode_acquired(parsed, out); };
  Acquired leased;
  leased.lease = 5;
  leased.found.push_back({.item = 1,
                          .kind = EntryKind::kTensor,
                          .dtype = 11,
                          .shape = shape_of({2, 300}),
                          .attributes = "x",
                          .version = 17,
                          .shard = {1, 2},
                          .place = {8, 9, 4096, 1200},
                          .bytes = 1200});
  all.push_back(reply("reply_acquire_leased", Message::kAcquire,
                      written([&](Encoder& out) { encode_acquired(leased, out); }), decode_acquired, again));
  Acquired inlined;
  inlined.found.resize(2);
  inlined.found[0].version = 18;
  inlined.found[0].bytes = 2;
  inlined.found[1].item = 2;
  inlined.found[1].version = 19;
  inlined.found[1].bytes = 3;
  inlined.found[1].inline_offset = 2;
  inlined.inlined.assign(kValue.begin(), kValue.end());
  all.push_back(reply("reply_acquire_inlined", Message::kAcquire,
                      written([&](Encoder& out) { encode_acquired(inlined, out); }), decode_acquired, again));
}

void add_answers(std::vector<MessageSample>& all) {
  EntryInfo entry;
  entry.exists = true;
  entry.kind = EntryKind::kTensor;
  entry.dtype = 3;
  entry.shape = shape_of({7});
  entry.attributes = "abc";
  entry.bytes = 28;
  entry.version = 4;
  entry.shards = 3;
  entry.missing = {0, 2};
  entry.pinned = true;
  const std::vector<EntryInfo> entries{entry, EntryInfo()};
  all.push_back(reply("reply_describe", Message::kDescribe,
                      written([&](Encoder& out) { encode_described(entries, out); }), decode_described,
                      [](const std::vector<EntryInfo>& parsed, Encoder& out) { encode_described(parsed, out); }));
  all.push_back(reply(
      "reply_offered", Message::kOffered, written([](Encoder& out) { encode_offered_address(0x7f0012345000, out); }),
      decode_offered_address, [](uint64_t address, Encoder& out) { encode_offered_address(address, out); }));
  all.push_back(reply("reply_rdma_connect", Message::kRdmaConnect,
                      written([](Encoder& out) { encode_rdma_connected(sample_endpoint(3), out); }),
                      decode_rdma_connected,
                      [](const RdmaEndpoint& parsed, Encoder& out) { encode_rdma_connected(parsed, out); }));
  const std::vector<RdmaPiece> pieces{{0, kGiB, 0x7f0012345000, 0x1234}, {kGiB, 4096, 0x7f0052345000, 0x1235}};
  all.push_back(reply("reply_rdma_segment", Message::kRdmaSegment,
                      written([&](Encoder& out) { encode_rdma_pieces(pieces, out); }), decode_rdma_pieces,
                      [](const std::vector<RdmaPiece>& parsed, Encoder& out) { encode_rdma_pieces(parsed, out); }));
  all.push_back(reply("reply_remove", Message::kRemove, written([](Encoder& out) { encode_removed(2, out); }),
                      decode_removed, [](uint64_t parsed, Encoder& out) { encode_removed(parsed, out); }));
  all.push_back(reply("reply_keys", Message::kKeys, written([](Encoder& out) {
                        encode_key_page({{"a", "b/c"}, true}, out);
                      }),
                      decode_key_page, [](const KeyPage& parsed, Encoder& out) { encode_key_page(parsed, out); }));
  VolumeInfo info;
  info.limit_bytes = 1;
  info.held_bytes = 2;
  info.refusals = 19;
  info.nonce = 20;
  all.push_back(reply("reply_info", Message::kInfo, written([&](Encoder& out) { encode_info(info, out); }), decode_info,
                      [](const VolumeInfo& parsed, Encoder& out) { encode_info(parsed, out); }));
}

}  // namespace

std::vector<MessageSample> message_samples() {
  std::vector<MessageSample> all;
  add_puts(all);
  add_gets(all);
  add_questions(all);
  add_put_replies(all);
  add_get_replies(all);
  add_answers(all);
  return all;
}

}  // namespace windlass::test
