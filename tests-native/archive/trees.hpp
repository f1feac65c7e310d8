// Trees to archive, archives made by hand, and what became of them.
#pragma once

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "archive/load.hpp"
#include "archive/save.hpp"
#include "support/temporary_directory.hpp"

namespace windlass::test {

inline std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

inline void write_file(const std::string& path, std::string_view content, mode_t mode = 0644) {
  std::filesystem::create_directories(std::filesystem::path(path).parent_path());
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(content.data(), static_cast<std::streamsize>(content.size()));
  file.close();
  EXPECT_EQ(chmod(path.c_str(), mode), 0) << path;
}

// Text that shrinks to a third or so.
inline std::string words(uint64_t bytes, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::string out;
  while (out.size() < bytes) out += "word" + std::to_string(random() % 1000) + (random() % 9 == 0 ? "\n" : " ");
  out.resize(bytes);
  return out;
}

// Everything below a directory: paths, with what they are.
inline std::map<std::string, std::string> tree_of(const std::string& path) {
  namespace fs = std::filesystem;
  std::map<std::string, std::string> found;
  for (const auto& entry : fs::recursive_directory_iterator(path)) {
    const std::string name = fs::relative(entry.path().parent_path(), path) / entry.path().filename();
    struct stat status {};
    EXPECT_EQ(lstat(entry.path().c_str(), &status), 0);
    const std::string mode = std::to_string(status.st_mode & 07777);
    if (entry.is_symlink()) {
      found[name] = "link " + fs::read_symlink(entry.path()).string();
    } else if (entry.is_directory()) {
      found[name] = "directory " + mode;
    } else {
      found[name] = "file " + mode + " " + read_file(entry.path());
    }
  }
  return found;
}

// A tree with what trees have: empty files and directories, private and executable ones, long names, links; some files
// larger than frames of 64 KiB.
inline void make_usual_tree(const std::string& path) {
  namespace fs = std::filesystem;
  fs::create_directories(path + "/empty");
  write_file(path + "/nothing", "");
  write_file(path + "/private", "secret", 0600);
  write_file(path + "/bin/run", "#!/bin/sh\n", 0755);
  write_file(path + "/bin/own", "#!/bin/sh\n", 0700);
  write_file(path + "/a-b", "between a and a/b");
  write_file(path + "/a/b", "in a");
  write_file(path + "/grüße/ä", "not ASCII");
  write_file(path + "/" + std::string(120, 'd') + "/" + std::string(120, 'e') + "/" + std::string(200, 'f'), "far");
  write_file(path + "/" + std::string(90, 'p') + "/" + std::string(90, 'n'), "prefix");
  for (uint64_t i = 0; i < 40; ++i) write_file(path + "/many/" + std::to_string(i), words(1000 + i * 777, i));
  write_file(path + "/large", words(300'000, 77));
  write_file(path + "/exact", words(128 * 1024, 78));
  fs::create_symlink("../large", path + "/a/link");
  fs::create_directory_symlink("many", path + "/other");
  chmod((path + "/empty").c_str(), 0700);
}

struct Saved {
  Result<ArchiveReport> report;
  std::string path;
};

inline ArchiveSaveOptions small_frames() {
  ArchiveSaveOptions options;
  options.frame_bytes = kLeastFrameBytes;
  return options;
}

inline Result<ArchiveReport> save(const std::string& from, const std::string& to,
                                  const ArchiveSaveOptions& options = small_frames(),
                                  FileCalls& calls = FileCalls::system()) {
  WorkState work;
  return save_archive(calls, from, to, options, work);
}

inline Result<ArchiveReport> load(const std::string& from, const std::string& to,
                                  const ArchiveLoadOptions& options = {}, FileCalls& calls = FileCalls::system()) {
  WorkState work;
  return load_archive(calls, from, to, options, work, nullptr);
}

inline Result<ArchiveReport> verify(const std::string& path, const ArchiveLoadOptions& options = {}) {
  WorkState work;
  return load_archive(FileCalls::system(), path, std::nullopt, options, work, nullptr);
}

// A place with a tree, for archives of it.
class ArchiveTest : public testing::Test {
 protected:
  std::string at(const std::string& name) const { return place_.path() + "/" + name; }

  // Loads and verifies what cannot be: both refuse it so, and nothing is left.
  void expect_refused(const std::string& path, Code code, const std::string& why,
                      const ArchiveLoadOptions& options = {}) {
    const std::set<std::string> before = place_.names();
    const Result<ArchiveReport> loaded = load(path, at("refused"), options);
    const Result<ArchiveReport> verified = verify(path, options);
    for (const auto* const outcome : {&loaded, &verified}) {
      EXPECT_EQ(outcome->status().code(), code) << outcome->status().to_string();
      EXPECT_NE(outcome->status().message().find(why), std::string::npos) << outcome->status().to_string();
    }
    EXPECT_EQ(place_.names(), before);
  }

  TemporaryDirectory place_;
};

}  // namespace windlass::test
