#include "memory/present_pages.hpp"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/bytes.hpp"

namespace windlass {
namespace {

constexpr uint64_t kMappedBytes = 4 * kMiB;

class PresentPagesTest : public testing::Test {
 protected:
  PresentPagesTest() {
    void* const mapped =
        mmap(nullptr, kMappedBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    EXPECT_NE(mapped, MAP_FAILED);
    memory_ = static_cast<std::byte*>(mapped);
    madvise(memory_, kMappedBytes, MADV_NOHUGEPAGE);
  }
  ~PresentPagesTest() override { munmap(memory_, mapped_bytes_); }

  uint64_t resident_bytes() const {
    std::vector<unsigned char> present(kMappedBytes / page_bytes_);
    EXPECT_EQ(mincore(memory_, kMappedBytes, present.data()), 0);
    return page_bytes_ * static_cast<uint64_t>(std::count_if(present.begin(), present.end(),
                                                             [](unsigned char flags) { return (flags & 1U) != 0; }));
  }

  const uint64_t page_bytes_ = static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
  std::byte* memory_ = nullptr;
  uint64_t mapped_bytes_ = kMappedBytes;
};

TEST_F(PresentPagesTest, untouchedPagesAreThereAfterwardsAndNoOthers) {
  ASSERT_EQ(resident_bytes(), 0U);
  ASSERT_TRUE(make_present(memory_ + page_bytes_ - 1, page_bytes_ + 2).ok());
  EXPECT_EQ(resident_bytes(), 3 * page_bytes_) << "each page that the range touches";
}

TEST_F(PresentPagesTest, whatThePagesHoldStays) {
  std::fill(memory_, memory_ + kMappedBytes, std::byte{7});
  ASSERT_TRUE(make_present(memory_, kMappedBytes).ok());
  EXPECT_EQ(std::count(memory_, memory_ + kMappedBytes, std::byte{7}), static_cast<int64_t>(kMappedBytes));
}

TEST_F(PresentPagesTest, memoryThatMayOnlyBeReadIsMadePresentToo) {
  ASSERT_EQ(mprotect(memory_, kMappedBytes, PROT_READ), 0);
  EXPECT_TRUE(make_present(memory_, kMappedBytes).ok());
}

TEST_F(PresentPagesTest, memoryThatIsNotThereIsRefused) {
  ASSERT_EQ(munmap(memory_ + kMappedBytes / 2, kMappedBytes / 2), 0);
  mapped_bytes_ = kMappedBytes / 2;
  const Status refused = make_present(memory_, kMappedBytes);
  EXPECT_EQ(refused.code(), Code::kInvalidArgument) << refused.to_string();
  EXPECT_NE(refused.message().find("pass memory that is there"), std::string_view::npos) << refused.message();
  EXPECT_EQ(make_present(memory_, 0).code(), Code::kInvalidArgument);
  EXPECT_EQ(make_present(memory_, UINT64_MAX - 5).code(), Code::kInvalidArgument);
}

}  // namespace
}  // namespace windlass
