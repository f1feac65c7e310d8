// What is not finished yet: files and directories under names of their own, ".windlass-<nonce>.part", beside what they
// are to become. Whoever makes one holds a lock on it as long as he lives, so that others can tell what is nobody's any
// more. On file systems of other machines, where such locks prove nothing, nobody's are left alone.
//
// Threads: any.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/owned_descriptor.hpp"
#include "base/status.hpp"
#include "io/file_calls.hpp"

namespace windlass {

// Where something is to be: the directory, open, and the name in it.
struct NamedPlace {
  OwnedDescriptor directory;
  std::string name;
  std::string path;  // for messages
};

// Errors: kInvalidArgument (the path ends with no name); of file_failure.
Result<NamedPlace> open_place(FileCalls& calls, const std::string& path);

// Whether something has the name. Errors: of file_failure.
Result<bool> exists_at(FileCalls& calls, const NamedPlace& place);

std::string fresh_part_name();

// Removes a file, or a directory with all that is in it, as far as it can; follows no link.
void remove_tree(FileCalls& calls, int directory, const std::string& name) noexcept;

// Removes what dead processes of this user left in the directory.
void sweep_parts(FileCalls& calls, int directory) noexcept;

// Whether the descriptor is locked now, and still what has the name. Where the system has no locks it counts as locked.
bool lock_part(FileCalls& calls, int descriptor, int directory, const std::string& name) noexcept;

}  // namespace windlass
