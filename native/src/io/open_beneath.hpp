// Opens what lies beneath a directory, and never what a link or ".." leads to.
#pragma once

#include <sys/types.h>

namespace windlass {

// As openat, but the path is relative, and no part of it may be a link or lead upwards. One call of openat2 where the
// system has it and lets it be used, else open_step_by_step. Returns the descriptor, or the errno as a negative number:
// -ELOOP or -EXDEV where the path does not stay beneath. O_CLOEXEC is added.
int open_beneath(int directory, const char* path, int flags, mode_t mode) noexcept;

// The same, part by part, each opened in the one before.
int open_step_by_step(int directory, const char* path, int flags, mode_t mode) noexcept;

}  // namespace windlass
