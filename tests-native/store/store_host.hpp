// A volume, and the ways by which stores reach it: the same suite runs over each.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "store/tensor_store.hpp"
#include "support/pattern.hpp"
#include "support/temporary_directory.hpp"
#include "support/way.hpp"
#include "volume/volume.hpp"
#include "volume/volume_server.hpp"

namespace windlass::test {

class StoreHost {
 public:
  explicit StoreHost(Way way, uint64_t limit_bytes = 256 * kMiB) : way_(way) {
    VolumeOptions options;
    options.limit_bytes = limit_bytes;
    options.segment_bytes = 16 * kMiB;
    options.worker_threads = 2;
    Result<std::shared_ptr<Volume>> opened = Volume::open(options);
    EXPECT_TRUE(opened.ok()) << opened.status().to_string();
    volume_ = *std::move(opened);
    if (way == Way::kLocal) return;
    Result<std::unique_ptr<VolumeServer>> server = VolumeServer::open(volume_);
    EXPECT_TRUE(server.ok()) << server.status().to_string();
    server_ = *std::move(server);
    Result<std::string> listening =
        server_->listen(way == Way::kShm ? "shm://" + directory_.path() + "/socket" : "tcp://127.0.0.1:0", {});
    EXPECT_TRUE(listening.ok()) << listening.status().to_string();
    if (listening.ok()) uri_ = *std::move(listening);
  }
  ~StoreHost() { close(); }
  StoreHost(const StoreHost&) = delete;
  StoreHost& operator=(const StoreHost&) = delete;

  std::shared_ptr<TensorStore> open() const {
    StoreOptions options;
    options.connect_timeout = connect_timeout_;
    if (way_ == Way::kTcp) options.transport = TransportKind::kTcp;
    if (way_ == Way::kRdma) options.transport = TransportKind::kRdma;
    Result<std::shared_ptr<TensorStore>> opened =
        way_ == Way::kLocal ? TensorStore::open_local(volume_, options) : TensorStore::open(uri_, options);
    EXPECT_TRUE(opened.ok()) << opened.status().to_string();
    return opened.ok() ? *opened : nullptr;
  }

  // How long stores opened from now on try to connect again.
  void set_connect_timeout(std::chrono::nanoseconds timeout) { connect_timeout_ = timeout; }

  bool maps() const { return way_ == Way::kLocal || way_ == Way::kShm; }
  // Whether buffers have memory.
  bool fills_in_place() const { return way_ != Way::kTcp; }
  Volume& volume() { return *volume_; }
  VolumeInfo info() const { return volume_->info(); }

  void close() {
    if (server_) server_->close();
    server_.reset();
    volume_->close();
  }

 private:
  const Way way_;
  std::chrono::nanoseconds connect_timeout_ = std::chrono::seconds(30);
  TemporaryDirectory directory_;
  std::shared_ptr<Volume> volume_;
  std::unique_ptr<VolumeServer> server_;
  std::string uri_;
};

inline PutItem bytes_item(std::string_view key, const std::vector<std::byte>& bytes) {
  PutItem item;
  item.key = key;
  item.data = bytes.data();
  item.bytes = bytes.size();
  return item;
}

inline PutItem tensor_item(std::string_view key, DType dtype, const Shape& shape, const std::vector<std::byte>& bytes) {
  PutItem item = bytes_item(key, bytes);
  item.meta.kind = EntryKind::kTensor;
  item.meta.dtype = static_cast<int32_t>(dtype);
  item.meta.shape = shape;
  return item;
}

inline Status put_bytes(TensorStore& store, std::string_view key, const std::vector<std::byte>& bytes) {
  const PutItem item = bytes_item(key, bytes);
  return store.put({&item, 1}).status();
}

inline std::shared_ptr<Lease> lease_of(TensorStore& store, std::vector<std::string_view> keys) {
  Result<std::shared_ptr<Lease>> lease = store.acquire(keys);
  EXPECT_TRUE(lease.ok()) << lease.status().to_string();
  return lease.ok() ? *lease : nullptr;
}

// All bytes of an entry, read.
inline std::vector<std::byte> read_entry(Lease& lease, uint64_t entry) {
  std::vector<std::byte> bytes(lease.entries()[entry].found.bytes);
  const LeaseRead read{entry, 0, bytes.size(), bytes.data()};
  const Status done = lease.read({&read, 1}, Deadline::after(std::chrono::seconds(60)));
  EXPECT_TRUE(done.ok()) << done.to_string();
  return bytes;
}

inline std::vector<std::byte> get_bytes(TensorStore& store, std::string_view key) {
  const std::shared_ptr<Lease> lease = lease_of(store, {key});
  return lease ? read_entry(*lease, 0) : std::vector<std::byte>();
}

}  // namespace windlass::test
