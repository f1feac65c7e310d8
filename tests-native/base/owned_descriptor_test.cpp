#include "base/owned_descriptor.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <utility>

namespace windlass {
namespace {

bool is_open(int number) { return fcntl(number, F_GETFD) >= 0; }

OwnedDescriptor some_file() { return OwnedDescriptor(open("/dev/null", O_RDONLY | O_CLOEXEC)); }

TEST(OwnedDescriptorTest, itIsClosedOnceByItsLastOwner) {
  int number = -1;
  {
    OwnedDescriptor first = some_file();
    ASSERT_TRUE(first.valid());
    number = first.number();
    OwnedDescriptor second = std::move(first);
    EXPECT_EQ(second.number(), number);
    OwnedDescriptor third;
    third = std::move(second);
    EXPECT_TRUE(is_open(number));
  }
  EXPECT_FALSE(is_open(number));
}

TEST(OwnedDescriptorTest, whatWasTakenIsTheCallersToClose) {
  OwnedDescriptor owned = some_file();
  const int number = owned.take();
  EXPECT_FALSE(owned.valid());
  owned.reset();
  EXPECT_TRUE(is_open(number));
  close(number);
}

TEST(OwnedDescriptorTest, aDuplicateStandsForTheSameFileAndIsClosedOnExec) {
  const OwnedDescriptor first = some_file();
  const OwnedDescriptor second = OwnedDescriptor::duplicate_of(first.number()).value();
  EXPECT_NE(second.number(), first.number());
  EXPECT_EQ(fcntl(second.number(), F_GETFD), FD_CLOEXEC);
  EXPECT_EQ(OwnedDescriptor::duplicate_of(-1).status().code(), Code::kInvalidArgument);
}

}  // namespace
}  // namespace windlass
