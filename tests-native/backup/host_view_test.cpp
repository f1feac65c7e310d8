#include "backup/host_view.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "support/pattern.hpp"
#include "support/same_bytes.hpp"

namespace windlass {
namespace {

TEST(HostViewTest, itCopiesBothWaysAndHashesTheSame) {
  std::vector<std::byte> memory = test::pattern(10000, 1);
  HostView view(memory);
  std::vector<std::byte> out(5000);
  ASSERT_TRUE(view.copy_out(out.data(), view.address() + 100, out.size()).ok());
  EXPECT_TRUE(test::lies_at(out, memory, 100));
  const Hash128 wanted = hash(out.data(), out.size());
  EXPECT_EQ(view.copy_out_hashed(out.data(), view.address() + 100, out.size()).value(), wanted);
  EXPECT_EQ(view.copy_in_hashed(view.address() + 5000, out.data(), out.size()).value(), wanted);
  EXPECT_TRUE(test::lies_at(out, memory, 5000));
  ASSERT_TRUE(view.copy_in(view.address(), out.data(), out.size()).ok());
  EXPECT_TRUE(test::lies_at(out, memory, 0));
}

TEST(HostViewTest, nothingOutsideItsMemoryIsTouched) {
  std::vector<std::byte> memory(100);
  std::vector<std::byte> other(200);
  HostView view(memory);
  for (const uint64_t address : {view.address() - 1, view.address() + 1, view.address() + 101, uint64_t{0}}) {
    EXPECT_EQ(view.copy_out(other.data(), address, 100).code(), Code::kInvalidArgument);
    EXPECT_EQ(view.copy_in(address, other.data(), 100).code(), Code::kInvalidArgument);
    EXPECT_EQ(view.copy_out_hashed(other.data(), address, 100).status().code(), Code::kInvalidArgument);
    EXPECT_EQ(view.copy_in_hashed(address, other.data(), 100).status().code(), Code::kInvalidArgument);
  }
  EXPECT_EQ(view.copy_out(other.data(), view.address(), UINT64_MAX).code(), Code::kInvalidArgument);
}

TEST(HostViewTest, whatADeviceCanBesidesIsUnsupported) {
  std::vector<std::byte> memory(100);
  HostView view(memory);
  EXPECT_TRUE(view.drain().ok());
  EXPECT_TRUE(view.host_accessible());
  EXPECT_EQ(view.memory().status().code(), Code::kUnsupported);
  EXPECT_EQ(view.reserve(4096).status().code(), Code::kUnsupported);
  EXPECT_EQ(view.unreserve(view.address(), 100).code(), Code::kUnsupported);
  EXPECT_EQ(view.create(4096).status().code(), Code::kUnsupported);
  EXPECT_EQ(view.release(1).code(), Code::kUnsupported);
  EXPECT_EQ(view.map(view.address(), 100, 1).code(), Code::kUnsupported);
  EXPECT_EQ(view.unmap(view.address(), 100).code(), Code::kUnsupported);
  EXPECT_EQ(view.set_access(view.address(), 100).code(), Code::kUnsupported);
  EXPECT_EQ(view.resident_bytes(view.address(), 100).status().code(), Code::kUnsupported);
  EXPECT_EQ(view.export_memory(1).status().code(), Code::kUnsupported);
}

}  // namespace
}  // namespace windlass
