#include "base/owned_descriptor.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "base/text.hpp"

namespace windlass {

Result<OwnedDescriptor> OwnedDescriptor::duplicate_of(int number) {
  const int second = fcntl(number, F_DUPFD_CLOEXEC, 0);
  if (second >= 0) return OwnedDescriptor(second);
  const int cause = errno;
  if (cause == EBADF) {
    return Status::error(
        Code::kInvalidArgument,
        text("file descriptor ", number, " is not open: ", errno_text(cause), "; keep it open until the call returns"),
        cause);
  }
  return Status::error(Code::kNoMemory,
                       text("no second descriptor for file descriptor ", number, ": ", errno_text(cause),
                            "; raise the limit of open files (ulimit -n)"),
                       cause);
}

void OwnedDescriptor::reset() noexcept {
  if (valid()) close(take());
}

}  // namespace windlass
