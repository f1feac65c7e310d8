#include "memory/machine_memory.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <string>

#include "base/bytes.hpp"

namespace windlass {
namespace {

using testing::HasSubstr;

TEST(MachineMemoryTest, aMachineHasMemoryAndNoMoreAvailableThanThereIs) {
  Result<MachineMemory> memory = machine_memory();
  ASSERT_TRUE(memory.ok()) << memory.status().to_string();
  EXPECT_GT(memory->total_bytes, 16 * kMiB);
  EXPECT_LT(memory->total_bytes, uint64_t{1} << 50);
  EXPECT_GT(memory->available_bytes, 0U);
  EXPECT_LE(memory->available_bytes, memory->total_bytes);
}

TEST(MachineMemoryTest, aLittleIsAlwaysThere) { EXPECT_TRUE(check_machine_memory(4 * kMiB, "test").ok()); }

TEST(MachineMemoryTest, moreThanTheMachineHasIsRefusedWithTheSizesAndTheAsker) {
  for (const uint64_t bytes : {uint64_t{1} << 50, std::numeric_limits<uint64_t>::max()}) {
    const Status status = check_machine_memory(bytes, "the asker");
    EXPECT_EQ(status.code(), Code::kNoMemory);
    const std::string message(status.message());
    EXPECT_THAT(message, testing::StartsWith("the asker: "));
    EXPECT_THAT(message, HasSubstr("TiB asked for"));
    EXPECT_THAT(message, HasSubstr("available"));
    EXPECT_THAT(message, HasSubstr("ask for less"));
  }
}

TEST(MachineMemoryTest, theLastBytesAreLeftToOthers) {
  // Goal: taking all that is available would make the kernel kill somebody.
  Result<MachineMemory> memory = machine_memory();
  ASSERT_TRUE(memory.ok());
  EXPECT_EQ(check_machine_memory(memory->available_bytes, "test").code(), Code::kNoMemory);
}

}  // namespace
}  // namespace windlass
