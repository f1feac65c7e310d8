// Memory, a fake registrar and a cache; and that nothing was done, at the end, that must never be.
#pragma once

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "fake/fake_registrar.hpp"
#include "support/soon.hpp"
#include "transport/registration_cache.hpp"

namespace windlass::test {

// Owns: fresh memory, untouched, in small pages.
class FreshMemory {
 public:
  explicit FreshMemory(uint64_t bytes) : bytes_(bytes) {
    void* const mapped =
        mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    EXPECT_NE(mapped, MAP_FAILED);
    data_ = static_cast<std::byte*>(mapped);
  }
  ~FreshMemory() { munmap(data_, bytes_); }
  FreshMemory(const FreshMemory&) = delete;
  FreshMemory& operator=(const FreshMemory&) = delete;

  std::byte* data() const noexcept { return data_; }
  uint64_t bytes() const noexcept { return bytes_; }

 private:
  std::byte* data_ = nullptr;
  uint64_t bytes_;
};

struct RegistrationWorld {
  static constexpr uint64_t kMemoryBytes = 8 * kMiB;

  explicit RegistrationWorld(const RegistrationCacheOptions& options = exact(),
                             std::shared_ptr<fake::FakeRegistrar> made = std::make_shared<fake::FakeRegistrar>())
      : registrar(std::move(made)), cache(RegistrationCache::open(options)) {}
  ~RegistrationWorld() {
    cache = nullptr;
    EXPECT_EQ(registrar->faults(), std::vector<std::string>());
    EXPECT_EQ(registrar->live_bytes(), 0U) << "what is left at the end";
  }
  RegistrationWorld(const RegistrationWorld&) = delete;
  RegistrationWorld& operator=(const RegistrationWorld&) = delete;

  // No more than what is asked for.
  static RegistrationCacheOptions exact() {
    RegistrationCacheOptions options;
    options.window_bytes = 0;
    options.merged_bytes = 0;
    options.pause_timeout = std::chrono::nanoseconds(0);
    return options;
  }

  Result<RegistrationUse> acquire(const std::byte* data, uint64_t bytes, uint32_t access = 0) const {
    return cache->acquire(registrar, const_cast<std::byte*>(data), bytes, access);
  }
  RegistrationUse at(uint64_t offset, uint64_t bytes, uint32_t access = 0) const {
    Result<RegistrationUse> use = acquire(memory.data() + offset, bytes, access);
    EXPECT_TRUE(use.ok()) << use.status().to_string();
    return use.ok() ? *std::move(use) : RegistrationUse();
  }
  void adopt() const { EXPECT_TRUE(cache->adopt(memory.data(), memory.bytes()).ok()); }
  void forget() const { EXPECT_TRUE(cache->forget(memory.data(), memory.bytes(), soon()).ok()); }

  // The device moves all bytes of a use: begins, and ends.
  void begin(const RegistrationUse& use) const {
    for (const RegisteredPiece& each : use.pieces()) registrar->begin_use(each.local_key, each.data, each.bytes);
  }
  void end(const RegistrationUse& use) const {
    for (const RegisteredPiece& each : use.pieces()) registrar->end_use(each.local_key, each.data, each.bytes);
  }

  FreshMemory memory{kMemoryBytes};
  std::shared_ptr<fake::FakeRegistrar> registrar;
  std::shared_ptr<RegistrationCache> cache;
};

}  // namespace windlass::test
