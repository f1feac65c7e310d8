#include "transport/shm/process_memory.hpp"

#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <vector>

#include "base/bytes.hpp"
#include "base/text.hpp"

namespace windlass {

namespace {

// One worker's share of a move.
constexpr uint64_t kCallBytes = 8 * kMiB;
constexpr size_t kReadsAtOnce = 256;

Status failure(pid_t process, int error) {
  if (error == EPERM) {
    return Status::error(Code::kPermission,
                         text("the kernel does not let this process read the memory of process ", process,
                              ": allow it (kernel.yama.ptrace_scope, CAP_SYS_PTRACE), or read over a socket"),
                         error);
  }
  if (error == ENOSYS) return Status::error(Code::kUnsupported, "this kernel reads no other process's memory", error);
  return Status::error(
      Code::kUnavailable,
      text("process ", process, " has ended, or gave up the memory that it offered: ", errno_text(error)), error);
}

// Reads [first, first + bytes) of each; a piece of one read, or several whole ones.
Status read_piece(pid_t process, std::span<const ProcessRead> reads, uint64_t first, uint64_t bytes) {
  std::array<iovec, kReadsAtOnce> here{};
  std::array<iovec, kReadsAtOnce> there{};
  while (bytes != 0) {
    size_t count = 0;
    uint64_t skipped = first;
    uint64_t wanted = 0;
    for (size_t i = 0; i < reads.size() && count < kReadsAtOnce && wanted < bytes; ++i) {
      const uint64_t begin = std::min(skipped, reads[i].bytes);
      skipped -= begin;
      const uint64_t part = std::min(reads[i].bytes - begin, bytes - wanted);
      if (part == 0) continue;
      here[count] = {reads[i].target + begin, part};
      there[count] = {reinterpret_cast<void*>(reads[i].address + begin), part};
      wanted += part;
      ++count;
    }
    const ssize_t got = process_vm_readv(process, here.data(), count, there.data(), count, 0);
    if (got < 0) return failure(process, errno);
    if (got == 0) return failure(process, EFAULT);
    first += static_cast<uint64_t>(got);
    bytes -= static_cast<uint64_t>(got);
  }
  return Status();
}

struct Piece {
  std::span<const ProcessRead> reads;
  uint64_t first = 0;
  uint64_t bytes = 0;
};

// Large reads in pieces; small ones that follow one another together.
std::vector<Piece> pieces_of(std::span<const ProcessRead> reads) {
  std::vector<Piece> pieces;
  for (size_t i = 0; i < reads.size();) {
    if (reads[i].bytes > kCallBytes) {
      for (uint64_t first = 0; first < reads[i].bytes; first += kCallBytes) {
        pieces.push_back({reads.subspan(i, 1), first, std::min(kCallBytes, reads[i].bytes - first)});
      }
      ++i;
      continue;
    }
    size_t end = i;
    uint64_t bytes = 0;
    while (end < reads.size() && end - i < kReadsAtOnce && reads[end].bytes <= kCallBytes - bytes) {
      bytes += reads[end++].bytes;
    }
    if (bytes != 0) pieces.push_back({reads.subspan(i, end - i), 0, bytes});
    i = end;
  }
  return pieces;
}

}  // namespace

// The kernel looks whether it may before it looks at the address, which is nobody's.
Status check_process_memory(pid_t process) {
  if (process <= 0) return Status::error(Code::kNotFound, "the volume's process is not to be seen from here");
  std::byte byte{};
  const iovec here{&byte, 1};
  const iovec there{nullptr, 1};
  if (process_vm_readv(process, &here, 1, &there, 1, 0) >= 0 || errno == EFAULT) return Status();
  if (errno == ESRCH) return Status::error(Code::kNotFound, text("there is no process ", process), errno);
  return failure(process, errno);
}

Status read_process_memory(pid_t process, std::span<const ProcessRead> reads, WorkerPool& workers, Deadline deadline) {
  const std::vector<Piece> pieces = pieces_of(reads);
  const auto read_one = [&](uint64_t index) {
    if (!deadline.expired()) return read_piece(process, pieces[index].reads, pieces[index].first, pieces[index].bytes);
    return Status::error(Code::kTimeout, text("the time was up after about ", index, " of ", pieces.size(),
                                              " pieces were read; allow more time"));
  };
  if (pieces.size() == 1) return read_one(0);
  return workers.run(pieces.size(), read_one, workers.copying_threads());
}

}  // namespace windlass
