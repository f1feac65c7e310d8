#include "transport/shm/process_memory.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <vector>

#include "support/pattern.hpp"
#include "support/soon.hpp"

namespace windlass {
namespace {

using test::pattern;

using test::soon;

TEST(ProcessMemory, isReadInAsManyPiecesAsItTakes) {
  WorkerPool workers(2);
  const std::vector<std::byte> source = pattern((20U << 20U) + 7, 1);
  std::vector<std::byte> target(source.size());
  std::vector<ProcessRead> reads;
  uint64_t at = 0;
  for (const uint64_t bytes : {uint64_t{1}, uint64_t{0}, uint64_t{5000}, uint64_t{17} << 20U}) {
    reads.push_back({target.data() + at, reinterpret_cast<uint64_t>(source.data()) + at, bytes});
    at += bytes;
  }
  while (at < source.size()) {
    const uint64_t bytes = std::min<uint64_t>(1000, source.size() - at);
    reads.push_back({target.data() + at, reinterpret_cast<uint64_t>(source.data()) + at, bytes});
    at += bytes;
  }
  const Status done = read_process_memory(getpid(), reads, workers, soon());
  ASSERT_TRUE(done.ok()) << done.to_string();
  EXPECT_TRUE(target == source);
}

TEST(ProcessMemory, thatIsNotThereIsAnError) {
  WorkerPool workers(1);
  std::byte target{};
  const ProcessRead read{&target, 0, 1};
  EXPECT_EQ(read_process_memory(getpid(), {&read, 1}, workers, soon()).code(), Code::kUnavailable);
  EXPECT_EQ(read_process_memory(getpid(), {&read, 1}, workers, Deadline::after(std::chrono::nanoseconds(0))).code(),
            Code::kTimeout);
}

TEST(ProcessMemory, ofProcessesThatAreThereCanBeLookedAt) {
  EXPECT_TRUE(check_process_memory(getpid()).ok());
  EXPECT_EQ(check_process_memory(0).code(), Code::kNotFound);
}

}  // namespace
}  // namespace windlass
