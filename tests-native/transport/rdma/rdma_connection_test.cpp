#include "transport/rdma/rdma_connection.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "transport/rdma/rdma_world.hpp"

namespace windlass {
namespace {

using test::DirectLink;
using test::pattern;
using test::RdmaVolume;
using test::soon;

Result<std::unique_ptr<RdmaConnection>> open_connection(RdmaLink& link) {
  const RdmaPath path = *choose_rdma_path(list_rdma_devices(), {});
  const auto context = RdmaContext::open(path.device);
  if (!context.ok()) return context.status();
  const auto domain = RdmaDomain::open(*context);
  if (!domain.ok()) return domain.status();
  return RdmaConnection::open(*domain, path, link, soon());
}

TEST(RdmaConnectionTest, moreSlicesThanFitUnderWayGoInTheirOrder) {
  NEEDS_RDMA();
  RdmaVolume volume;
  volume.add(1, kMiB);
  DirectLink link(volume);
  const auto connection = open_connection(link);
  ASSERT_TRUE(connection.ok()) << connection.status().to_string();
  EXPECT_EQ((*connection)->number(), 1U);
  const auto pieces = volume.grant(1);
  ASSERT_TRUE(pieces.ok());
  // All to one place: the last one stays.
  std::vector<std::byte> values = pattern(100 * size_t{1000}, 1);
  std::vector<RdmaSlice> slices;
  for (size_t at = 0; at < 100; ++at) {
    RdmaSlice slice;
    slice.local = values.data() + at * 1000;
    slice.copied = true;
    slice.writes = true;
    slice.bytes = 1000;
    slice.remote = (*pieces)[0].address + 17;
    slice.remote_key = (*pieces)[0].key;
    slices.push_back(slice);
  }
  ASSERT_TRUE((*connection)->run(slices, soon()).ok());
  EXPECT_TRUE(std::equal(values.end() - 1000, values.end(), volume.segment(1).begin() + 17));
}

TEST(RdmaConnectionTest, aWrongKeyAndABytePastTheEndAreErrors) {
  NEEDS_RDMA();
  RdmaVolume volume;
  volume.add(1, 4096);
  DirectLink link(volume);
  const auto pieces_of = [&] { return (*volume.grant(1))[0]; };
  for (const bool wrong_key : {true, false}) {
    const auto connection = open_connection(link);
    ASSERT_TRUE(connection.ok());
    RdmaSlice slice;
    std::vector<std::byte> value(100);
    slice.local = value.data();
    slice.copied = true;
    slice.writes = true;
    slice.bytes = 100;
    slice.remote = pieces_of().address + (wrong_key ? 0 : 4096 - 99);
    slice.remote_key = pieces_of().key + (wrong_key ? 0x100 : 0);
    const Status failed = (*connection)->run({&slice, 1}, soon());
    EXPECT_EQ(failed.code(), Code::kUnavailable);
    EXPECT_NE(failed.message().find("not registered"), std::string_view::npos) << failed.to_string();
  }
}

}  // namespace
}  // namespace windlass
