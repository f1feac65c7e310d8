// The bytes of the handshake, written out, and its proofs computed from them alone.
#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include "base/sha256.hpp"
#include "fake/stream_pair.hpp"
#include "transport/handshake.hpp"
#include "wire/golden.hpp"

namespace windlass {
namespace {

using test::golden;
using test::hex_of;
using test::joined;
using Bytes = std::vector<std::byte>;

constexpr const char* kSecret = "a secret of the tests";
constexpr const char* kClientNonce = "00 01 02 03 04 05 06 07 08 09 0A 0B 0C 0D 0E 0F ";
constexpr const char* kServerNonce = "F0 F1 F2 F3 F4 F5 F6 F7 F8 F9 FA FB FC FD FE FF ";
constexpr const char* kHello =
    "'WLF1' 01 00  00 00  21 00 00 00  00 00 00 00  00 00 00 00 00 00 00 00 "
    "'WNDL' 01 00  01 00  01  00 00 00 00 00 00 00 00 ";
constexpr const char* kChallenge =
    "'WLF1' 02 00  00 00  13 00 00 00  00 00 00 00  00 00 00 00 00 00 00 00 "
    "01 00  01 ";
constexpr const char* kProof = "'WLF1' 03 00  00 00  20 00 00 00  00 00 00 00  00 00 00 00 00 00 00 00 ";
constexpr const char* kWelcome = "'WLF1' 04 00  00 00  60 00 00 00  00 00 00 00  00 00 00 00 00 00 00 00 ";
// Offered 1 to 1, chosen 1, purpose CONTROL, session 0.
constexpr const char* kAgreed = "01 00  01 00  01 00  01  00 00 00 00 00 00 00 00 ";
// Session 5, a lane key of 32 times 2A, nonce 77, host, path.
constexpr const char* kSession = "05 00 00 00 00 00 00 00 ";
constexpr const char* kLaneKey =
    "2A 2A 2A 2A 2A 2A 2A 2A 2A 2A 2A 2A 2A 2A 2A 2A 2A 2A 2A 2A 2A 2A 2A 2A 2A 2A 2A 2A 2A 2A 2A 2A ";
constexpr const char* kNonce = "4D 00 00 00 00 00 00 00 ";
constexpr const char* kPath = "04 00 00 00 '/a/b'";

Bytes hmac(const std::string& label, const Bytes& said) {
  HmacSha256 hash(std::as_bytes(std::span(std::string_view(kSecret))));
  hash.add(label);
  hash.add(said);
  const Digest digest = hash.finish();
  return {digest.begin(), digest.end()};
}

Bytes nonce_of_frame(const Bytes& frame) { return {frame.end() - 16, frame.end()}; }

HandshakeHost host() {
  HandshakeHost made;
  made.secret = kSecret;
  made.volume_nonce = 77;
  made.unix_path = "/a/b";
  made.open_session = [] {
    SessionGrant grant{5, {}};
    grant.lane_key.fill(std::byte{0x2A});
    return Result<SessionGrant>(grant);
  };
  return made;
}

TEST(HandshakeGoldenTest, theServerSaysWhatIsWrittenDown) {
  const HandshakeHost given = host();
  ServerHandshake server(given);
  const auto feed = [&](const Bytes& bytes) {
    std::memcpy(server.room().data(), bytes.data(), bytes.size());
    Bytes output;
    EXPECT_TRUE(server.arrived(bytes.size(), output).ok());
    return output;
  };
  const Bytes challenge = feed(joined({golden(kHello), golden(kClientNonce)}));
  const Bytes server_nonce = nonce_of_frame(challenge);
  EXPECT_EQ(hex_of(challenge), hex_of(joined({golden(kChallenge), server_nonce})));

  const Bytes told = joined({golden(kAgreed), golden(kClientNonce), server_nonce});
  const Bytes welcome = feed(joined({golden(kProof), hmac("windlass client", told)}));
  const uint64_t machine = host_id();
  Bytes machine_bytes;
  for (unsigned at = 0; at < 8; ++at) machine_bytes.push_back(static_cast<std::byte>(machine >> (8 * at)));
  const Bytes rest = joined({golden(kSession), golden(kLaneKey), golden(kNonce), machine_bytes, golden(kPath)});
  EXPECT_EQ(hex_of(welcome), hex_of(joined({golden(kWelcome), hmac("windlass volume", joined({told, rest})), rest})));
}

TEST(HandshakeGoldenTest, theClientSaysWhatIsWrittenDownAndUnderstandsIt) {
  fake::StreamPair pair;
  const Deadline deadline = Deadline::after(std::chrono::seconds(30));
  std::thread server([&] {
    Bytes hello(golden(kHello).size() + 16);
    ASSERT_TRUE(pair.other.receive_exactly(hello, deadline).ok());
    const Bytes client_nonce = nonce_of_frame(hello);
    EXPECT_EQ(hex_of(hello), hex_of(joined({golden(kHello), client_nonce})));
    ASSERT_TRUE(pair.other.send_all(joined({golden(kChallenge), golden(kServerNonce)}), deadline).ok());

    const Bytes told = joined({golden(kAgreed), client_nonce, golden(kServerNonce)});
    Bytes proof(golden(kProof).size() + 32);
    ASSERT_TRUE(pair.other.receive_exactly(proof, deadline).ok());
    EXPECT_EQ(hex_of(proof), hex_of(joined({golden(kProof), hmac("windlass client", told)})));
    const Bytes rest =
        joined({golden(kSession), golden(kLaneKey), golden(kNonce), golden("08 07 06 05 04 03 02 01"), golden(kPath)});
    const Bytes welcome = joined({golden(kWelcome), hmac("windlass volume", joined({told, rest})), rest});
    ASSERT_TRUE(pair.other.send_all(welcome, deadline).ok());
  });
  const Result<Welcome> welcome = shake_hands(pair.one, {Purpose::kControl, kSecret, {}}, deadline);
  server.join();
  ASSERT_TRUE(welcome.ok()) << welcome.status().to_string();
  EXPECT_EQ(welcome->protocol, 1);
  EXPECT_EQ(welcome->grant.session, 5U);
  EXPECT_EQ(welcome->volume_nonce, 77U);
  EXPECT_EQ(welcome->host, 0x0102030405060708U);
  EXPECT_EQ(welcome->unix_path, "/a/b");
}

TEST(HandshakeGoldenTest, aRefusalIsAStatus) {
  const HandshakeHost given = host();
  ServerHandshake server(given);
  const Bytes hello = golden(
      "'WLF1' 01 00  00 00  21 00 00 00  00 00 00 00  00 00 00 00 00 00 00 00 "
      "'WNDL' 02 00  09 00  01  00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00");
  std::memcpy(server.room().data(), hello.data(), hello.size());
  Bytes output;
  const Result<bool> refused = server.arrived(hello.size(), output);
  ASSERT_EQ(refused.status().code(), Code::kVersion);
  const std::string message(refused.status().message());
  const auto length = static_cast<std::byte>(message.size());
  Bytes expected = golden(
      "'WLF1' 05 00  00 00  00 00 00 00  00 00 00 00  00 00 00 00 00 00 00 00 "
      "09 00 00 00  00 00 00 00  00 00 00 00");
  expected[8] = static_cast<std::byte>(message.size() + 12);
  expected[32] = length;
  expected[24] = static_cast<std::byte>(Code::kVersion);
  for (const char c : message) expected.push_back(static_cast<std::byte>(c));
  EXPECT_EQ(hex_of(output), hex_of(expected));
}

}  // namespace
}  // namespace windlass
