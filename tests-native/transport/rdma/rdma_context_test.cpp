#include "transport/rdma/rdma_context.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/bytes.hpp"
#include "transport/rdma/rdma_world.hpp"

namespace windlass {
namespace {

Result<std::shared_ptr<RdmaDomain>> open_domain() {
  Result<std::shared_ptr<RdmaContext>> context = RdmaContext::open(list_rdma_devices()[0].name);
  if (!context.ok()) return context.status();
  return RdmaDomain::open(*context);
}

TEST(RdmaContextTest, aDeviceThatIsOpenIsShared) {
  NEEDS_RDMA();
  const std::string name = list_rdma_devices()[0].name;
  const auto one = RdmaContext::open(name);
  const auto other = RdmaContext::open(name);
  ASSERT_TRUE(one.ok()) << one.status().to_string();
  EXPECT_EQ(*one, *other);
  EXPECT_EQ((*one)->name(), name);
  (*one)->take_events();
}

TEST(RdmaContextTest, memoryIsRegisteredForAsLongAsItsRegistrationLives) {
  NEEDS_RDMA();
  const auto domain = open_domain();
  ASSERT_TRUE(domain.ok()) << domain.status().to_string();
  std::vector<std::byte> memory(100'000);
  const auto local = (*domain)->register_memory(memory.data(), memory.size(), access_bits(RegistrationAccess::kLocal));
  ASSERT_TRUE(local.ok()) << local.status().to_string();
  EXPECT_EQ((*local)->remote_key(), 0U);
  const auto remote =
      (*domain)->register_memory(memory.data(), memory.size(), access_bits(RegistrationAccess::kRemoteRead));
  ASSERT_TRUE(remote.ok());
  EXPECT_NE((*remote)->remote_key(), 0U);
  EXPECT_EQ((*domain)->register_memory(memory.data(), 0, 0).status().code(), Code::kInvalidArgument);
  EXPECT_EQ((*domain)->register_memory(memory.data(), 100, 4).status().code(), Code::kInvalidArgument);
  EXPECT_EQ((*domain)->register_memory(memory.data(), (*domain)->most_bytes() + 1, 0).status().code(),
            Code::kInvalidArgument);
}

TEST(RdmaContextTest, anotherDevicesMemoryIsRegisteredOrRefusedWithTheReason) {
  NEEDS_RDMA();
  const auto domain = open_domain();
  ASSERT_TRUE(domain.ok()) << domain.status().to_string();
  const Status takes = (*domain)->takes_dmabuf();
  const Status refused = (*domain)->register_dmabuf({.descriptor = -1, .bytes = 4096}, 0).status();
  EXPECT_EQ(refused.code(), takes.ok() ? Code::kInvalidArgument : Code::kUnsupported) << refused.to_string();
  EXPECT_EQ((*domain)->register_dmabuf({.descriptor = -1}, 0).status().code(), Code::kInvalidArgument);
}

// Goal: whoever may lock too little is told how much that is, and how it is raised.
// Method: a child process that is nobody, with a limit of 1 MiB, registers 4 MiB; its exit status says what came of it.
TEST(RdmaContextTest, tooLittleMemoryToLockIsSaidWithTheLimitAndTheWayOut) {
  NEEDS_RDMA();
  if (geteuid() != 0) GTEST_SKIP() << "only root can become somebody with a lower limit";
  const pid_t child = fork();
  if (child == 0) {
    const auto domain = open_domain();
    const rlimit limit{kMiB, kMiB};
    if (!domain.ok() || setrlimit(RLIMIT_MEMLOCK, &limit) != 0 || setuid(65534) != 0) _exit(1);
    std::vector<std::byte> memory(4 * kMiB);
    const Status refused = (*domain)->register_memory(memory.data(), memory.size(), 0).status();
    const bool told = refused.message().find("1 MiB") != std::string_view::npos &&
                      refused.message().find("ulimit -l") != std::string_view::npos;
    _exit(refused.code() != Code::kNoMemory ? 2 : told ? 0 : 3);
  }
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

}  // namespace
}  // namespace windlass
