// Fails each test that leaves something behind: live objects of the library, open files, or shared memory by a name.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <vector>

namespace windlass::test {

// What a process holds that a test must not leave behind.
struct Holdings {
  std::vector<uint64_t> live;        // by kind
  std::map<int, std::string> files;  // descriptors, and what they stand for
  std::set<std::string> shared;      // /dev/shm entries of this process: windlass-<pid>-…

  static Holdings now();

  // What is held beyond what was held before, in sentences; empty if nothing is.
  std::string beyond(const Holdings& before) const;
};

class LeakCheck final : public testing::EmptyTestEventListener {
 public:
  void OnTestStart(const testing::TestInfo& info) override;
  void OnTestEnd(const testing::TestInfo& info) override;

 private:
  Holdings before_;
};

}  // namespace windlass::test
