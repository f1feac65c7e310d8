// A volume with clients that come to it in each of the ways there are, and puts and gets in one call.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/text.hpp"
#include "support/soon.hpp"
#include "support/temporary_directory.hpp"
#include "support/way.hpp"
#include "volume/connect.hpp"
#include "volume/local_transport.hpp"
#include "volume/volume.hpp"
#include "volume/volume_server.hpp"
#include "volume/volume_session.hpp"

namespace windlass::test {

// Asks until it is so, or far too much time has passed. What it waits for happens on another thread or in another
// process, and tells nobody.
template <typename Predicate>
bool comes_true(Predicate&& predicate) {
  const Deadline end = soon();
  while (!predicate()) {
    if (end.expired()) return false;
    std::this_thread::yield();
  }
  return true;
}

// Whether it is by TCP that the volume is asked, so that nothing of it can be mapped.
inline bool is_far(Way way) { return way == Way::kTcp || way == Way::kRdma; }

inline constexpr std::string_view kSecret = "a secret of enough bytes";

struct PutValue {
  std::string key;
  std::vector<std::byte> bytes;
  ShardPlace shard;
};

// One client.
class Client {
 public:
  Client(std::shared_ptr<VolumeControl> control, std::shared_ptr<Transport> transport)
      : control_(std::move(control)), transport_(std::move(transport)) {}

  VolumeControl& control() const { return *control_; }
  Transport& transport() const { return *transport_; }

  // Prepares, moves and commits.
  Result<Committed> put(const std::vector<PutValue>& values, const CommitOptions& options = {}) const {
    std::vector<uint64_t> sizes;
    for (const PutValue& value : values) sizes.push_back(value.bytes.size());
    Result<std::vector<RemoteRange>> slots = control_->prepare(sizes, soon());
    if (!slots.ok()) return slots.status();
    std::vector<WriteMove> moves;
    std::vector<CommitItem> items;
    std::vector<uint64_t> tokens;
    for (size_t at = 0; at < values.size(); ++at) {
      if (!values[at].bytes.empty()) moves.push_back({values[at].bytes.data(), (*slots)[at]});
      CommitItem item;
      item.key = values[at].key;
      item.bytes = values[at].bytes.size();
      item.shard = values[at].shard;
      item.token = (*slots)[at].token;
      if (item.token != 0) tokens.push_back(item.token);
      items.push_back(item);
    }
    if (Status moved = transport_->write(moves, soon()); !moved.ok()) return moved;
    Result<Committed> committed = control_->commit(items, options, soon());
    if (!committed.ok()) static_cast<void>(control_->abandon(tokens, soon()).ok());
    return committed;
  }

  // The bytes of a key; of a sharded value one shard after another.
  Result<std::vector<std::byte>> get(std::string_view key) const {
    const AcquireItem item{key};
    Result<Acquired> acquired = control_->acquire({&item, 1}, {}, soon());
    if (!acquired.ok()) return acquired.status();
    uint64_t bytes = 0;
    for (const Found& found : acquired->found) bytes += found.bytes;
    std::vector<std::byte> whole(bytes);
    std::vector<ReadMove> moves;
    uint64_t at = 0;
    for (const Found& found : acquired->found) {
      if (found.bytes != 0) moves.push_back({whole.data() + at, found.place.part(0, found.bytes)});
      at += found.bytes;
    }
    Status moved = transport_->read(moves, soon());
    static_cast<void>(control_->release({&acquired->lease, 1}, soon()).ok());
    if (!moved.ok()) return moved;
    return whole;
  }

  VolumeInfo info() const {
    Result<VolumeInfo> told = control_->info(soon());
    EXPECT_TRUE(told.ok()) << told.status().to_string();
    return told.ok() ? *told : VolumeInfo();
  }

 private:
  std::shared_ptr<VolumeControl> control_;
  std::shared_ptr<Transport> transport_;
};

// A volume that listens both ways.
class VolumeWorld {
 public:
  explicit VolumeWorld(VolumeOptions options = small(), ListenOptions listening = with_secret())
      : secret_(listening.secret) {
    Result<std::shared_ptr<Volume>> opened = Volume::open(options);
    EXPECT_TRUE(opened.ok()) << opened.status().to_string();
    volume_ = *std::move(opened);
    Result<std::unique_ptr<VolumeServer>> serving = VolumeServer::open(volume_);
    EXPECT_TRUE(serving.ok()) << serving.status().to_string();
    server_ = *std::move(serving);
    unix_ = listen(text("shm://", directory_.path(), "/volume.sock"), listening);
    tcp_ = listen("tcp://127.0.0.1:0", listening);
  }
  ~VolumeWorld() {
    server_->close();
    volume_->close();
  }
  VolumeWorld(const VolumeWorld&) = delete;
  VolumeWorld& operator=(const VolumeWorld&) = delete;

  static VolumeOptions small() {
    VolumeOptions options;
    options.limit_bytes = 64 * kMiB;
    options.segment_bytes = 2 * kMiB;
    return options;
  }
  static ListenOptions with_secret() {
    ListenOptions options;
    options.secret = kSecret;
    return options;
  }

  Volume& volume() { return *volume_; }
  VolumeServer& server() { return *server_; }
  const std::string& unix_uri() const { return unix_; }
  const std::string& tcp_uri() const { return tcp_; }
  const std::string& path() const { return directory_.path(); }

  ConnectOptions options(Way way) const {
    ConnectOptions options;
    if (is_far(way)) options.transport = way == Way::kTcp ? TransportKind::kTcp : TransportKind::kRdma;
    if (is_far(way)) options.secret = secret_;
    // Devices are opened at both ends, which an emulated machine has taken more than five seconds for.
    if (way == Way::kRdma) options.connect_timeout = std::chrono::minutes(1);
    return options;
  }
  Result<VolumeConnection> connect(Way way) const { return connect_volume(is_far(way) ? tcp_ : unix_, options(way)); }

  Client client(Way way) {
    if (way == Way::kLocal) {
      auto session = *volume_->open_session({.peer = "a test"});
      return {session, std::make_shared<LocalTransport>(session)};
    }
    Result<VolumeConnection> connection = connect(way);
    if (!connection.ok()) throw std::runtime_error(connection.status().to_string());
    return {connection->control, connection->transport};
  }

 private:
  std::string listen(const std::string& address, const ListenOptions& options) {
    Result<std::string> told = server_->listen(address, options);
    EXPECT_TRUE(told.ok()) << told.status().to_string();
    return told.ok() ? *told : "";
  }

  TemporaryDirectory directory_;
  const std::string secret_;
  std::shared_ptr<Volume> volume_;
  std::unique_ptr<VolumeServer> server_;
  std::string unix_;
  std::string tcp_;
};

}  // namespace windlass::test
