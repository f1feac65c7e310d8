#include "transport/shm/segment_file.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/bytes.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "memory/host_pages.hpp"
#include "memory/machine_memory.hpp"

#ifndef MADV_POPULATE_WRITE  // since Linux 5.14; older headers do not name it
#define MADV_POPULATE_WRITE 23
#endif

namespace windlass {

namespace {

// One worker's share of populating: large enough to amortise the call, small enough to spread evenly.
constexpr uint64_t kPopulateStepBytes = 32 * kMiB;

constexpr int kSeals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;

uint64_t page_bytes() noexcept { return static_cast<uint64_t>(sysconf(_SC_PAGESIZE)); }

Status failure(int cause, std::string_view what) {
  const bool memory = cause == ENOMEM || cause == EMFILE || cause == ENFILE || cause == ENOSPC || cause == EAGAIN;
  return Status::error(memory ? Code::kNoMemory : Code::kIo, text("segment: ", what, ": ", errno_text(cause)), cause);
}

// All pages of a part are there afterwards. Never touches them where the kernel can say that there is no room: running
// out of memory in a file is a signal to whoever touches it.
Status populate_part(int descriptor, std::byte* address, uint64_t offset, uint64_t bytes) {
  if (madvise(address + offset, bytes, MADV_POPULATE_WRITE) == 0) return Status();
  const int cause = errno;
  if (cause == EINVAL) {
    while (fallocate(descriptor, 0, static_cast<off_t>(offset), static_cast<off_t>(bytes)) != 0) {
      if (errno != EINTR) return failure(errno, text("no room for ", bytes_text(bytes)));
    }
    return Status();
  }
  // A file's populating says EFAULT where a touch would have been answered by SIGBUS.
  return failure(cause == EFAULT ? ENOMEM : cause, text("populating ", bytes_text(bytes)));
}

}  // namespace

void MappedRange::reset() noexcept {
  if (mapped_ != nullptr) munmap(mapped_, mapped_bytes_);
  mapped_ = nullptr;
  address_ = nullptr;
  mapped_bytes_ = 0;
  bytes_ = 0;
}

Result<MappableFile> MappableFile::check(OwnedDescriptor descriptor, MapFor purpose) {
  struct stat facts {};
  const int seals = fcntl(descriptor.number(), F_GET_SEALS);
  const int flags = fcntl(descriptor.number(), F_GETFL);
  if (seals < 0 || flags < 0 || fstat(descriptor.number(), &facts) != 0 || !S_ISREG(facts.st_mode)) {
    return Status::error(Code::kCorrupt, "what the volume sent as a segment is no file in memory; do not trust it");
  }
  if ((seals & F_SEAL_SHRINK) == 0) {
    return Status::error(Code::kCorrupt,
                         "the volume's segment is not sealed against shrinking, and could vanish while it is being "
                         "read; do not trust it");
  }
  const int access = flags & O_ACCMODE;
  if (purpose == MapFor::kWriting ? access != O_RDWR : access == O_WRONLY) {
    return Status::error(Code::kCorrupt, "the volume's segment is not open for what it was asked for; ask again");
  }
  return MappableFile(std::move(descriptor), static_cast<uint64_t>(facts.st_size), purpose);
}

Result<MappedRange> MappableFile::map(uint64_t offset, uint64_t bytes, bool populate) const {
  if (bytes == 0 || !in_range(offset, bytes, bytes_)) {
    return Status::error(Code::kInvalidArgument, text("bytes ", offset, " to ", offset + bytes,
                                                      " do not lie in a segment of ", bytes_text(bytes_)));
  }
  const uint64_t lead = offset % page_bytes();
  const int protection = purpose_ == MapFor::kWriting ? PROT_READ | PROT_WRITE : PROT_READ;
  const int flags = populate ? MAP_SHARED | MAP_POPULATE : MAP_SHARED;
  void* const mapped =
      mmap(nullptr, lead + bytes, protection, flags, descriptor_.number(), static_cast<off_t>(offset - lead));
  if (mapped == MAP_FAILED) return failure(errno, text("mapping ", bytes_text(bytes)));
  MappedRange range;
  range.mapped_ = mapped;
  range.mapped_bytes_ = lead + bytes;
  range.address_ = static_cast<std::byte*>(mapped) + lead;
  range.bytes_ = bytes;
  return range;
}

Result<std::shared_ptr<SegmentFile>> SegmentFile::create(uint64_t bytes, WorkerPool& workers) {
  if (bytes == 0 || bytes % kHugePageBytes != 0 || bytes > static_cast<uint64_t>(INT64_MAX)) {
    return Status::error(Code::kInvalidArgument, text("a segment of ", bytes, " bytes: the size must be a positive ",
                                                      "multiple of ", bytes_text(kHugePageBytes)));
  }
  if (Status enough = check_machine_memory(bytes, "a segment"); !enough.ok()) return enough;
  OwnedDescriptor descriptor(memfd_create("windlass-segment", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!descriptor.valid()) return failure(errno, "creating a file in memory");
  if (ftruncate(descriptor.number(), static_cast<off_t>(bytes)) != 0) {
    return failure(errno, text("sizing it to ", bytes_text(bytes)));
  }
  if (fcntl(descriptor.number(), F_ADD_SEALS, kSeals) != 0) return failure(errno, "sealing it");
  void* const mapped = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor.number(), 0);
  if (mapped == MAP_FAILED) return failure(errno, text("mapping ", bytes_text(bytes)));
  const int number = descriptor.number();
  // From here on the segment's end undoes what was done.
  auto segment = std::make_shared<SegmentFile>(std::move(descriptor), static_cast<std::byte*>(mapped), bytes);
  // Advice only: without huge pages all works, slower.
  madvise(mapped, bytes, MADV_HUGEPAGE);
  const uint64_t steps = (bytes + kPopulateStepBytes - 1) / kPopulateStepBytes;
  Status populated = workers.run(steps, [&](uint64_t step) {
    const uint64_t from = step * kPopulateStepBytes;
    return populate_part(number, segment->address(), from, std::min(kPopulateStepBytes, bytes - from));
  });
  if (!populated.ok()) return populated;
  return segment;
}

SegmentFile::~SegmentFile() { munmap(address_, bytes_); }

Result<OwnedDescriptor> SegmentFile::descriptor(MapFor purpose) const {
  if (purpose == MapFor::kWriting) return OwnedDescriptor::duplicate_of(descriptor_.number());
  // A duplicate would share the right to write: only opening anew makes one without.
  const std::string path = text("/proc/self/fd/", descriptor_.number());
  OwnedDescriptor opened(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!opened.valid()) return failure(errno, text("opening ", path, " for reading"));
  return opened;
}

void SegmentFile::discard() noexcept {
  const int mode = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
  if (fallocate(descriptor_.number(), mode, 0, static_cast<off_t>(bytes_)) == 0) return;
  log(LogLevel::kWarning, "volume", "a segment's pages could not be given back; they go when nobody has it open");
}

}  // namespace windlass
