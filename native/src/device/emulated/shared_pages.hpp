// The pages of a piece that can be shared: they live in a memfd, for as long as somebody has a descriptor or a mapping.
//
// Its size is sealed, so that nobody who has it can make another's access fault.
//
// Threads: any.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "base/owned_descriptor.hpp"
#include "base/status.hpp"

namespace windlass {

class SharedPages {
 public:
  // For open() and adopt().
  SharedPages(OwnedDescriptor descriptor, uint64_t bytes, bool adopted) noexcept;

  // Takes no memory yet. Errors: kNoMemory; kPermission.
  static Result<std::shared_ptr<SharedPages>> open(uint64_t bytes);

  // The pages that another one opened; the descriptor stays the caller's. Errors: kInvalidArgument (it is not one of
  // ours, or not of that size); kNoMemory.
  static Result<std::shared_ptr<SharedPages>> adopt(int descriptor, uint64_t bytes);

  uint64_t bytes() const noexcept { return bytes_; }
  bool adopted() const noexcept { return adopted_; }

  // A descriptor for somebody else. Owns: the caller closes it. Errors: kNoMemory.
  Result<int> share() const;

  // Puts all of them at the address, in place of what is mapped there. Errors: kNoMemory.
  Status map_at(std::byte* address) const;

  // Makes [offset, offset + bytes) present at the address that they are mapped at; what is in them stays.
  // Errors: kNoMemory.
  Status populate(std::byte* address, uint64_t offset, uint64_t bytes) const;

  // Gives the pages back, and with them their content, whoever has them.
  void discard() const noexcept;

 private:
  const OwnedDescriptor descriptor_;
  const uint64_t bytes_;
  const bool adopted_;
};

}  // namespace windlass
