#include "transport/transport.hpp"

#include <gtest/gtest.h>

#include <set>

namespace windlass {
namespace {

TEST(TransportTest, everyTransportHasANameOfItsOwn) {
  std::set<std::string_view> names;
  for (int32_t kind = 0; kind <= static_cast<int32_t>(TransportKind::kRdma); ++kind) {
    names.insert(transport_name(static_cast<TransportKind>(kind)));
  }
  EXPECT_EQ(names.size(), 5U);
  EXPECT_FALSE(names.contains("unknown"));
  EXPECT_EQ(transport_name(static_cast<TransportKind>(99)), "unknown");
}

TEST(TransportTest, aPartOfARangeKeepsItsTokenAndItsSegment) {
  const RemoteRange whole{.token = 7, .segment = 3, .offset = 4096, .bytes = 1000};
  EXPECT_EQ(whole.part(100, 50), (RemoteRange{.token = 7, .segment = 3, .offset = 4196, .bytes = 50}));
}

}  // namespace
}  // namespace windlass
