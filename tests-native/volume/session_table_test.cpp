#include "volume/session_table.hpp"

#include <gtest/gtest.h>

#include "volume/volume_world.hpp"

namespace windlass {
namespace {

using test::soon;

TEST(SessionTableTest, sessionsAreFoundByTheirNumbersUntilTheyAreTaken) {
  const auto volume = *Volume::open(test::VolumeWorld::small());
  SessionTable table;
  const Result<SessionGrant> one = table.add(*volume->open_session({.peer = "one"}));
  const Result<SessionGrant> two = table.add(*volume->open_session({.peer = "two"}));
  ASSERT_TRUE(one.ok() && two.ok());
  EXPECT_NE(one->session, two->session);
  EXPECT_NE(one->lane_key, two->lane_key);
  EXPECT_EQ(*table.lane_key(one->session), one->lane_key);
  EXPECT_EQ(table.size(), 2U);
  EXPECT_NE(table.take(one->session), nullptr);
  EXPECT_EQ(table.take(one->session), nullptr);
  EXPECT_EQ(table.find(one->session), nullptr);
  EXPECT_EQ(table.lane_key(one->session).status().code(), Code::kUnavailable);
  EXPECT_NE(table.find(two->session), nullptr);
}

TEST(SessionTableTest, aLaneHoldsWhatItsSessionMayTouchAndNothingElse) {
  const auto volume = *Volume::open(test::VolumeWorld::small());
  SessionTable table;
  const auto session = *volume->open_session({.peer = "one", .counts_bytes = true});
  const uint64_t number = table.add(session)->session;
  const uint64_t stranger = table.add(*volume->open_session({.peer = "two"}))->session;
  const uint64_t size = 1000;
  const RemoteRange slot = (*session->prepare({&size, 1}, soon()))[0];
  {
    const auto held = table.hold(number, {&slot, 1}, MapFor::kWriting);
    ASSERT_TRUE(held.ok()) << held.status().to_string();
    ASSERT_EQ((*held)->parts().size(), 1U);
    EXPECT_EQ((*held)->parts()[0].size(), size);
    (*held)->finish();
  }
  EXPECT_EQ(table.hold(stranger, {&slot, 1}, MapFor::kWriting).status().code(), Code::kInvalidArgument);
  EXPECT_EQ(table.hold(1, {&slot, 1}, MapFor::kWriting).status().code(), Code::kUnavailable);
  CommitItem item;
  item.key = "a";
  item.bytes = size;
  item.token = slot.token;
  EXPECT_TRUE(session->commit({&item, 1}, {}, soon()).ok());
}

TEST(SessionTableTest, endAllEndsThem) {
  const auto volume = *Volume::open(test::VolumeWorld::small());
  SessionTable table;
  const auto session = *volume->open_session({.peer = "one"});
  ASSERT_TRUE(table.add(session).ok());
  table.end_all();
  EXPECT_EQ(table.size(), 0U);
  EXPECT_EQ(session->info(soon()).status().code(), Code::kUnavailable);
}

}  // namespace
}  // namespace windlass
