#include "transport/handshake.hpp"

#include <fcntl.h>
#include <sys/random.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/owned_descriptor.hpp"
#include "base/text.hpp"
#include "transport/status_fields.hpp"
#include "transport/wire.hpp"

namespace windlass {

namespace {

constexpr uint32_t kHelloMagic = 0x4C444E57;  // "WNDL"
constexpr size_t kMaxUnixPathBytes = 4096;

// What both sides know when they prove themselves.
struct Transcript {
  uint16_t lowest = 0;
  uint16_t highest = 0;
  uint16_t protocol = 0;
  Purpose purpose = Purpose::kControl;
  uint64_t session = 0;
  const HandshakeNonce& client_nonce;
  const HandshakeNonce& server_nonce;
};

// HMAC(secret, and behind it a lane's key; label, what was agreed on, both nonces, and what else is said).
Digest prove(std::string_view label, std::string_view secret, const LaneKey& lane_key, const Transcript& told,
             std::span<const std::byte> rest) {
  std::vector<std::byte> key(secret.size());
  std::copy_n(reinterpret_cast<const std::byte*>(secret.data()), secret.size(), key.begin());
  if (told.purpose == Purpose::kLane) key.insert(key.end(), lane_key.begin(), lane_key.end());
  std::vector<std::byte> agreed;
  Encoder out(agreed);
  out.u16(told.lowest);
  out.u16(told.highest);
  out.u16(told.protocol);
  out.u8(static_cast<uint8_t>(told.purpose));
  out.u64(told.session);
  HmacSha256 hmac(key);
  hmac.add(label);
  hmac.add(agreed);
  hmac.add(told.client_nonce);
  hmac.add(told.server_nonce);
  hmac.add(rest);
  return hmac.finish();
}

constexpr std::string_view kClientLabel = "windlass client";
constexpr std::string_view kVolumeLabel = "windlass volume";

Status fill_random(std::span<std::byte> target) {
  while (!target.empty()) {
    const ssize_t got = getrandom(target.data(), target.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) {
      return Status::error(Code::kIo, text("the system gives no random numbers: ", errno_text(errno)), errno);
    }
    target = target.subspan(static_cast<size_t>(got));
  }
  return Status();
}

template <size_t kCount>
void copy_into(std::array<std::byte, kCount>& target, std::span<const std::byte> source) noexcept {
  if (source.size() == kCount) std::copy(source.begin(), source.end(), target.begin());
}

uint16_t type_number(HandshakeFrame type) noexcept { return static_cast<uint16_t>(type); }

Status send_frame(Stream& stream, HandshakeFrame type, std::span<const std::byte> payload, Deadline deadline) {
  std::vector<std::byte> bytes;
  FrameWriter frame(bytes, type_number(type), 0);
  Encoder(bytes).raw(payload);
  if (Status finished = frame.finish(kMaxHandshakeBytes); !finished.ok()) return finished;
  return stream.send_all(bytes, deadline);
}

// The payload of the next frame, which is of this type, or a refusal.
Result<std::vector<std::byte>> receive_frame(Stream& stream, HandshakeFrame type, Deadline deadline) {
  FrameHeaderBytes head{};
  if (Status got = stream.receive_exactly(head, deadline); !got.ok()) {
    return got.with_prefix("the handshake did not end");
  }
  Result<FrameHeader> header = parse_frame_header(head, kMaxHandshakeBytes);
  if (!header.ok()) return header.status().with_prefix(stream.peer());
  std::vector<std::byte> payload(header->payload_bytes);
  if (Status got = stream.receive_exactly(payload, deadline); !got.ok()) {
    return got.with_prefix("the handshake did not end");
  }
  if (header->type == type_number(type)) return payload;
  if (header->type == type_number(HandshakeFrame::kRefused)) {
    Decoder in(payload);
    const Status refusal = decode_status(in);
    if (in.finished() && !refusal.ok()) return refusal.with_prefix(text(stream.peer(), " refuses the connection"));
  }
  return Status::error(
      Code::kCorrupt, text(stream.peer(), ": a frame of type ", header->type, " came in the handshake instead of type ",
                           type_number(type), "; the peer does not keep to the protocol"));
}

Status malformed(const Stream& stream, std::string_view what) {
  return Status::error(Code::kCorrupt,
                       text(stream.peer(), ": its ", what, " is malformed; the peer does not keep to the protocol"));
}

// What the server's CHALLENGE must be for this client.
Status take_challenge(const Stream& stream, const Greeting& greeting, std::span<const std::byte> payload,
                      uint16_t& protocol, HandshakeNonce& nonce) {
  Decoder in(payload);
  protocol = in.u16();
  const bool needs_secret = in.boolean();
  copy_into(nonce, in.raw(nonce.size()));
  if (!in.finished()) return malformed(stream, "challenge");
  if (protocol < kLowestProtocol || protocol > kHighestProtocol) {
    return Status::error(Code::kVersion, text(stream.peer(), ": the volume chose protocol ", protocol,
                                              ", which was not offered; this library speaks ", kLowestProtocol, " to ",
                                              kHighestProtocol));
  }
  if (needs_secret && greeting.secret.empty()) {
    return Status::error(Code::kPermission,
                         text(stream.peer(), ": the volume asks for a secret; give the one it was opened with"));
  }
  if (!needs_secret && !greeting.secret.empty()) {
    return Status::error(Code::kPermission, text(stream.peer(),
                                                 ": a secret was given, and the volume has none; it may not be the one "
                                                 "that is meant: check the address, or give no secret"));
  }
  return Status();
}

}  // namespace

Result<Welcome> shake_hands(Stream& stream, const Greeting& greeting, Deadline deadline) {
  HandshakeNonce client_nonce{};
  HandshakeNonce server_nonce{};
  if (Status filled = fill_random(client_nonce); !filled.ok()) return filled;
  const uint64_t session = greeting.purpose == Purpose::kLane ? greeting.grant.session : 0;
  std::vector<std::byte> hello;
  Encoder out(hello);
  out.u32(kHelloMagic);
  out.u16(kLowestProtocol);
  out.u16(kHighestProtocol);
  out.u8(static_cast<uint8_t>(greeting.purpose));
  out.u64(session);
  out.raw(client_nonce);
  if (Status sent = send_frame(stream, HandshakeFrame::kHello, hello, deadline); !sent.ok()) return sent;

  Result<std::vector<std::byte>> challenge = receive_frame(stream, HandshakeFrame::kChallenge, deadline);
  if (!challenge.ok()) return challenge.status();
  Welcome welcome;
  if (Status taken = take_challenge(stream, greeting, *challenge, welcome.protocol, server_nonce); !taken.ok()) {
    return taken;
  }
  const Transcript told{kLowestProtocol, kHighestProtocol, welcome.protocol, greeting.purpose,
                        session,         client_nonce,     server_nonce};
  const Digest proof = prove(kClientLabel, greeting.secret, greeting.grant.lane_key, told, {});
  if (Status sent = send_frame(stream, HandshakeFrame::kProof, proof, deadline); !sent.ok()) return sent;

  Result<std::vector<std::byte>> answer = receive_frame(stream, HandshakeFrame::kWelcome, deadline);
  if (!answer.ok()) return answer.status();
  Decoder in(*answer);
  const std::span<const std::byte> counter_proof = in.raw(sizeof(Digest));
  const std::span<const std::byte> rest = std::span<const std::byte>(*answer).last(in.left());
  welcome.grant.session = in.u64();
  copy_into(welcome.grant.lane_key, in.raw(sizeof(LaneKey)));
  welcome.volume_nonce = in.u64();
  welcome.host = in.u64();
  welcome.unix_path = in.string(kMaxUnixPathBytes);
  if (!in.finished()) return malformed(stream, "welcome");
  if (!equal_in_constant_time(counter_proof,
                              prove(kVolumeLabel, greeting.secret, greeting.grant.lane_key, told, rest))) {
    return Status::error(Code::kPermission, text(stream.peer(),
                                                 ": the volume does not know the secret; it is not the "
                                                 "one that is meant: check the address"));
  }
  if (greeting.purpose == Purpose::kLane) welcome.grant = greeting.grant;
  return welcome;
}

Result<bool> ServerHandshake::arrived(size_t bytes, std::vector<std::byte>& output) {
  reader_.arrived(bytes);
  while (state_ == State::kHello || state_ == State::kProof) {
    Result<std::optional<Frame>> frame = reader_.next();
    // Whoever speaks no protocol of ours would not understand a refusal.
    if (!frame.ok()) return frame.status();
    if (!frame->has_value()) return false;
    Status taken = state_ == State::kHello ? take_hello(**frame, output) : take_proof(**frame, output);
    if (!taken.ok()) {
      state_ = State::kRefused;
      FrameWriter refusal(output, type_number(HandshakeFrame::kRefused), 0);
      Encoder out(output);
      encode_status(out, taken);
      const Status finished = refusal.finish(kMaxHandshakeBytes);
      return finished.ok() ? taken : finished;
    }
  }
  if (state_ == State::kRefused) return Status::error(Code::kCorrupt, "the client goes on after it was refused");
  return true;
}

Status ServerHandshake::take_hello(const Frame& frame, std::vector<std::byte>& output) {
  Decoder in(frame.payload);
  const uint32_t magic = in.u32();
  lowest_ = in.u16();
  highest_ = in.u16();
  const uint8_t purpose = in.u8();
  grant_.session = in.u64();
  copy_into(client_nonce_, in.raw(client_nonce_.size()));
  // A later protocol may say more.
  if (!in.ok() || frame.header.type != type_number(HandshakeFrame::kHello) || frame.header.flags != 0 ||
      magic != kHelloMagic || lowest_ > highest_) {
    return Status::error(Code::kCorrupt, "the first frame is no greeting of this protocol");
  }
  if (lowest_ > kHighestProtocol || highest_ < kLowestProtocol) {
    return Status::error(Code::kVersion,
                         text("the client speaks protocols ", lowest_, " to ", highest_, ", and the volume ",
                              kLowestProtocol, " to ", kHighestProtocol, "; update the older of the two"));
  }
  if (purpose != static_cast<uint8_t>(Purpose::kControl) && purpose != static_cast<uint8_t>(Purpose::kLane)) {
    return Status::error(Code::kCorrupt, text("the client greets for purpose ", purpose, ", which is none"));
  }
  purpose_ = static_cast<Purpose>(purpose);
  if (purpose_ == Purpose::kControl && grant_.session != 0) {
    return Status::error(Code::kCorrupt, "a control connection begins its own session, and must name none");
  }
  protocol_ = std::min(highest_, kHighestProtocol);
  if (Status filled = fill_random(server_nonce_); !filled.ok()) return filled;
  FrameWriter challenge(output, type_number(HandshakeFrame::kChallenge), 0);
  Encoder out(output);
  out.u16(protocol_);
  out.boolean(!host_.secret.empty());
  out.raw(server_nonce_);
  state_ = State::kProof;
  return challenge.finish(kMaxHandshakeBytes);
}

Status ServerHandshake::take_proof(const Frame& frame, std::vector<std::byte>& output) {
  Decoder in(frame.payload);
  const std::span<const std::byte> proof = in.raw(sizeof(Digest));
  if (!in.finished() || frame.header.type != type_number(HandshakeFrame::kProof) || frame.header.flags != 0) {
    return Status::error(Code::kCorrupt, "the second frame is no proof");
  }
  if (purpose_ == Purpose::kLane) {
    Result<LaneKey> key = host_.lane_key(grant_.session);
    if (!key.ok()) return key.status();
    grant_.lane_key = *key;
  }
  const Transcript told{lowest_, highest_, protocol_, purpose_, grant_.session, client_nonce_, server_nonce_};
  if (!equal_in_constant_time(proof, prove(kClientLabel, host_.secret, grant_.lane_key, told, {}))) {
    return Status::error(Code::kPermission, purpose_ == Purpose::kLane
                                                ? "the secret is wrong, or the lane is not of its session"
                                                : "the secret is wrong; give the one the volume was opened with");
  }
  SessionGrant granted;
  if (purpose_ == Purpose::kControl) {
    Result<SessionGrant> opened = host_.open_session();
    if (!opened.ok()) return opened.status();
    granted = *opened;
  }
  std::vector<std::byte> rest;
  Encoder said(rest);
  said.u64(purpose_ == Purpose::kControl ? granted.session : grant_.session);
  said.raw(granted.lane_key);  // zeros for a lane: its client has it
  said.u64(host_.volume_nonce);
  said.u64(host_id());
  said.string(host_.unix_path);
  FrameWriter welcome(output, type_number(HandshakeFrame::kWelcome), 0);
  Encoder out(output);
  out.raw(prove(kVolumeLabel, host_.secret, grant_.lane_key, told, rest));
  out.raw(rest);
  if (purpose_ == Purpose::kControl) grant_ = granted;
  state_ = State::kAdmitted;
  return welcome.finish(kMaxHandshakeBytes);
}

uint64_t host_id() noexcept {
  const OwnedDescriptor file(::open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC));
  std::array<std::byte, 64> boot{};
  const ssize_t got = file.valid() ? ::read(file.number(), boot.data(), boot.size()) : 0;
  if (got <= 0) return 0;
  Sha256 hash;
  hash.add("windlass host");
  hash.add(std::span<const std::byte>(boot).first(static_cast<size_t>(got)));
  return load_number<uint64_t>(hash.finish().data());
}

Result<LaneKey> fresh_lane_key() {
  LaneKey key{};
  Status filled = fill_random(key);
  if (!filled.ok()) return filled;
  return key;
}

}  // namespace windlass
