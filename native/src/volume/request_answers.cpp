#include "volume/request_answers.hpp"

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

#include "base/contain.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "volume/rdma_messages.hpp"
#include "volume/replies.hpp"

namespace windlass {

namespace {

// How long a request may have the volume wait for pages, whatever its client's own limit is.
constexpr std::chrono::seconds kLongestRequest{60};
// Keys of one page, at most: with the longest keys they fill a frame to two thirds.
constexpr uint32_t kMostKeys = 10'000;

Deadline soon() { return Deadline::after(kLongestRequest); }

// One request: what is read from it, and what is written in answer.
class Request {
 public:
  Request(const Frame& frame, VolumeSession& session, RequestScratch& scratch, bool may_wait,
          std::vector<std::byte>& out)
      : header_(frame.header),
        payload_(frame.payload),
        session_(session),
        scratch_(scratch),
        may_wait_(may_wait),
        out_(out),
        start_(out.size()) {}

  Result<Answer> answer() {
    if (Status sound = check_flags(); !sound.ok()) return sound;
    switch (static_cast<Message>(header_.type)) {
      case Message::kPrepare:
        return prepare();
      case Message::kCommit:
        return commit();
      case Message::kPutInline:
        return put_inline();
      case Message::kAbandon:
      case Message::kRelease:
        return give_back();
      case Message::kAcquire:
        return acquire();
      case Message::kDescribe:
        return describe();
      case Message::kRemove:
        return remove();
      case Message::kKeys:
        return keys();
      case Message::kPin:
        return pin();
      case Message::kInfo:
        return info();
      case Message::kSegment:
        return segment();
      case Message::kGoodbye:
        return goodbye();
      case Message::kVouch:
        return vouch();
      case Message::kOffered:
        return offered();
      case Message::kRdmaConnect:
        return rdma_connect();
      case Message::kRdmaSegment:
        return rdma_segment();
      case Message::kRdmaDisconnect:
        return rdma_disconnect();
    }
    return Status::error(Code::kCorrupt, text("it sent ", message_name(header_.type), ", which is no request"));
  }

 private:
  bool reply_wanted() const noexcept { return (header_.flags & kNoReply) == 0; }

  Status check_flags() const {
    const auto type = static_cast<Message>(header_.type);
    const bool may_be_silent = type == Message::kAbandon || type == Message::kRelease;
    if (header_.flags == 0 || (header_.flags == kNoReply && may_be_silent)) return Status();
    return Status::error(Code::kCorrupt, text("it sent ", message_name(header_.type), " with flags ",
                                              hex_text(header_.flags), ", which are none of this protocol"));
  }

  // A frame with what write appends.
  template <typename Write>
  Status write_frame(Write&& write) {
    FrameWriter frame(out_, static_cast<uint16_t>(header_.type | kReplyBit), header_.id);
    Encoder out(out_);
    write(out);
    return frame.finish();
  }

  Answer fail(const Status& failure) {
    out_.resize(start_);
    // A message is cut, so that this always fits.
    static_cast<void>(write_frame([&](Encoder& out) { encode_failure(failure, out); }).ok());
    return {};
  }

  // The reply of a result that write appends; or what went wrong.
  template <typename Write>
  Answer reply(Write&& write) {
    Status written = write_frame(std::forward<Write>(write));
    return written.ok() ? Answer{} : fail(written);
  }

  Result<Answer> prepare() {
    if (Status read = decode_prepare(payload_, scratch_.prepare); !read.ok()) return read;
    std::vector<RemoteRange> ranges;
    if (may_wait_) {
      Result<std::vector<RemoteRange>> prepared = session_.prepare(scratch_.prepare.sizes, soon());
      if (!prepared.ok()) return fail(prepared.status());
      ranges = *std::move(prepared);
    } else {
      Result<std::optional<std::vector<RemoteRange>>> prepared = session_.try_prepare(scratch_.prepare.sizes);
      if (!prepared.ok()) return fail(prepared.status());
      if (!prepared->has_value()) return Answer{Answer::What::kWouldWait, {}};
      ranges = **std::move(prepared);
    }
    return reply([&](Encoder& out) { encode_prepared(ranges, out); });
  }

  Result<Answer> commit() {
    if (Status read = decode_commit(payload_, scratch_.commit); !read.ok()) return read;
    Result<Committed> committed = session_.commit(scratch_.commit.items, scratch_.commit.options(), soon());
    if (!committed.ok()) return fail(committed.status());
    return reply([&](Encoder& out) { encode_committed(*committed, out); });
  }

  Result<Answer> put_inline() {
    if (Status read = decode_put_inline(payload_, scratch_.put_inline); !read.ok()) return read;
    const PutInlineRequest& request = scratch_.put_inline;
    if (may_wait_) {
      Result<Committed> committed = session_.put_inline(request.items, request.options(), soon());
      if (!committed.ok()) return fail(committed.status());
      return reply([&](Encoder& out) { encode_committed(*committed, out); });
    }
    Result<std::optional<Committed>> committed = session_.try_put_inline(request.items, request.options());
    if (!committed.ok()) return fail(committed.status());
    if (!committed->has_value()) return Answer{Answer::What::kWouldWait, {}};
    return reply([&](Encoder& out) { encode_committed(**committed, out); });
  }

  Result<Answer> give_back() {
    if (Status read = decode_numbers(payload_, scratch_.numbers); !read.ok()) return read;
    const bool abandons = static_cast<Message>(header_.type) == Message::kAbandon;
    Status given = abandons ? session_.abandon(scratch_.numbers.numbers, soon())
                            : session_.release(scratch_.numbers.numbers, soon());
    if (!reply_wanted()) {
      if (!given.ok() && log_wanted(LogLevel::kDebug)) log(LogLevel::kDebug, "volume", given.message());
      return Answer{Answer::What::kNone, {}};
    }
    return done(given);
  }

