#include "io/file_system.hpp"

#include <sys/statfs.h>

#include <array>
#include <cerrno>

#include "base/text.hpp"

namespace windlass {

namespace {

struct KnownKind {
  uint32_t magic;
  std::string_view name;
  bool in_memory;
  bool network;
};

// The numbers are the kernel's, of linux/magic.h; those of Lustre and CIFS are not listed there.
constexpr std::array<KnownKind, 9> kKnownKinds = {{
    {0x01021994, "tmpfs", true, false},
    {0x858458f6, "ramfs", true, false},
    {0x6969, "NFS", false, true},
    {0xff534d42, "CIFS", false, true},
    {0xfe534d42, "SMB", false, true},
    {0x0bd00bd0, "Lustre", false, true},
    {0x65735546, "FUSE", false, true},
    {0x00c36400, "Ceph", false, true},
    {0x47504653, "GPFS", false, true},
}};

Code code_of(int cause) noexcept {
  switch (cause) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
      return Code::kNoSpace;
    case EACCES:
    case EPERM:
    case EROFS:
    case ELOOP:
      return Code::kPermission;
    case ENOENT:
    case ENOTDIR:
      return Code::kNotFound;
    case ENOMEM:
      return Code::kNoMemory;
    default:
      return Code::kIo;
  }
}

const char* way_out(int cause) noexcept {
  switch (cause) {
    case ENOSPC:
      return "; free some space there, or choose another directory";
    case EDQUOT:
      return "; the disk quota is used up: raise it, or choose another directory";
    case EFBIG:
      return "; the file system or RLIMIT_FSIZE (ulimit -f) allows no file as large";
    case EACCES:
    case EPERM:
      return "; give this process the right to read and write there, or choose another directory";
    case EROFS:
      return "; the file system is mounted read-only: choose another directory";
    case ELOOP:
      return "; there is a symbolic link in its place, and links are not followed";
    case ENOENT:
    case ENOTDIR:
      return "; it is not there, or somebody removed it";
    case EMFILE:
      return "; this process may not open more files: raise RLIMIT_NOFILE (ulimit -n)";
    case ENFILE:
      return "; the machine may not open more files: raise fs.file-max";
    case EIO:
      return "; the device or its connection is faulty: look into the kernel's log (dmesg)";
    case ESTALE:
      return "; the file server has forgotten it: mount the file system anew";
    default:
      return "";
  }
}

}  // namespace

Result<FileSystem> file_system_of(FileCalls& calls, int descriptor, std::string_view path) {
  struct statfs found {};
  if (const int result = calls.file_system(descriptor, &found); result < 0) {
    return file_failure(-result, "ask for the file system of", path);
  }
  FileSystem system{.name = "a local file system"};
  system.free_bytes = static_cast<uint64_t>(found.f_bavail) * static_cast<uint64_t>(found.f_bsize);
  for (const KnownKind& kind : kKnownKinds) {
    if (static_cast<uint32_t>(found.f_type) != kind.magic) continue;
    system.name = kind.name;
    system.in_memory = kind.in_memory;
    system.network = kind.network;
  }
  return system;
}

Status file_failure(int cause, std::string_view action, std::string_view path) {
  return Status::error(code_of(cause), text("cannot ", action, " ", path, ": ", errno_text(cause), way_out(cause)),
                       cause);
}

}  // namespace windlass
