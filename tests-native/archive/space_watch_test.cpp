#include "archive/space_watch.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>

#include "archive/hand_archives.hpp"
#include "archive/trees.hpp"
#include "base/owned_descriptor.hpp"
#include "fake/fake_file_calls.hpp"

namespace windlass {
namespace {

TEST(SpaceWatchTest, looksOnlyEveryFewMiBAndOnlyIfSomethingMustStay) {
  const test::TemporaryDirectory place;
  const OwnedDescriptor directory(open(place.path().c_str(), O_RDONLY | O_DIRECTORY));
  fake::FakeFileCalls calls;
  SpaceWatch none(calls, directory.number(), "place", 0);
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(none.wrote(kMiB).ok());
  EXPECT_EQ(calls.count("file_system"), 0U);
  SpaceWatch little(calls, directory.number(), "place", 1);
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(little.wrote(kMiB).ok());
  EXPECT_EQ(calls.count("file_system"), 25U);
  SpaceWatch much(calls, directory.number(), "place", uint64_t{1} << 62U);
  EXPECT_TRUE(much.wrote(kMiB).ok());
  EXPECT_EQ(much.wrote(4 * kMiB).code(), Code::kNoSpace);
  EXPECT_EQ(little.check(uint64_t{1} << 62U).code(), Code::kNoSpace);
}

}  // namespace
}  // namespace windlass
