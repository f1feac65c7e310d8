// What tests do with a session again and again, in a word.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "support/soon.hpp"
#include "volume/local_transport.hpp"
#include "volume/volume.hpp"
#include "volume/volume_session.hpp"

namespace windlass::test {

inline std::shared_ptr<Volume> opened_volume(const VolumeOptions& options) {
  Result<std::shared_ptr<Volume>> volume = Volume::open(options);
  EXPECT_TRUE(volume.ok()) << volume.status().to_string();
  return volume.ok() ? *volume : nullptr;
}

inline std::shared_ptr<VolumeSession> opened_session(Volume& volume, SessionOptions options = {.peer = "a test"}) {
  Result<std::shared_ptr<VolumeSession>> session = volume.open_session(std::move(options));
  EXPECT_TRUE(session.ok()) << session.status().to_string();
  return session.ok() ? *session : nullptr;
}

// Slots for values of these sizes, or an empty list and a failure.
inline std::vector<RemoteRange> prepared(VolumeSession& session, const std::vector<uint64_t>& sizes) {
  Result<std::vector<RemoteRange>> ranges = session.prepare(sizes, soon());
  EXPECT_TRUE(ranges.ok()) << ranges.status().to_string();
  return ranges.ok() ? *std::move(ranges) : std::vector<RemoteRange>(sizes.size());
}

inline Status fill(VolumeSession& session, const RemoteRange& range, std::byte value) {
  Result<SlotHold> held = session.hold({&range, 1}, MapFor::kWriting);
  if (!held.ok()) return held.status();
  std::fill(held->parts()[0].begin(), held->parts()[0].end(), value);
  held->finish();
  return Status();
}

// Publishes one value of so many equal bytes.
inline Result<Committed> put(VolumeSession& session, std::string_view key, uint64_t bytes,
                             std::byte value = std::byte{1}, ShardPlace shard = {}, const CommitOptions& options = {}) {
  Result<std::vector<RemoteRange>> ranges = session.prepare({&bytes, 1}, soon());
  if (!ranges.ok()) return ranges.status();
  const RemoteRange range = ranges->front();
  if (Status filled = fill(session, range, value); bytes != 0 && !filled.ok()) return filled;
  const CommitItem item{.key = key, .meta = {}, .bytes = bytes, .shard = shard, .token = range.token};
  Result<Committed> committed = session.commit({&item, 1}, options, soon());
  if (!committed.ok()) static_cast<void>(session.abandon({&range.token, 1}, soon()));
  return committed;
}

inline Result<Acquired> get(VolumeSession& session, std::string_view key) {
  const AcquireItem item{key};
  return session.acquire({&item, 1}, {}, soon());
}

// The bytes of what was found.
inline std::vector<std::byte> bytes_of(const std::shared_ptr<VolumeSession>& session, const Found& found) {
  std::vector<std::byte> bytes(found.bytes);
  LocalTransport transport(session);
  const ReadMove move{bytes.data(), found.place};
  const Status read = transport.read({&move, 1}, soon());
  EXPECT_TRUE(read.ok()) << read.to_string();
  return bytes;
}

inline Status release(VolumeSession& session, uint64_t lease) { return session.release({&lease, 1}, soon()); }

inline EntryInfo described(VolumeSession& session, std::string_view key) {
  Result<std::vector<EntryInfo>> infos = session.describe({&key, 1}, soon());
  EXPECT_TRUE(infos.ok()) << infos.status().to_string();
  return infos.ok() ? infos->front() : EntryInfo();
}

inline Status removed(VolumeSession& session, std::string_view key) {
  return session.remove({&key, 1}, true, {}, soon()).status();
}

}  // namespace windlass::test
