#include "archive/entry_path.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace windlass {

namespace {

constexpr size_t kMostNameBytes = 255;
constexpr size_t kShownBytes = 100;

Status refused(std::string_view path, std::string_view why) {
  const std::string_view more = path.size() > kShownBytes ? "…" : "";
  return Status::error(Code::kCorrupt, text("the path \"", path.substr(0, kShownBytes), more, "\" ", why,
                                            ": the archive is refused, since it may mean harm"));
}

}  // namespace

Result<std::string> checked_path(std::string_view written, ArchiveEntryKind kind) {
  std::string_view path = written;
  if (path.find('\0') != std::string_view::npos) return refused("…", "holds a NUL");
  if (path.empty()) return refused(path, "is empty");
  if (path.front() == '/') return refused(path, "is absolute");
  if (path == "." || path == "./") {
    if (kind == ArchiveEntryKind::kDirectory) return std::string();
    return refused(path, "names the tree itself, but is no directory");
  }
  if (path.starts_with("./")) path.remove_prefix(2);
  if (path.ends_with('/')) {
    if (kind != ArchiveEntryKind::kDirectory) return refused(written, "ends with a slash, but is no directory");
    path.remove_suffix(1);
  }
  if (path.size() > kMostPathBytes) return refused(written, "is longer than 4095 bytes");
  for (std::string_view rest = path;;) {
    const size_t end = std::min(rest.find('/'), rest.size());
    const std::string_view name = rest.substr(0, end);
    if (name.empty()) return refused(written, "has an empty part");
    if (name == "..") return refused(written, "leads upwards");
    if (name == ".") return refused(written, "has a part that is \".\"");
    if (name.size() > kMostNameBytes) return refused(written, "has a part that is longer than 255 bytes");
    if (end == rest.size()) break;
    rest.remove_prefix(end + 1);
  }
  return std::string(path);
}

std::string_view parent_of(std::string_view path) noexcept {
  const size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? std::string_view() : path.substr(0, slash);
}

std::string_view name_of(std::string_view path) noexcept { return path.substr(path.rfind('/') + 1); }

uint32_t saved_mode(ArchiveEntryKind kind, uint32_t mode) noexcept {
  if (kind == ArchiveEntryKind::kSymbolicLink) return 0777;
  const bool shared = (mode & 077U) != 0;
  if (kind == ArchiveEntryKind::kDirectory || (mode & 0111U) != 0) return shared ? 0755 : 0700;
  return shared ? 0644 : 0600;
}

uint32_t loaded_mode(ArchiveEntryKind kind, uint32_t mode) noexcept {
  if (kind == ArchiveEntryKind::kSymbolicLink) return 0777;
  return kind == ArchiveEntryKind::kDirectory ? (mode & 0755U) | 0700U : mode & 0755U;
}

}  // namespace windlass
