// Registers ranges of memory in as few pieces as the device takes.
//
// A device says how much one registration may be, and may take less. Which size it refuses is found out once: the
// largest that works is remembered, and what is larger is cut from then on. As it may have been small for want of
// memory, more is tried again now and then.
//
// Threads: any.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "base/status.hpp"
#include "transport/registrar.hpp"

namespace windlass {

// A piece that is registered.
struct MadeRegistration {
  std::byte* data = nullptr;
  uint64_t bytes = 0;
  std::unique_ptr<Registration> registration;
};

// What became of one call, also of one that failed.
struct MadeRegistrations {
  std::vector<MadeRegistration> pieces;  // in order, without gaps; none if it failed
  uint64_t made = 0;                     // registrations, those included that were given up again
  uint64_t given_up = 0;
  uint64_t failures = 0;  // calls that the device refused
  uint64_t nanoseconds = 0;
};

class RegistrationMaker {
 public:
  // No piece that is refused is cut into smaller ones than this.
  static constexpr uint64_t kSmallestBytes = uint64_t{64} << 10;
  // How many calls are cut to what was found out, before one tries more.
  static constexpr uint64_t kCutsBeforeMore = 32;

  explicit RegistrationMaker(std::shared_ptr<Registrar> registrar);

  // Gives memory of the device's back: so many bytes, or what there are. Returns whether any were.
  using MakeRoom = std::function<bool(uint64_t bytes)>;

  // Registers [data, data + bytes): all of it, or none. Where the device has no memory for it, make_room is asked once
  // before smaller pieces are tried. Errors: the device's.
  Status make(std::byte* data, uint64_t bytes, uint32_t access, const MakeRoom& make_room, MadeRegistrations& made);

  // As make, in one piece, and without looking for a size that works.
  Status make_whole(std::byte* data, uint64_t bytes, uint32_t access, MadeRegistrations& made);

  // The largest piece, as far as is known.
  uint64_t most_bytes() const noexcept { return most_bytes_; }

  Registrar& registrar() const noexcept { return *registrar_; }

 private:
  struct Search;

  Result<std::unique_ptr<Registration>> try_size(std::byte* data, uint64_t bytes, uint32_t access,
                                                 MadeRegistrations& made);
  Status find_size(std::byte* data, uint32_t access, Search& search, MadeRegistrations& made);

  Status try_more(std::byte* data, uint64_t bytes, uint32_t access, MadeRegistrations& made);

  const std::shared_ptr<Registrar> registrar_;
  const uint64_t told_bytes_;  // by the device, in whole pages
  std::atomic<uint64_t> most_bytes_;
  std::atomic<uint64_t> cuts_ = 0;
};

}  // namespace windlass
