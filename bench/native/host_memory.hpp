// Host memory for the limits and the peers, got from the system directly so that it owes nothing to what is measured.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "memory/copy.hpp"

namespace windlass::bench {

enum class Pages {
  kSmall,  // as an allocation gets them: not there before they are touched, 4 KiB each
  kHuge,   // not there before they are touched, 2 MiB each where the system has them
};

// Owns: a mapping aligned to 2 MiB. A failure to get memory ends the program: nothing can be measured then.
class HostMemory {
 public:
  HostMemory() noexcept = default;
  HostMemory(uint64_t bytes, Pages pages);
  ~HostMemory() { unmap(); }
  HostMemory(HostMemory&& other) noexcept;
  HostMemory& operator=(HostMemory&& other) noexcept;
  HostMemory(const HostMemory&) = delete;
  HostMemory& operator=(const HostMemory&) = delete;

  std::byte* data() const noexcept { return data_; }
  uint64_t bytes() const noexcept { return bytes_; }

  // Makes all pages present, with as many threads as the machine has processors.
  void populate();
  void unmap() noexcept;

 private:
  std::byte* data_ = nullptr;
  uint64_t bytes_ = 0;
};

// Touches memory of the machine and lets it go again, so that what is taken next is not what the machine itself must
// first get: a virtual machine may have given free memory back to its host, and getting it again is ten times as slow.
void warm_up_machine(uint64_t bytes);

// Content that tells a wrong byte from a right one; another for another seed.
void fill(std::span<std::byte> memory, uint64_t seed);

// The content's hash, by the reference implementation.
Hash128 reference_hash(std::span<const std::byte> memory);

}  // namespace windlass::bench
