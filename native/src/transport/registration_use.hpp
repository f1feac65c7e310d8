// The use of registered memory: as long as it exists, its pieces stay registered.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

namespace windlass {

class RegistrationCache;
struct RegisteredSpan;

// A registration's name, for the way to whoever moves bytes by its remote key: who gets it back can tell whether it
// still counts. Plain numbers.
struct RegistrationName {
  uint64_t memory = 0;
  uint64_t generation = 0;  // of the memory's pages
  uint64_t number = 0;      // of the registration, of which there is never another
  friend bool operator==(const RegistrationName&, const RegistrationName&) = default;
};
static_assert(sizeof(RegistrationName) == 24);

// A part of what was asked for, in one registration.
struct RegisteredPiece {
  std::byte* data = nullptr;
  uint64_t bytes = 0;
  uint32_t local_key = 0;
  uint32_t remote_key = 0;
  RegistrationName name;
};

// Threads: one at a time.
class RegistrationUse {
 public:
  RegistrationUse() noexcept = default;
  ~RegistrationUse() { reset(); }
  RegistrationUse(RegistrationUse&& other) noexcept = default;
  RegistrationUse& operator=(RegistrationUse&& other) noexcept;
  RegistrationUse(const RegistrationUse&) = delete;
  RegistrationUse& operator=(const RegistrationUse&) = delete;

  // In order, without gaps; empty once it was reset.
  std::span<const RegisteredPiece> pieces() const noexcept { return pieces_; }

  // Ends the use. Never waits for a device, but for the last use of memory that was acquired once.
  void reset() noexcept;

 private:
  friend class RegistrationCache;

  std::shared_ptr<RegistrationCache> cache_;
  std::vector<std::shared_ptr<RegisteredSpan>> spans_;
  std::vector<RegisteredPiece> pieces_;
};

}  // namespace windlass
