// Paths as archives write them: which are taken, and what of permissions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "archive/archive_types.hpp"
#include "base/status.hpp"

namespace windlass {

// The path as ArchiveEntry has it. "./" before it goes, and a directory's slash behind it; empty is the tree's own
// directory. Errors: kCorrupt (absolute; "." or ".." within; an empty part, or one over 255 bytes; a NUL; over 4095
// bytes; a file that ends with a slash).
Result<std::string> checked_path(std::string_view written, ArchiveEntryKind kind);

// The directory that a path lies in; empty for the tree's own.
std::string_view parent_of(std::string_view path) noexcept;
std::string_view name_of(std::string_view path) noexcept;

// What is kept of permissions when they are saved: whether a file is executable, whether anybody but the owner has any.
uint32_t saved_mode(ArchiveEntryKind kind, uint32_t mode) noexcept;

// What is set of them by a load: nothing special, no right to write for others, and directories that can be entered.
uint32_t loaded_mode(ArchiveEntryKind kind, uint32_t mode) noexcept;

}  // namespace windlass
