#include "device/emulated/shared_pages.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "base/text.hpp"

#ifndef MADV_POPULATE_WRITE  // since Linux 5.14; older headers do not name it
#define MADV_POPULATE_WRITE 23
#endif
#ifndef MFD_NOEXEC_SEAL  // since Linux 6.3
#define MFD_NOEXEC_SEAL 0x0008U
#endif

namespace windlass {

namespace {

constexpr int kSizeSeals = F_SEAL_SHRINK | F_SEAL_GROW;

Status failed(const char* what, uint64_t bytes, int cause, const char* way_out) {
  const bool denied = cause == EPERM || cause == EACCES;
  return Status::error(denied ? Code::kPermission : Code::kNoMemory,
                       text(what, ' ', bytes_text(bytes), " of shared memory: ", errno_text(cause), way_out), cause);
}

Status not_ours(int descriptor, const char* why) {
  return Status::error(Code::kInvalidArgument, text("file descriptor ", descriptor, " cannot be imported: ", why,
                                                    "; pass one that was exported, with its piece's size"));
}

int open_memory() noexcept {
  const int descriptor = memfd_create("windlass-piece", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL);
  if (descriptor >= 0 || errno != EINVAL) return descriptor;
  return memfd_create("windlass-piece", MFD_CLOEXEC | MFD_ALLOW_SEALING);
}

}  // namespace

SharedPages::SharedPages(OwnedDescriptor descriptor, uint64_t bytes, bool adopted) noexcept
    : descriptor_(std::move(descriptor)), bytes_(bytes), adopted_(adopted) {}

Result<std::shared_ptr<SharedPages>> SharedPages::open(uint64_t bytes) {
  OwnedDescriptor descriptor(open_memory());
  if (!descriptor.valid()) {
    return failed("opening", bytes, errno, "; raise the limit of open files (ulimit -n), or use larger chunks");
  }
  // No more seals: one who shares it could forbid writing.
  if (ftruncate(descriptor.number(), static_cast<off_t>(bytes)) != 0 ||
      fcntl(descriptor.number(), F_ADD_SEALS, kSizeSeals | F_SEAL_SEAL) != 0) {
    return failed("sizing", bytes, errno, "; ask for less, or free some memory");
  }
  return std::make_shared<SharedPages>(std::move(descriptor), bytes, false);
}

Result<std::shared_ptr<SharedPages>> SharedPages::adopt(int descriptor, uint64_t bytes) {
  Result<OwnedDescriptor> second = OwnedDescriptor::duplicate_of(descriptor);
  if (!second.ok()) return second.status();
  struct stat found {};
  if (fstat(second->number(), &found) != 0 || found.st_size < 0 || static_cast<uint64_t>(found.st_size) != bytes) {
    return not_ours(descriptor, "it has another size");
  }
  const int seals = fcntl(second->number(), F_GET_SEALS);
  if (seals < 0 || (seals & kSizeSeals) != kSizeSeals) return not_ours(descriptor, "its size is not sealed");
  if ((fcntl(second->number(), F_GETFL) & O_ACCMODE) != O_RDWR) return not_ours(descriptor, "it cannot be written");
  return std::make_shared<SharedPages>(*std::move(second), bytes, true);
}

Result<int> SharedPages::share() const {
  Result<OwnedDescriptor> second = OwnedDescriptor::duplicate_of(descriptor_.number());
  if (!second.ok()) return second.status();
  return second->take();
}

Status SharedPages::map_at(std::byte* address) const {
  void* const mapped = mmap(address, bytes_, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, descriptor_.number(), 0);
  if (mapped == MAP_FAILED) return failed("mapping", bytes_, errno, "; raise vm.max_map_count, or use larger chunks");
  // Advice only: without huge pages all works, slower.
  madvise(address, bytes_, MADV_HUGEPAGE);
  return Status();
}

Status SharedPages::populate(std::byte* address, uint64_t offset, uint64_t bytes) const {
  if (madvise(address + offset, bytes, MADV_POPULATE_WRITE) == 0) return Status();
  if (errno != EINVAL) return failed("populating", bytes, errno, "; ask for less, or free some memory");
  // The kernel cannot populate in one go: get the pages, and then look at each.
  if (fallocate(descriptor_.number(), 0, static_cast<off_t>(offset), static_cast<off_t>(bytes)) != 0) {
    return failed("populating", bytes, errno, "; ask for less, or free some memory");
  }
  const auto page_bytes = static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
  for (uint64_t at = offset; at < offset + bytes; at += page_bytes) {
    (void)*static_cast<const volatile std::byte*>(address + at);
  }
  return Status();
}

void SharedPages::discard() const noexcept {
  (void)fallocate(descriptor_.number(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, static_cast<off_t>(bytes_));
}

}  // namespace windlass
