// Goal: every kernel moves exactly the bytes it was given, and hashes them as the reference implementation of XXH3-128
// does.
// Method: all short lengths, the borders of blocks and of the sizes where a kernel changes its way, all alignments of
// source and target, with bytes around the target that must stay, and with unreadable pages around the source.

#include "memory/copy.hpp"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <ostream>
#include <random>
#include <string>
#include <vector>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace windlass {

// For googletest: a kernel is shown by its name.
void PrintTo(const CopyKernel& kernel, std::ostream* out) { *out << kernel.name; }

namespace {

constexpr size_t kGuardBytes = 256;
constexpr std::byte kGuard{0xA5};
constexpr size_t kMebi = size_t{1} << 20;
constexpr size_t kStreamBorder = kMebi / 2;  // where the wide kernels begin to store past the caches

std::vector<std::byte> random_bytes(size_t bytes) {
  std::mt19937_64 random(bytes);
  std::vector<std::byte> content(bytes + 8);
  for (size_t i = 0; i < bytes; i += 8) {
    const uint64_t word = random();
    std::memcpy(content.data() + i, &word, sizeof word);
  }
  content.resize(bytes);
  return content;
}

Hash128 reference_hash(const void* source, size_t bytes) {
  const XXH128_hash_t hash = XXH3_128bits(source, bytes);
  return {.low = hash.low64, .high = hash.high64};
}

// A place for bytes at a chosen distance from a cache line's start, with guard bytes on both sides.
class Place {
 public:
  explicit Place(size_t most_bytes) : memory_(most_bytes + 2 * kGuardBytes + 2 * 64) {}

  std::byte* at(size_t alignment) {
    const auto start = reinterpret_cast<uintptr_t>(memory_.data());
    return memory_.data() + ((0 - start) & 63) + kGuardBytes + alignment;
  }

  // Puts guards around bytes from at(alignment) on, and into them what no copy may leave there.
  void guard(size_t alignment, size_t bytes) {
    std::fill_n(at(alignment) - kGuardBytes, bytes + 2 * kGuardBytes, kGuard);
  }

  bool guards_untouched(size_t alignment, size_t bytes) {
    const auto is_guard = [](std::byte b) { return b == kGuard; };
    const std::byte* target = at(alignment);
    return std::all_of(target - kGuardBytes, target, is_guard) &&
           std::all_of(target + bytes, target + bytes + kGuardBytes, is_guard);
  }

