#include "volume/grant_table.hpp"

#include <gtest/gtest.h>

#include <array>

namespace windlass {
namespace {

constexpr RemoteRange kSlot{11, 3, 4096, 1000};

TEST(GrantTableTest, whatWasGrantedMayBeTouchedAndNothingElse) {
  GrantTable table;
  table.begin(0);
  table.add(0, {&kSlot, 1});
  EXPECT_TRUE(table.check(0, kSlot.part(10, 990)).ok());
  EXPECT_EQ(table.check(0, kSlot.part(10, 991)).code(), Code::kInvalidArgument);
  EXPECT_EQ(table.check(0, {12, 3, 4096, 1}).code(), Code::kInvalidArgument);
  EXPECT_EQ(table.check(0, {11, 4, 4096, 1}).code(), Code::kInvalidArgument);
  EXPECT_EQ(table.check(0, {11, 3, 4095, 1}).code(), Code::kInvalidArgument);
  table.drop({&kSlot.token, 1});
  EXPECT_EQ(table.check(0, kSlot).code(), Code::kInvalidArgument);
}

TEST(GrantTableTest, aLeaseGoesWithAllItsTokens) {
  GrantTable table;
  table.begin(0);
  const std::array<RemoteRange, 3> leased{{kSlot, {}, {12, 3, 8192, 7}}};
  const uint64_t lease = 11;
  table.add_lease(0, lease, leased);
  EXPECT_EQ(table.size(), 2U);
  EXPECT_TRUE(table.check(0, leased[2]).ok());
  table.drop_leases({&lease, 1});
  EXPECT_EQ(table.size(), 0U);
}

TEST(GrantTableTest, anotherConnectionBeginsWithNothing) {
  GrantTable table;
  table.begin(0);
  table.add(0, {&kSlot, 1});
  table.begin(1);
  EXPECT_EQ(table.check(0, kSlot).code(), Code::kUnavailable);
  EXPECT_EQ(table.check(1, kSlot).code(), Code::kInvalidArgument);
  table.add(0, {&kSlot, 1});  // an answer that comes late
  EXPECT_EQ(table.size(), 0U);
}

TEST(GrantTableTest, whereNobodyAsksNothingIsTakenDown) {
  GrantTable table;
  table.begin(0);
  table.add(0, {&kSlot, 1});
  table.stop();
  table.add(0, {&kSlot, 1});
  EXPECT_EQ(table.size(), 0U);
}

}  // namespace
}  // namespace windlass
