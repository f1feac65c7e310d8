// A directory for one test, on a disk where there is one, removed with what is in it.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <set>
#include <string>

namespace windlass::test {

class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    // Not /tmp, which is often in memory, where there are no direct transfers.
    std::string pattern = "/var/tmp/windlass-test-XXXXXX";
    if (mkdtemp(pattern.data()) == nullptr) {
      pattern = "windlass-test-XXXXXX";
      if (mkdtemp(pattern.data()) == nullptr) ADD_FAILURE() << "no directory can be made in /var/tmp, nor here";
    }
    path_ = pattern;
  }
  ~TemporaryDirectory() {
    std::error_code gone;
    std::filesystem::remove_all(path_, gone);
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  const std::string& path() const { return path_; }

  // The names of what is in it.
  std::set<std::string> names() const {
    std::set<std::string> found;
    for (const auto& entry : std::filesystem::directory_iterator(path_)) found.insert(entry.path().filename().string());
    return found;
  }
  std::set<std::string> names_ending(const std::string& end) const {
    std::set<std::string> found = names();
    std::erase_if(found, [&](const std::string& name) { return !name.ends_with(end); });
    return found;
  }

 private:
  std::string path_;
};

}  // namespace windlass::test
