// A region that pauses leaves no key behind: whoever still has one is told so by the device, and changes nothing.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>

#include "backup/host_backup.hpp"
#include "device/emulated/emulated_device.hpp"
#include "region/region.hpp"
#include "transport/rdma/rdma_connection.hpp"
#include "transport/rdma/rdma_world.hpp"
#include "transport/registration_cache.hpp"

namespace windlass {
namespace {

using test::pattern;
using test::soon;

constexpr uint64_t kPausedBytes = 4 * kMiB;

std::shared_ptr<RdmaDomain> paused_domain() {
  const auto context = RdmaContext::open(find_rdma_path({})->device);
  EXPECT_TRUE(context.ok()) << context.status().to_string();
  return RdmaDomain::open(*context).value();
}

// Connects to queue pairs of a domain that answer.
class AnsweringLink final : public RdmaLink {
 public:
  explicit AnsweringLink(std::shared_ptr<RdmaDomain> domain) noexcept : domain_(std::move(domain)) {}

  Result<RdmaEndpoint> connect(const RdmaEndpoint& mine, Deadline /*deadline*/) override {
    QueuePairOptions options;
    options.path = *find_rdma_path({});
    options.answers = true;
    auto pair = QueuePair::open(domain_, options);
    if (!pair.ok()) return pair.status();
    if (Status connected = (*pair)->connect(mine); !connected.ok()) return connected;
    RdmaEndpoint endpoint = (*pair)->endpoint();
    endpoint.nonce = mine.nonce;
    pairs_.push_back(*std::move(pair));
    return endpoint;
  }
  Result<std::vector<RdmaPiece>> segment(uint64_t /*segment*/, Deadline /*deadline*/) override {
    return std::vector<RdmaPiece>();
  }
  Status disconnect(uint64_t /*connection*/, Deadline /*deadline*/) override { return Status(); }

 private:
  const std::shared_ptr<RdmaDomain> domain_;
  std::vector<std::unique_ptr<QueuePair>> pairs_;
};

// The owner of a region, whose pages it has registered for others; and one of those.
struct PauseWorld {
  PauseWorld() {
    const auto record = device->allocations().find(region->info().address, 1);
    EXPECT_TRUE(cache->watch(*record).ok());
    std::memset(data(), 7, kPausedBytes);
  }

  std::byte* data() const { return reinterpret_cast<std::byte*>(region->info().address); }

  // What another writes, with a key that it has.
  Status write(uint32_t key) {
    const auto connection = RdmaConnection::open(others, *find_rdma_path({}), link, soon());
    if (!connection.ok()) return connection.status();
    std::vector<std::byte> value = pattern(1000, 1);
    RdmaSlice slice;
    slice.local = value.data();
    slice.copied = true;
    slice.writes = true;
    slice.bytes = 1000;
    slice.remote = reinterpret_cast<uint64_t>(data()) + 4096;
    slice.remote_key = key;
    return (*connection)->run({&slice, 1}, soon());
  }
  bool is_untouched() const {
    return std::all_of(data(), data() + kPausedBytes, [](std::byte byte) { return byte == std::byte{7}; });
  }

  std::shared_ptr<EmulatedDevice> device = EmulatedDevice::open({64 * kMiB, 1, false}).value();
  std::shared_ptr<Region> region =
      Region::open(device, kPausedBytes, std::make_unique<HostBackup>(HostBackupOptions{})).value();
  std::shared_ptr<RegistrationCache> cache = RegistrationCache::open({});
  std::shared_ptr<RdmaDomain> domain = paused_domain();
  std::shared_ptr<RdmaDomain> others = paused_domain();
  AnsweringLink link{domain};
};

void expect_refused_by_the_device(const Status& status) {
  EXPECT_EQ(status.code(), Code::kUnavailable);
  EXPECT_EQ(status.system_code(), static_cast<int>(IBV_WC_REM_ACCESS_ERR)) << status.to_string();
  EXPECT_NE(status.message().find("not registered any more"), std::string_view::npos) << status.to_string();
}

TEST(RdmaPauseTest, aPeerThatHoldsTheKeyOfPagesThatAreGoneIsRefusedByTheDevice) {
  NEEDS_RDMA();
  PauseWorld world;
  const uint32_t access = access_bits(RegistrationAccess::kRemoteWrite);
  RegistrationUse use = world.cache->acquire(world.domain, world.data(), kPausedBytes, access).value();
  const uint32_t old_key = use.pieces()[0].remote_key;
  const RegistrationName old_name = use.pieces()[0].name;
  const Status before = world.write(old_key);
  ASSERT_TRUE(before.ok()) << before.to_string();
  EXPECT_FALSE(world.is_untouched());
  std::memset(world.data(), 7, kPausedBytes);
  use.reset();
  ASSERT_TRUE(world.region->pause().ok());
  expect_refused_by_the_device(world.write(old_key));
  ASSERT_TRUE(world.region->resume().ok());
  expect_refused_by_the_device(world.write(old_key));
  EXPECT_TRUE(world.is_untouched());
  EXPECT_EQ(world.cache->check(old_name).code(), Code::kState) << "this end refuses it by its name";
  const RegistrationUse anew = world.cache->acquire(world.domain, world.data(), kPausedBytes, access).value();
  const Status after = world.write(anew.pieces()[0].remote_key);
  EXPECT_TRUE(after.ok()) << after.to_string();
}

TEST(RdmaPauseTest, aKeyForReadingDoesNotWrite) {
  NEEDS_RDMA();
  PauseWorld world;
  const RegistrationUse use =
      world.cache->acquire(world.domain, world.data(), kPausedBytes, access_bits(RegistrationAccess::kRemoteRead))
          .value();
  const Status refused = world.write(use.pieces()[0].remote_key);
  EXPECT_EQ(refused.system_code(), static_cast<int>(IBV_WC_REM_ACCESS_ERR)) << refused.to_string();
  EXPECT_TRUE(world.is_untouched());
}

}  // namespace
}  // namespace windlass
