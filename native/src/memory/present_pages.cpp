#include "memory/present_pages.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <limits>
#include <vector>

#include "base/bytes.hpp"
#include "base/text.hpp"

#ifndef MADV_POPULATE_READ  // since Linux 5.14; older headers do not name them
#define MADV_POPULATE_READ 22
#endif
#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

namespace windlass {

namespace {

// Of no bytes the kernel only says whether it knows the advice.
bool kernel_populates() noexcept {
  static const bool known = madvise(nullptr, 0, MADV_POPULATE_WRITE) == 0;
  return known;
}

Status failure_to_populate(const std::byte* address, uint64_t bytes, int cause) {
  const std::string what =
      text("the ", bytes_text(bytes), " of memory at ", hex_text(reinterpret_cast<uint64_t>(address)));
  switch (cause) {
    case ENOMEM:
    case EINVAL:
      return Status::error(
          Code::kInvalidArgument,
          text(what, " are not all mapped with access: ", errno_text(cause), "; pass memory that is there"), cause);
    case EFAULT:
      return Status::error(Code::kIo, text(what, " cannot be read: the file behind them is too short, or failed"),
                           cause);
    default:
      return Status::error(Code::kNoMemory, text(what, " cannot be populated: ", errno_text(cause)), cause);
  }
}

// Returns 0, or an errno: ENOMEM where some of it is not mapped.
int check_mapped(std::byte* start, uint64_t bytes, uint64_t page_bytes) {
  constexpr uint64_t kLookBytes = 256 * kMiB;
  std::vector<unsigned char> present(std::min(bytes, kLookBytes) / page_bytes);
  for (uint64_t from = 0; from < bytes; from += kLookBytes) {
    if (mincore(start + from, std::min(kLookBytes, bytes - from), present.data()) != 0) return errno;
  }
  return 0;
}

int populate_mapped(std::byte* start, uint64_t bytes) noexcept {
  int cause = 0;
  for (const int advice : {MADV_POPULATE_WRITE, MADV_POPULATE_READ}) {
    do cause = madvise(start, bytes, advice) == 0 ? 0 : errno;
    while (cause == EINTR || cause == EAGAIN);
    // What may not be written is refused as invalid.
    if (cause != EINVAL) break;
  }
  return cause;
}

}  // namespace

Status make_present(std::byte* address, uint64_t bytes) {
  const auto page_bytes = static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
  const uint64_t before = reinterpret_cast<uint64_t>(address) % page_bytes;
  const bool fits = bytes != 0 && bytes <= std::numeric_limits<uint64_t>::max() - before;
  const uint64_t whole = fits ? round_up(before + bytes, page_bytes) : 0;
  if (whole == 0) {
    return Status::error(Code::kInvalidArgument, text("making ", bytes, " bytes of memory present: pass how many"));
  }
  std::byte* const start = address - before;
  const int cause = kernel_populates() ? populate_mapped(start, whole) : check_mapped(start, whole, page_bytes);
  return cause == 0 ? Status() : failure_to_populate(address, bytes, cause);
}

}  // namespace windlass
