#include "archive/part.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <utility>
#include <vector>

#include "archive/entry_path.hpp"
#include "base/contain.hpp"
#include "base/nonce.hpp"
#include "base/text.hpp"
#include "io/file_system.hpp"

namespace windlass {

namespace {

constexpr std::string_view kPartStart = ".windlass-";
constexpr std::string_view kPartEnd = ".part";

struct CloseDirectory {
  void operator()(DIR* directory) const noexcept { closedir(directory); }
};

// The names in a directory that is open; those that can be read.
std::vector<std::string> names_in(int directory) {
  std::vector<std::string> names;
  const std::unique_ptr<DIR, CloseDirectory> listed(
      fdopendir(openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)));
  if (listed == nullptr) return names;
  while (const dirent* const entry =
             readdir(listed.get())) {  // NOLINT(concurrency-mt-unsafe): the stream is ours alone
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  return names;
}

bool is_same(FileCalls& calls, int descriptor, int directory, const std::string& name) noexcept {
  struct statx open {};
  struct statx named {};
  return calls.status(descriptor, &open) == 0 && calls.status_at(directory, name.c_str(), &named) == 0 &&
         open.stx_ino == named.stx_ino && open.stx_dev_major == named.stx_dev_major &&
         open.stx_dev_minor == named.stx_dev_minor;
}

struct Level {
  OwnedDescriptor directory;
  std::string name;  // in the one before
  std::vector<std::string> left;
};

void empty_directory(FileCalls& calls, OwnedDescriptor directory) {
  std::vector<Level> levels;
  std::vector<std::string> names = names_in(directory.number());
  levels.push_back({std::move(directory), "", std::move(names)});
  while (true) {
    Level& level = levels.back();
    const int at = level.directory.number();
    if (level.left.empty()) {
      const std::string name = std::move(level.name);
      levels.pop_back();
      if (levels.empty()) return;
      calls.remove_directory(levels.back().directory.number(), name.c_str());
      continue;
    }
    std::string name = std::move(level.left.back());
    level.left.pop_back();
    if (calls.unlink_at(at, name.c_str()) == 0) continue;
    OwnedDescriptor inner(FileCalls::system().open_at(at, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0));
    if (!inner.valid()) continue;
    std::vector<std::string> inner_names = names_in(inner.number());
    levels.push_back({std::move(inner), std::move(name), std::move(inner_names)});
  }
}

}  // namespace

Result<NamedPlace> open_place(FileCalls& calls, const std::string& path) {
  std::string_view rest = path;
  while (rest.size() > 1 && rest.ends_with('/')) rest.remove_suffix(1);
  NamedPlace place;
  place.path = rest;
  place.name = name_of(rest);
  if (place.name.empty() || place.name == "." || place.name == ".." || path.find('\0') != std::string::npos) {
    return Status::error(Code::kInvalidArgument, text("\"", path, "\" ends with no name; give the path of a new one"));
  }
  std::string parent(rest.substr(0, rest.size() - place.name.size()));
  if (parent.empty()) parent = ".";
  const int opened = calls.open_at(AT_FDCWD, parent.c_str(), O_RDONLY | O_DIRECTORY, 0);
  if (opened < 0) return file_failure(-opened, "open the directory", parent);
  place.directory = OwnedDescriptor(opened);
  return place;
}

Result<bool> exists_at(FileCalls& calls, const NamedPlace& place) {
  struct statx found {};
  const int result = calls.status_at(place.directory.number(), place.name.c_str(), &found);
  if (result == 0) return true;
  if (result == -ENOENT) return false;
  return file_failure(-result, "look for", place.path);
}

std::string fresh_part_name() {
  std::string digits = hex_text(fresh_nonce()).substr(2);
  digits.insert(0, 16 - digits.size(), '0');
  return text(kPartStart, digits, kPartEnd);
}

void remove_tree(FileCalls& calls, int directory, const std::string& name) noexcept {
  static_cast<void>(contain([&] {
    const int removed = calls.unlink_at(directory, name.c_str());
    if (removed == 0 || removed == -ENOENT) return Status();
    OwnedDescriptor tree(FileCalls::system().open_at(directory, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0));
    if (tree.valid()) empty_directory(calls, std::move(tree));
    calls.remove_directory(directory, name.c_str());
    return Status();
  }));
}

bool lock_part(FileCalls& calls, int descriptor, int directory, const std::string& name) noexcept {
  const int locked = calls.lock(descriptor);
  return locked != -EWOULDBLOCK && is_same(calls, descriptor, directory, name);
}

void sweep_parts(FileCalls& calls, int directory) noexcept {
  static_cast<void>(contain([&] {
    const Result<FileSystem> system = file_system_of(calls, directory, "it");
    if (!system.ok() || system->network) return Status();
    for (const std::string& name : names_in(directory)) {
      if (!name.starts_with(kPartStart) || !name.ends_with(kPartEnd)) continue;
      const OwnedDescriptor part(
          FileCalls::system().open_at(directory, name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0));
      struct statx found {};
      if (!part.valid() || calls.status(part.number(), &found) != 0 || found.stx_uid != geteuid()) continue;
      if (calls.lock(part.number()) == 0 && is_same(calls, part.number(), directory, name)) {
        remove_tree(calls, directory, name);
      }
    }
    return Status();
  }));
}

}  // namespace windlass
