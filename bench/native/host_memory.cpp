#include "host_memory.hpp"

#include <sys/mman.h>
#include <xxhash.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <thread>
#include <utility>
#include <vector>

#include "base/bytes.hpp"

#ifndef MADV_POPULATE_WRITE  // since Linux 5.14; older headers do not name it
#define MADV_POPULATE_WRITE 23
#endif

namespace windlass::bench {

namespace {

constexpr uint64_t kHugeBytes = 2 * kMiB;

[[noreturn]] void give_up(const char* what) {
  std::perror(what);
  std::exit(EXIT_FAILURE);
}

}  // namespace

HostMemory::HostMemory(uint64_t bytes, Pages pages) : bytes_(bytes) {
  constexpr int kProtection = PROT_READ | PROT_WRITE;
  void* const mapped = mmap(nullptr, bytes + kHugeBytes, kProtection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED) give_up("mmap");
  const uint64_t before = (0 - reinterpret_cast<uint64_t>(mapped)) % kHugeBytes;
  data_ = static_cast<std::byte*>(mapped) + before;
  if (before != 0) munmap(mapped, before);
  if (before != kHugeBytes) munmap(data_ + bytes, kHugeBytes - before);
  madvise(data_, bytes, pages == Pages::kHuge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
}

HostMemory::HostMemory(HostMemory&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}

HostMemory& HostMemory::operator=(HostMemory&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(bytes_, other.bytes_);
  return *this;
}

void HostMemory::populate() {
  const uint64_t share = round_up(bytes_ / std::max(std::thread::hardware_concurrency(), 1U), kHugeBytes);
  std::vector<std::jthread> threads;
  for (uint64_t offset = 0; offset < bytes_; offset += share) {
    std::byte* const from = data_ + offset;
    const uint64_t part = std::min(share, bytes_ - offset);
    threads.emplace_back([from, part] {
      if (madvise(from, part, MADV_POPULATE_WRITE) != 0) std::memset(from, 0, part);
    });
  }
}

void HostMemory::unmap() noexcept {
  if (data_ != nullptr) munmap(data_, bytes_);
  data_ = nullptr;
  bytes_ = 0;
}

void warm_up_machine(uint64_t bytes) {
  HostMemory memory(bytes, Pages::kHuge);
  memory.populate();
}

void fill(std::span<std::byte> memory, uint64_t seed) {
  uint64_t word = seed;
  for (size_t offset = 0; offset + sizeof word <= memory.size(); offset += sizeof word) {
    word = word * 6364136223846793005U + 1442695040888963407U;
    std::memcpy(memory.data() + offset, &word, sizeof word);
  }
}

Hash128 reference_hash(std::span<const std::byte> memory) {
  const XXH128_hash_t hash = XXH3_128bits(memory.data(), memory.size());
  return {.low = hash.low64, .high = hash.high64};
}

}  // namespace windlass::bench