  Result<Answer> acquire() {
    if (Status read = decode_acquire(payload_, scratch_.acquire); !read.ok()) return read;
    Result<Acquired> acquired = session_.acquire(scratch_.acquire.items, scratch_.acquire.options(), soon());
    if (!acquired.ok()) return fail(acquired.status());
    Status written = contain([&] { return write_frame([&](Encoder& out) { encode_acquired(*acquired, out); }); });
    if (written.ok()) return Answer{};
    // The client never hears of the lease.
    if (acquired->lease != 0) static_cast<void>(session_.release({&acquired->lease, 1}, soon()).ok());
    return fail(written);
  }

  Result<Answer> describe() {
    if (Status read = decode_describe(payload_, scratch_.keys); !read.ok()) return read;
    Result<std::vector<EntryInfo>> described = session_.describe(scratch_.keys.keys, soon());
    if (!described.ok()) return fail(described.status());
    return reply([&](Encoder& out) { encode_described(*described, out); });
  }

  Result<Answer> remove() {
    if (Status read = decode_remove(payload_, scratch_.keys); !read.ok()) return read;
    const KeysRequest& request = scratch_.keys;
    Result<uint64_t> removed = session_.remove(request.keys, request.flag, request.conditions, soon());
    if (!removed.ok()) return fail(removed.status());
    return reply([&](Encoder& out) { encode_removed(*removed, out); });
  }

  Result<Answer> keys() {
    KeyQuery query;
    if (Status read = decode_keys(payload_, query); !read.ok()) return read;
    query.limit = query.limit == 0 ? kMostKeys : std::min(query.limit, kMostKeys);
    Result<KeyPage> page = session_.keys(query, soon());
    if (!page.ok()) return fail(page.status());
    return reply([&](Encoder& out) { encode_key_page(*page, out); });
  }

  Result<Answer> pin() {
    if (Status read = decode_pin(payload_, scratch_.keys); !read.ok()) return read;
    return done(session_.pin(scratch_.keys.keys, scratch_.keys.flag, soon()));
  }

  Result<Answer> info() {
    if (Status read = decode_nothing(payload_); !read.ok()) return read;
    Result<VolumeInfo> told = session_.info(soon());
    if (!told.ok()) return fail(told.status());
    return reply([&](Encoder& out) { encode_info(*told, out); });
  }

  Result<Answer> segment() {
    SegmentRequest request;
    if (Status read = decode_segment(payload_, request); !read.ok()) return read;
    Result<OwnedDescriptor> file = session_.segment_descriptor(request.segment, request.purpose, soon());
    if (!file.ok()) return fail(file.status());
    Answer answer = reply([](Encoder& out) { encode_done(out); });
    answer.descriptor = *std::move(file);
    return answer;
  }

  Result<Answer> goodbye() {
    if (Status read = decode_nothing(payload_); !read.ok()) return read;
    session_.end();
    Answer answer = reply([](Encoder& out) { encode_done(out); });
    answer.what = Answer::What::kGoodbye;
    return answer;
  }

  Result<Answer> vouch() {
    if (Status read = decode_numbers(payload_, scratch_.numbers); !read.ok()) return read;
    return done(session_.vouch(scratch_.numbers.numbers, soon()));
  }

  Result<Answer> offered() {
    uint64_t segment = 0;
    if (Status read = decode_offered(payload_, segment); !read.ok()) return read;
    Result<uint64_t> address = session_.offered_address(segment, soon());
    if (!address.ok()) return fail(address.status());
    return reply([&](Encoder& out) { encode_offered_address(*address, out); });
  }

  // Devices are opened, memory is registered, and whoever does so is waited for, where waiting is allowed.
  Result<Answer> rdma_connect() {
    RdmaEndpoint client;
    if (Status read = decode_rdma_endpoint(payload_, client); !read.ok()) return read;
    if (!may_wait_) return Answer{Answer::What::kWouldWait, {}};
    Result<RdmaEndpoint> connected = session_.rdma_connect(client);
    if (!connected.ok()) return fail(connected.status());
    return reply([&](Encoder& out) { encode_rdma_connected(*connected, out); });
  }

  Result<Answer> rdma_segment() {
    uint64_t segment = 0;
    if (Status read = decode_rdma_number(payload_, segment); !read.ok()) return read;
    if (!may_wait_) return Answer{Answer::What::kWouldWait, {}};
    Result<std::vector<RdmaPiece>> pieces = session_.rdma_segment(segment);
    if (!pieces.ok()) return fail(pieces.status());
    return reply([&](Encoder& out) { encode_rdma_pieces(*pieces, out); });
  }

  Result<Answer> rdma_disconnect() {
    uint64_t connection = 0;
    if (Status read = decode_rdma_number(payload_, connection); !read.ok()) return read;
    if (!may_wait_) return Answer{Answer::What::kWouldWait, {}};
    session_.rdma_disconnect(connection);
    return done(Status());
  }

  Answer done(const Status& outcome) {
    if (!outcome.ok()) return fail(outcome);
    return reply([](Encoder& out) { encode_done(out); });
  }

  const FrameHeader header_;
  const std::span<const std::byte> payload_;
  VolumeSession& session_;
  RequestScratch& scratch_;
  const bool may_wait_;
  std::vector<std::byte>& out_;
  const size_t start_;
};

}  // namespace

Result<Answer> answer_request(const Frame& frame, VolumeSession& session, RequestScratch& scratch, bool may_wait,
                              std::vector<std::byte>& out) {
  return Request(frame, session, scratch, may_wait, out).answer();
}

}  // namespace windlass
