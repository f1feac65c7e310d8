#include "support/leak_check.hpp"

#include <dirent.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "base/live_count.hpp"
#include "base/text.hpp"

namespace windlass::test {

namespace {

std::map<int, std::string> open_files() {
  std::map<int, std::string> files;
  DIR* const folder = opendir("/proc/self/fd");
  if (folder == nullptr) return files;
  while (const dirent* entry = readdir(folder)) {
    const int descriptor = std::atoi(entry->d_name);
    if (entry->d_name[0] == '.' || descriptor == dirfd(folder)) continue;
    std::error_code gone;
    const std::string path = text("/proc/self/fd/", descriptor);
    files.emplace(descriptor, std::filesystem::read_symlink(path, gone).string());
  }
  closedir(folder);
  return files;
}

std::set<std::string> shared_memory() {
  std::set<std::string> names;
  std::error_code absent;
  const std::string ours = text("windlass-", getpid(), "-");
  for (const auto& entry : std::filesystem::directory_iterator("/dev/shm", absent)) {
    const std::string name = entry.path().filename().string();
    if (name.compare(0, ours.size(), ours) == 0) names.insert(name);
  }
  return names;
}

}  // namespace

Holdings Holdings::now() {
  Holdings holdings;
  for (int32_t kind = 0; kind <= kLastKind; ++kind) {
    holdings.live.push_back(kind == 0 ? 0 : LiveCount::of(static_cast<Kind>(kind)));
  }
  holdings.files = open_files();
  holdings.shared = shared_memory();
  return holdings;
}

std::string Holdings::beyond(const Holdings& before) const {
  std::string found;
  for (size_t kind = 1; kind < live.size(); ++kind) {
    if (live[kind] == before.live[kind]) continue;
    found += text("live objects of kind ", kind_name(static_cast<Kind>(kind)), ": ", live[kind], ", before the test ",
                  before.live[kind], "\n");
  }
  for (const auto& [descriptor, what] : files) {
    if (!before.files.contains(descriptor)) found += text("file descriptor ", descriptor, " is open: ", what, "\n");
  }
  for (const std::string& name : shared) {
    if (!before.shared.contains(name)) found += text("/dev/shm/", name, " is left\n");
  }
  return found;
}

void LeakCheck::OnTestStart(const testing::TestInfo&) { before_ = Holdings::now(); }

void LeakCheck::OnTestEnd(const testing::TestInfo& info) {
  const std::string left = Holdings::now().beyond(before_);
  if (!left.empty()) ADD_FAILURE_AT(info.file(), info.line()) << info.name() << " leaves behind:\n" << left;
}

}  // namespace windlass::test
