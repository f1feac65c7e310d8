#include "archive/archive_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "archive/tar_format.hpp"
#include "base/text.hpp"
#include "io/file_system.hpp"

namespace windlass {

namespace {

uint32_t first_word(std::span<const std::byte> bytes) noexcept {
  uint32_t word = 0;
  for (unsigned at = 0; at < 4 && at < bytes.size(); ++at) word |= std::to_integer<uint32_t>(bytes[at]) << (8 * at);
  return word;
}

constexpr uint32_t kZstdMagic = 0xFD2FB528;
constexpr uint32_t kSkippableMagic = 0x184D2A50;
constexpr uint32_t kSkippableMask = 0xFFFFFFF0;
constexpr uint32_t kGzipMagic = 0x8B1F;

}  // namespace

Result<std::unique_ptr<ArchiveFile>> ArchiveFile::open(FileCalls& calls, const std::string& path, bool writable) {
  auto archive = std::make_unique<ArchiveFile>(calls, path);
  const int opened = calls.open_at(AT_FDCWD, path.c_str(), (writable ? O_RDWR : O_RDONLY) | O_NONBLOCK, 0);
  if (opened < 0) return file_failure(-opened, "open", path);
  archive->file_ = OwnedDescriptor(opened);
  struct statx found {};
  if (const int result = calls.status(opened, &found); result < 0) return file_failure(-result, "look at", path);
  if (!S_ISREG(found.stx_mode)) {
    return Status::error(Code::kInvalidArgument, text(path, " is no file; name an archive"));
  }
  archive->file_bytes_ = found.stx_size;
  archive->bytes_ = found.stx_size;
  if (found.stx_size == 0) return Status::error(Code::kCorrupt, text(path, " is empty, and no archive; write it anew"));
  if (Status done = archive->find_index(); !done.ok()) return done.with_prefix(path);
  return archive;
}

Status ArchiveFile::read(std::span<std::byte> target, uint64_t offset) const {
  while (!target.empty()) {
    const int64_t count = calls_.read_at(file_.number(), target.data(), target.size(), offset);
    if (count < 0) return file_failure(static_cast<int>(-count), "read", path_);
    if (count == 0) return Status::error(Code::kCorrupt, text(path_, " has become shorter while it was read"));
    target = target.subspan(static_cast<size_t>(count));
    offset += static_cast<uint64_t>(count);
  }
  return Status();
}

Result<std::vector<std::byte>> ArchiveFile::read_all(uint64_t offset, uint64_t bytes) const {
  std::vector<std::byte> all(bytes);
  if (Status done = read(all, offset); !done.ok()) return done;
  return all;
}

Status ArchiveFile::find_index() {
  Result<std::vector<std::byte>> last =
      read_all(bytes_ - std::min(bytes_, kIndexFooterBytes), std::min(bytes_, kIndexFooterBytes));
  if (!last.ok()) return last.status();
  if (const uint64_t taken = seal_frame_bytes(*last); taken != 0 && taken < bytes_) {
    const Result<std::vector<std::byte>> frame = read_all(bytes_ - taken, taken);
    if (!frame.ok()) return frame.status();
    const Result<std::span<const std::byte>> seal = decode_seal(*frame);
    if (!seal.ok()) return seal.status();
    seal_.emplace(seal->begin(), seal->end());
    bytes_ -= taken;
    last = read_all(bytes_ - std::min(bytes_, kIndexFooterBytes), std::min(bytes_, kIndexFooterBytes));
    if (!last.ok()) return last.status();
  }
  const uint64_t taken = index_frame_bytes(*last);
  if (taken == 0 || taken > bytes_) {
    if (seal_.has_value()) return Status::error(Code::kCorrupt, "there is a seal, but no index before it");
    return find_format();
  }
  Result<std::vector<std::byte>> frame = read_all(bytes_ - taken, taken);
  if (!frame.ok()) return frame.status();
  index_frame_ = *std::move(frame);
  Result<CheckedIndex> index = check_index(index_frame_);
  if (!index.ok()) return index.status();
  index_ = *index;
  if (index_.head.data_bytes == bytes_ - taken) return Status();
  return Status::error(Code::kCorrupt, "the index does not belong to what is before it: something was cut or added");
}

Status ArchiveFile::find_format() {
  std::array<std::byte, kTarBlockBytes> first{};
  const std::span<std::byte> start(first.data(), std::min<uint64_t>(first.size(), bytes_));
  if (Status done = read(start, 0); !done.ok()) return done;
  const uint32_t word = first_word(start);
  if (word == kZstdMagic || (word & kSkippableMask) == kSkippableMagic) {
    format_ = ArchiveFormat::kZstdTar;
    return Status();
  }
  if ((word & 0xFFFFU) == kGzipMagic) {
    return Status::error(Code::kUnsupported, "it is compressed with gzip; decompress it first (gunzip)");
  }
  MemorySource source(start);
  TarReader reader;
  const Result<std::optional<TarHeader>> header = reader.next(source);
  // One that begins with further headers is longer than a block.
  const std::string_view magic(reinterpret_cast<const char*>(first.data()) + 257, 5);
  if (header.ok() || magic == "ustar") {
    format_ = ArchiveFormat::kTar;
    return Status();
  }
  return Status::error(Code::kCorrupt, "it is neither a .tar.zst nor a .tar, or its beginning is damaged");
}

Status ArchiveFile::append_seal(std::span<const std::byte> seal) {
  if (format_ != ArchiveFormat::kWindlass) {
    return Status::error(Code::kState, text(path_, " has no index, so that there is nothing to seal; save it anew"));
  }
  if (seal_.has_value()) return Status::error(Code::kState, text(path_, " has a seal already"));
  if (seal.size() > kMostSealBytes) {
    return Status::error(Code::kInvalidArgument,
                         text("a seal of ", seal.size(), " bytes; it takes at most ", kMostSealBytes));
  }
  const std::vector<std::byte> frame = encode_seal(seal);
  int result = 0;
  for (size_t at = 0; at < frame.size() && result == 0;) {
    const int64_t count = calls_.write_at(file_.number(), frame.data() + at, frame.size() - at, bytes_ + at);
    if (count < 0) result = static_cast<int>(count);
    at += count > 0 ? static_cast<size_t>(count) : 0;
  }
  if (result == 0) result = calls_.sync(file_.number());
  if (result == 0) return Status();
  calls_.truncate(file_.number(), bytes_);
  return file_failure(-result, "add a seal to", path_);
}

}  // namespace windlass
