// Two ends in one process, over the device of this machine: what a volume's end does, and a link to it that can be made
// to fail.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "support/pattern.hpp"
#include "support/rdma_here.hpp"
#include "support/soon.hpp"
#include "transport/rdma/rdma_ends.hpp"

namespace windlass::test {

// A volume's memory: segments of its own, as a volume's end registers them.
class RdmaVolume {
 public:
  explicit RdmaVolume(const std::string& device = "")
      : host_(open_rdma_host(wish(device))), peer_(host_->open_peer()) {}

  RdmaHost& host() { return *host_; }
  RdmaPeer& peer() { return *peer_; }
  std::vector<std::byte>& segment(uint64_t id) { return *segments_.at(id); }
  void add(uint64_t id, uint64_t bytes) { segments_[id] = std::make_shared<std::vector<std::byte>>(bytes); }
  void remove(uint64_t id) { segments_.erase(id); }
  void close() { peer_->close(); }

  Result<std::vector<RdmaPiece>> grant(uint64_t id) {
    const auto found = segments_.find(id);
    if (found == segments_.end()) return Status::error(Code::kNotFound, "no such segment");
    return peer_->grant(id, found->second, found->second->data(), found->second->size());
  }

  std::atomic<uint64_t> connects = 0;
  std::atomic<uint64_t> disconnects = 0;

 private:
  static RdmaWish wish(const std::string& device) {
    RdmaWish wanted;
    wanted.device = device;
    return wanted;
  }

  const std::shared_ptr<RdmaHost> host_;
  std::unique_ptr<RdmaPeer> peer_;
  std::map<uint64_t, std::shared_ptr<std::vector<std::byte>>> segments_;
};

class DirectLink final : public RdmaLink {
 public:
  explicit DirectLink(RdmaVolume& volume) noexcept : volume_(volume) {}

  Result<RdmaEndpoint> connect(const RdmaEndpoint& mine, Deadline /*deadline*/) override {
    ++volume_.connects;
    return volume_.peer().connect(mine);
  }
  Result<std::vector<RdmaPiece>> segment(uint64_t segment, Deadline /*deadline*/) override {
    return volume_.grant(segment);
  }
  Status disconnect(uint64_t connection, Deadline /*deadline*/) override {
    ++volume_.disconnects;
    volume_.peer().disconnect(connection);
    return Status();
  }

 private:
  RdmaVolume& volume_;
};

inline std::shared_ptr<RdmaClient> open_client(const std::string& device = "") {
  RdmaWish wish;
  wish.device = device;
  Result<std::shared_ptr<RdmaClient>> opened = open_rdma_client(wish);
  EXPECT_TRUE(opened.ok()) << opened.status().to_string();
  return opened.ok() ? *std::move(opened) : nullptr;
}

inline std::unique_ptr<Transport> open_transport(RdmaVolume& volume, RdmaClient& client) {
  Result<std::unique_ptr<Transport>> opened = client.open_transport(std::make_unique<DirectLink>(volume), soon());
  EXPECT_TRUE(opened.ok()) << opened.status().to_string();
  return opened.ok() ? *std::move(opened) : nullptr;
}

inline std::unique_ptr<Transport> open_transport(RdmaVolume& volume) { return open_transport(volume, *open_client()); }

// For the first line of a test that needs a device.
#define NEEDS_RDMA() \
  if (!test::rdma_is_here()) GTEST_SKIP() << "this machine has no RDMA device"

}  // namespace windlass::test