 private:
  std::vector<std::byte> memory_;
};

class CopyKernelTest : public testing::TestWithParam<CopyKernel> {
 protected:
  // Copies with and without the hash, and hashes, and compares all with the reference.
  void expect_right(Place& target, size_t target_alignment, const std::byte* source, size_t bytes) {
    SCOPED_TRACE(testing::Message() << bytes << " bytes to a target at " << target_alignment);
    const CopyKernel& kernel = GetParam();
    const Hash128 wanted = reference_hash(source, bytes);
    std::byte* to = target.at(target_alignment);
    ASSERT_EQ(kernel.hash(source, bytes), wanted);

    target.guard(target_alignment, bytes);
    ASSERT_EQ(kernel.copy_hashed(to, source, bytes), wanted);
    ASSERT_TRUE(bytes == 0 || std::memcmp(to, source, bytes) == 0);
    ASSERT_TRUE(target.guards_untouched(target_alignment, bytes));

    target.guard(target_alignment, bytes);
    kernel.copy(to, source, bytes);
    ASSERT_TRUE(bytes == 0 || std::memcmp(to, source, bytes) == 0);
    ASSERT_TRUE(target.guards_untouched(target_alignment, bytes));
  }
};

TEST_P(CopyKernelTest, everyLengthUpToTwoBlocksIsCopiedAndHashed) {
  const std::vector<std::byte> source = random_bytes(2049);
  Place target(2048 + 64);
  for (size_t bytes = 0; bytes <= 2048; ++bytes) {
    expect_right(target, bytes % 64, source.data() + (bytes & 1), bytes);
    if (HasFatalFailure()) return;
  }
}

TEST_P(CopyKernelTest, lengthsAroundBlocksAreCopiedAndHashed) {
  const std::vector<std::byte> source = random_bytes(4 * kMebi);
  Place target(4 * kMebi + 64);
  std::mt19937 random(1);
  for (int i = 0; i < 60; ++i) {
    const size_t blocks = 1 + random() % (i < 30 ? 20 : 3000);
    const size_t bytes = blocks * 1024 + 70 - random() % 140;
    expect_right(target, random() % 64, source.data() + random() % 64, bytes);
    if (HasFatalFailure()) return;
  }
}

TEST_P(CopyKernelTest, lengthsAroundTheStreamingBorderAreCopiedAndHashed) {
  const std::vector<std::byte> source = random_bytes(kStreamBorder + 4096);
  Place target(kStreamBorder + 4096);
  for (const size_t more : {0U, 1U, 63U, 64U, 65U, 127U, 1023U, 1024U, 1025U, 1087U, 1088U, 1089U}) {
    for (const size_t alignment : {0U, 1U, 63U}) {
      expect_right(target, alignment, source.data(), kStreamBorder + more);
      expect_right(target, alignment, source.data(), kStreamBorder - more);
      if (HasFatalFailure()) return;
    }
  }
}

TEST_P(CopyKernelTest, everyAlignmentOfSourceAndTargetIsCopiedAndHashedWhenShort) {
  const std::vector<std::byte> source = random_bytes(1500);
  Place target(1500);
  for (size_t from = 0; from < 64; ++from) {
    for (size_t to = 0; to < 64; ++to) {
      expect_right(target, to, source.data() + from, 1100 + (from * 5 + to * 3) % 300);
      if (HasFatalFailure()) return;
    }
  }
}

TEST_P(CopyKernelTest, everyAlignmentOfSourceAndTargetIsCopiedAndHashedWhenLong) {
  const std::vector<std::byte> source = random_bytes(kStreamBorder + 2048);
  Place target(kStreamBorder + 2048);
  for (size_t alignment = 0; alignment < 64; ++alignment) {
    const size_t bytes = kStreamBorder + alignment * 29;
    expect_right(target, alignment, source.data(), bytes);
    expect_right(target, 0, source.data() + alignment, bytes);
    expect_right(target, alignment, source.data() + (alignment * 37 + 11) % 64, bytes);
    if (HasFatalFailure()) return;
  }
}

TEST_P(CopyKernelTest, tensOfMebibytesAreCopiedAndHashed) {
  const std::vector<std::byte> source = random_bytes(24 * kMebi + 64);
  Place target(24 * kMebi + 64);
  expect_right(target, 0, source.data(), 24 * kMebi);
  expect_right(target, 9, source.data() + 5, 24 * kMebi - 12345);
}

TEST_P(CopyKernelTest, nothingOutsideTheSourceIsRead) {
  const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  const size_t room = kStreamBorder + 16 * page;
  const size_t mapped = room + 2 * page;
  void* const map = mmap(nullptr, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(map, MAP_FAILED);
  auto* const first = static_cast<std::byte*>(map) + page;
  const std::vector<std::byte> content = random_bytes(room);
  std::memcpy(first, content.data(), room);
  ASSERT_EQ(mprotect(map, page, PROT_NONE), 0);
  ASSERT_EQ(mprotect(first + room, page, PROT_NONE), 0);

  Place target(room);
  for (const size_t bytes : {size_t{1}, size_t{240}, size_t{241}, size_t{1025}, size_t{5000}, kStreamBorder + 1,
                             kStreamBorder + 1000, kStreamBorder + 1087, kStreamBorder + 1088, room}) {
    for (const size_t alignment : {0U, 1U, 32U, 63U}) {
      expect_right(target, alignment, first, bytes);
      expect_right(target, alignment, first + room - bytes, bytes);
      if (HasFatalFailure()) break;
    }
  }
  munmap(map, mapped);
}

TEST_P(CopyKernelTest, noBytesAtAllAreFine) {
  const CopyKernel& kernel = GetParam();
  kernel.copy(nullptr, nullptr, 0);
  const Hash128 wanted = reference_hash("", 0);
  EXPECT_EQ(kernel.copy_hashed(nullptr, nullptr, 0), wanted);
  EXPECT_EQ(kernel.hash(nullptr, 0), wanted);
}

INSTANTIATE_TEST_SUITE_P(Kernels, CopyKernelTest, testing::ValuesIn(copy_kernels()),
                         [](const auto& kernel) { return std::string(kernel.param.name); });

TEST(CopyTest, thePortableKernelIsAlwaysThereAndLast) {
  ASSERT_FALSE(copy_kernels().empty());
  EXPECT_EQ(copy_kernels().back().name, "portable");
}

TEST(CopyTest, theFreeFunctionsUseAKernel) {
  const std::vector<std::byte> source = random_bytes(kMebi + 3);
  std::vector<std::byte> target(source.size());
  copy(target.data(), source.data(), source.size());
  EXPECT_EQ(target, source);
  std::fill(target.begin(), target.end(), std::byte{0});
  EXPECT_EQ(copy_hashed(target.data(), source.data(), source.size()), reference_hash(source.data(), source.size()));
  EXPECT_EQ(target, source);
  EXPECT_EQ(hash(source.data(), source.size()), reference_hash(source.data(), source.size()));
}

TEST(CopyTest, oneChangedBitChangesTheHash) {
  std::vector<std::byte> source = random_bytes(100'000);
  const Hash128 before = hash(source.data(), source.size());
  source[77'777] ^= std::byte{1};
  EXPECT_NE(hash(source.data(), source.size()), before);
}

}  // namespace
}  // namespace windlass
