#include "memory/host_pages.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>

#include "base/text.hpp"
#include "memory/machine_memory.hpp"

#ifndef MADV_POPULATE_WRITE  // since Linux 5.14; older headers do not name it
#define MADV_POPULATE_WRITE 23
#endif

namespace windlass {

namespace {

constexpr int kReservedFlags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;

// One worker's share of populating: large enough to amortise the call, small enough to spread evenly.
constexpr uint64_t kPopulateStepBytes = 32 * kMiB;

// Touches each page, where the kernel cannot populate by itself.
void touch_pages(std::byte* address, uint64_t bytes) noexcept {
  const auto page_bytes = static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
  for (uint64_t offset = 0; offset < bytes; offset += page_bytes) {
    *static_cast<volatile std::byte*>(address + offset) = std::byte{0};
  }
}

Status populate_part(std::byte* address, uint64_t bytes) {
  if (madvise(address, bytes, MADV_POPULATE_WRITE) == 0) return Status();
  if (errno == EINVAL) {
    touch_pages(address, bytes);
    return Status();
  }
  const int cause = errno;
  return Status::error(Code::kNoMemory, text("populating ", bytes_text(bytes), " of host memory: ", errno_text(cause)),
                       cause);
}

// How many bytes have their lowest bit set; the size is a multiple of 8. Eight at a time, because a pause waits for it.
uint64_t count_present(const std::vector<unsigned char>& flags) noexcept {
  constexpr uint64_t kLowestBits = 0x0101010101010101;
  uint64_t count = 0;
  for (size_t at = 0; at < flags.size(); at += sizeof(uint64_t)) {
    uint64_t eight = 0;
    std::memcpy(&eight, flags.data() + at, sizeof eight);
    count += (eight & kLowestBits) * kLowestBits >> 56U;
  }
  return count;
}

}  // namespace

Result<HostRange> HostRange::reserve(uint64_t bytes) {
  if (bytes == 0 || bytes % kHugePageBytes != 0) {
    return Status::error(Code::kInvalidArgument, text("reserving ", bytes, " bytes of addresses: the size must be a ",
                                                      "positive multiple of ", bytes_text(kHugePageBytes)));
  }
  // The kernel aligns to small pages only: take one huge page more, and give what sticks out back.
  const uint64_t padded = bytes + kHugePageBytes;
  void* const mapped = padded < bytes ? MAP_FAILED : mmap(nullptr, padded, PROT_NONE, kReservedFlags, -1, 0);
  if (mapped == MAP_FAILED) {
    const int cause = padded < bytes ? ENOMEM : errno;
    return Status::error(Code::kNoMemory, text("no ", bytes_text(bytes), " of addresses left: ", errno_text(cause)),
                         cause);
  }
  auto* const start = static_cast<std::byte*>(mapped);
  const uint64_t head = (kHugePageBytes - reinterpret_cast<uint64_t>(start) % kHugePageBytes) % kHugePageBytes;
  if (head != 0) munmap(start, head);
  munmap(start + head + bytes, kHugePageBytes - head);
  return HostRange(start + head, bytes);
}

HostRange::~HostRange() {
  if (address_ != nullptr) munmap(address_, bytes_);
}

HostRange& HostRange::operator=(HostRange&& other) noexcept {
  std::swap(address_, other.address_);
  std::swap(bytes_, other.bytes_);
  return *this;
}

Status HostRange::populate(uint64_t offset, uint64_t bytes, WorkerPool& workers) {
  if (Status enough = check_machine_memory(bytes, "host memory"); !enough.ok()) return enough;
  std::byte* const start = address_ + offset;
  if (mprotect(start, bytes, PROT_READ | PROT_WRITE) != 0) {
    const int cause = errno;
    return Status::error(Code::kNoMemory, text("mapping ", bytes_text(bytes), " of host memory: ", errno_text(cause)),
                         cause);
  }
  // Advice only: without huge pages all works, slower.
  madvise(start, bytes, MADV_HUGEPAGE);
  const uint64_t steps = (bytes + kPopulateStepBytes - 1) / kPopulateStepBytes;
  Status populated = workers.run(steps, [&](uint64_t step) {
    const uint64_t from = step * kPopulateStepBytes;
    return populate_part(start + from, std::min(kPopulateStepBytes, bytes - from));
  });
  if (populated.ok()) return populated;
  if (Status undone = release(offset, bytes); !undone.ok()) return undone.with_prefix(populated.message());
  return populated;
}

Status HostRange::release(uint64_t offset, uint64_t bytes) {
  // Mapping anew over the range drops its pages and takes access away in one step.
  void* const mapped = mmap(address_ + offset, bytes, PROT_NONE, kReservedFlags | MAP_FIXED, -1, 0);
  if (mapped != MAP_FAILED) return Status();
  const int cause = errno;
  return Status::error(Code::kNoMemory, text("giving back ", bytes_text(bytes), " of host memory: ", errno_text(cause)),
                       cause);
}

Result<uint64_t> HostRange::resident_bytes(uint64_t offset, uint64_t bytes) const {
  const auto page_bytes = static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
  constexpr uint64_t kStepBytes = 256 * kMiB;
  // One byte for each page; those beyond the last stay 0.
  std::vector<unsigned char> present(round_up(std::min(bytes, kStepBytes) / page_bytes, sizeof(uint64_t)));
  uint64_t resident_pages = 0;
  for (uint64_t from = 0; from < bytes; from += kStepBytes) {
    const uint64_t step = std::min(kStepBytes, bytes - from);
    const uint64_t pages = step / page_bytes;
    if (mincore(address_ + offset + from, step, present.data()) != 0) {
      const int cause = errno;
      return Status::error(Code::kIo, text("counting resident pages: ", errno_text(cause)), cause);
    }
    std::fill(present.begin() + static_cast<std::ptrdiff_t>(pages), present.end(), static_cast<unsigned char>(0));
    resident_pages += count_present(present);
  }
  return resident_pages * page_bytes;
}

}  // namespace windlass
