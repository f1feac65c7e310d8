#include "preload/thread_scopes.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <thread>

#include "preload/limits.hpp"

namespace windlass {
namespace {

class ThreadScopesTest : public testing::Test {
 protected:
  static EnteredScope scope(bool enabled) {
    EnteredScope made;
    made.enabled = enabled;
    return made;
  }
  static uint64_t enter(const std::shared_ptr<RegionSet>& set, bool enabled = true) {
    ScopeSettings settings;
    settings.tag = enabled ? "enabled" : "disabled";
    return thread_scopes::enter(set, settings, scope(enabled)).value();
  }

  std::shared_ptr<RegionSet> set_ = RegionSet::open({});
};

TEST_F(ThreadScopesTest, theInnermostScopeOfTheSetIsFound) {
  const auto other = RegionSet::open({});
  EXPECT_EQ(thread_scopes::innermost(*set_), nullptr);
  const uint64_t outer = enter(set_);
  const uint64_t inner = enter(set_, false);
  const uint64_t foreign = enter(other);
  EXPECT_FALSE(thread_scopes::innermost(*set_)->enabled);
  EXPECT_TRUE(thread_scopes::innermost(*other)->enabled);
  EXPECT_EQ(set_->current().tag, "disabled");
  ASSERT_TRUE(thread_scopes::leave(*set_, inner).ok());
  EXPECT_TRUE(thread_scopes::innermost(*set_)->enabled);
  ASSERT_TRUE(thread_scopes::leave(*set_, outer).ok());
  EXPECT_EQ(thread_scopes::innermost(*set_), nullptr);
  ASSERT_TRUE(thread_scopes::leave(*other, foreign).ok());
}

TEST_F(ThreadScopesTest, onlyTheInnermostIsLeft) {
  const uint64_t outer = enter(set_);
  const uint64_t inner = enter(set_, false);
  EXPECT_EQ(thread_scopes::leave(*set_, outer).code(), Code::kState);
  EXPECT_FALSE(thread_scopes::innermost(*set_)->enabled);
  ASSERT_TRUE(thread_scopes::leave(*set_, inner).ok());
  ASSERT_TRUE(thread_scopes::leave(*set_, outer).ok());
}

TEST_F(ThreadScopesTest, aThreadThatEndsLeavesItsScopes) {
  const auto held = std::make_shared<const RegionPlan>();
  std::thread([&] {
    ScopeSettings settings;
    settings.plan = held;
    ASSERT_TRUE(thread_scopes::enter(set_, settings, scope(true)).ok());
    ASSERT_TRUE(thread_scopes::enter(set_, settings, scope(true)).ok());
    EXPECT_GT(held.use_count(), 1);
  }).join();
  EXPECT_EQ(held.use_count(), 1) << "the set holds a scope that nobody is in";
}

TEST_F(ThreadScopesTest, theScopesOfASetThatIsGoneAreForgotten) {
  (void)enter(set_);
  set_ = RegionSet::open({});
  EXPECT_EQ(thread_scopes::innermost(*set_), nullptr);
  const uint64_t scope = enter(set_);
  ASSERT_TRUE(thread_scopes::leave(*set_, scope).ok());
}

TEST_F(ThreadScopesTest, scopesThatAreNeverLeftComeToAnEnd) {
  std::thread([&] {
    for (size_t index = 0; index < kMostScopes; ++index) (void)enter(set_);
    const Status refused = thread_scopes::enter(set_, {}, scope(true)).status();
    EXPECT_EQ(refused.code(), Code::kState);
    EXPECT_EQ(set_->current().tag, "enabled");
  }).join();
}

}  // namespace
}  // namespace windlass
