#include "memory/machine_memory.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
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

// A machine of files, with 16 GiB available of 32, in a folder that goes with the test.
class MadeUpMachine : public testing::Test {
 protected:
  MadeUpMachine() { write("/proc/meminfo", "MemTotal: 33554432 kB\nMemFree: 1024 kB\nMemAvailable: 16777216 kB\n"); }
  ~MadeUpMachine() override { std::filesystem::remove_all(root_); }

  void write(const std::string& path, const std::string& content) {
    const std::filesystem::path file = root_ + path;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << content;
  }
  // A group of version 2, with nothing cached.
  void write_group(const std::string& group, const std::string& limit, uint64_t used) {
    write("/sys/fs/cgroup" + group + "/memory.max", limit);
    write("/sys/fs/cgroup" + group + "/memory.current", std::to_string(used));
  }
  MachineMemory memory() { return machine_memory(root_).value(); }

  const std::string root_ = testing::TempDir() + "windlass-machine-" + std::to_string(getpid());
};

TEST_F(MadeUpMachine, withoutControlGroupsTheKernelsFiguresHold) {
  EXPECT_EQ(memory().total_bytes, 32 * kGiB);
  EXPECT_EQ(memory().available_bytes, 16 * kGiB);
}

TEST_F(MadeUpMachine, withoutMeminfoItIsAnErrorThatNamesTheFile) {
  std::filesystem::remove(root_ + "/proc/meminfo");
  Result<MachineMemory> memory = machine_memory(root_);
  EXPECT_EQ(memory.status().code(), Code::kIo);
  EXPECT_THAT(std::string(memory.status().message()), HasSubstr("/proc/meminfo"));
}

TEST_F(MadeUpMachine, theLimitOfOurOwnGroupHolds) {
  write("/proc/self/cgroup", "0::/service\n");
  write_group("/service", std::to_string(4 * kGiB), kGiB);
  EXPECT_EQ(memory().total_bytes, 4 * kGiB);
  EXPECT_EQ(memory().available_bytes, 3 * kGiB);
}

TEST_F(MadeUpMachine, theLimitOfAGroupAboveOursHolds) {
  write("/proc/self/cgroup", "0::/pods/pod/container\n");
  write_group("/pods/pod/container", "max", kGiB);
  write_group("/pods/pod", std::to_string(6 * kGiB), 4 * kGiB);
  write_group("/pods", std::to_string(20 * kGiB), 5 * kGiB);
  EXPECT_EQ(memory().total_bytes, 6 * kGiB);
  EXPECT_EQ(memory().available_bytes, 2 * kGiB);
}

TEST_F(MadeUpMachine, aGroupWhosePathIsNotVisibleHasItsLimitAtTheTop) {
  write("/proc/self/cgroup", "0::/../../elsewhere\n");
  write_group("", std::to_string(8 * kGiB), 2 * kGiB);
  EXPECT_EQ(memory().available_bytes, 6 * kGiB);
}

TEST_F(MadeUpMachine, cachedFilesDoNotCountAsUsed) {
  write("/proc/self/cgroup", "0::/\n");
  write_group("", std::to_string(8 * kGiB), 7 * kGiB);
  write("/sys/fs/cgroup/memory.stat", "anon 1024\nactive_file 1\ninactive_file " + std::to_string(5 * kGiB) + "\n");
  EXPECT_EQ(memory().available_bytes, 6 * kGiB);
}

TEST_F(MadeUpMachine, versionOneCountsToo) {
  write("/proc/self/cgroup", "5:cpu:/x\n4:memory:/job/step\n0::/\n");
  write("/sys/fs/cgroup/memory/job/step/memory.limit_in_bytes", "9223372036854771712");
  write("/sys/fs/cgroup/memory/job/step/memory.usage_in_bytes", "1000");
  write("/sys/fs/cgroup/memory/job/memory.limit_in_bytes", std::to_string(4 * kGiB));
  write("/sys/fs/cgroup/memory/job/memory.usage_in_bytes", std::to_string(3 * kGiB));
  write("/sys/fs/cgroup/memory/job/memory.stat", "inactive_file 0\ntotal_inactive_file " + std::to_string(kGiB) + "\n");
  EXPECT_EQ(memory().available_bytes, 2 * kGiB);
}

TEST_F(MadeUpMachine, aGroupThatIsOverItsLimitHasNothingLeft) {
  write("/proc/self/cgroup", "0::/full\n");
  write_group("/full", std::to_string(kGiB), 2 * kGiB);
  EXPECT_EQ(memory().available_bytes, 0U);
}

}  // namespace
}  // namespace windlass
