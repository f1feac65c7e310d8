// What is left by a process that dies at any step, and by a disk that is full.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "archive/archive_file.hpp"
#include "archive/exchange.hpp"
#include "archive/hand_archives.hpp"
#include "archive/new_file.hpp"
#include "archive/trees.hpp"
#include "fake/fake_file_calls.hpp"

namespace windlass {
namespace {

// Dies at a step, before it is taken.
class DyingCalls final : public FileCalls {
 public:
  explicit DyingCalls(uint64_t step) : left_(step) {}

#define WINDLASS_DIES(name, parameters, ...) \
  int name parameters noexcept override {    \
    step();                                  \
    return FileCalls::name(__VA_ARGS__);     \
  }
  WINDLASS_DIES(open_at, (int directory, const char* name, int flags, mode_t mode), directory, name, flags, mode)
  WINDLASS_DIES(make_directory, (int directory, const char* name, mode_t mode), directory, name, mode)
  WINDLASS_DIES(make_symbolic_link, (const char* target, int directory, const char* name), target, directory, name)
  WINDLASS_DIES(make_hard_link, (int from, const char* old, int directory, const char* name), from, old, directory,
                name)
  WINDLASS_DIES(name_file, (int descriptor, int directory, const char* name), descriptor, directory, name)
  WINDLASS_DIES(rename, (int from, const char* old, int directory, const char* name, unsigned flags), from, old,
                directory, name, flags)
  WINDLASS_DIES(set_mode, (int descriptor, mode_t mode), descriptor, mode)
  WINDLASS_DIES(lock, (int descriptor), descriptor)
  WINDLASS_DIES(sync, (int descriptor), descriptor)
  WINDLASS_DIES(sync_file_system, (int descriptor), descriptor)
#undef WINDLASS_DIES
  int64_t write_at(int descriptor, const void* source, uint64_t bytes, uint64_t offset) noexcept override {
    step();
    return FileCalls::write_at(descriptor, source, bytes, offset);
  }

 private:
  void step() noexcept {
    if (--left_ == 0) kill(getpid(), SIGKILL);
  }
  uint64_t left_;
};

class DurabilityTest : public test::ArchiveTest {
 protected:
  // Runs work in a child; returns whether it was killed.
  static bool killed(const std::function<bool()>& work) {
    const pid_t child = fork();
    if (child == 0) _exit(work() ? 0 : 1);
    int status = 0;
    EXPECT_EQ(waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFSIGNALED(status) || WEXITSTATUS(status) == 0);
    return WIFSIGNALED(status);
  }
};

TEST_F(DurabilityTest, aSaveKilledAtAnyStepLeavesNothingOrAllOfIt) {
  test::make_usual_tree(at("tree"));
  ArchiveSaveOptions options = test::small_frames();
  options.threads = 1;
  uint64_t steps = 0;
  while (killed([&] {
    DyingCalls calls(steps + 1);
    return test::save(at("tree"), at("archive"), options, calls).ok();
  })) {
    ++steps;
    if (!std::filesystem::exists(at("archive"))) continue;
    EXPECT_TRUE(test::verify(at("archive")).ok());
    std::filesystem::remove(at("archive"));
  }
  EXPECT_GE(steps, 8U);
  EXPECT_TRUE(test::verify(at("archive")).ok());
  EXPECT_EQ(place_.names(), (std::set<std::string>{"archive", "tree"}));
}

TEST_F(DurabilityTest, aLoadKilledAtAnyStepLeavesNothingThatTheNextDoesNotRemove) {
  test::write_file(at("tree/d/e/file"), test::words(100'000, 1));
  test::write_file(at("tree/small"), "small");
  std::filesystem::create_symlink("small", at("tree/link"));
  ASSERT_TRUE(test::save(at("tree"), at("archive")).ok());
  const auto wanted = test::tree_of(at("tree"));
  ArchiveLoadOptions options;
  options.threads = 1;
  uint64_t steps = 0;
  while (killed([&] {
    DyingCalls calls(steps + 1);
    return test::load(at("archive"), at("back"), options, calls).ok();
  })) {
    ++steps;
    // At most one: that of this load, as it has removed that of the last.
    EXPECT_LE(place_.names_ending(".part").size(), 1U) << steps;
    if (!std::filesystem::exists(at("back"))) continue;
    EXPECT_EQ(test::tree_of(at("back")), wanted) << steps;
    std::filesystem::remove_all(at("back"));
  }
  EXPECT_GE(steps, 15U);
  EXPECT_EQ(test::tree_of(at("back")), wanted);
  EXPECT_EQ(place_.names(), (std::set<std::string>{"archive", "back", "tree"}));
}

TEST_F(DurabilityTest, aFileWithAPartsNameIsSweptOnceItsProcessIsDead) {
  EXPECT_TRUE(killed([&] {
    static_cast<void>(NewFile::create(FileCalls::system(), at("file"), true).value().release());
    kill(getpid(), SIGKILL);
    return true;
  }));
  EXPECT_EQ(place_.names_ending(".part").size(), 1U);
  const auto living = NewFile::create(FileCalls::system(), at("file"), true).value();
  const auto other = NewFile::create(FileCalls::system(), at("other"), true).value();
  EXPECT_EQ(place_.names_ending(".part").size(), 2U);
  EXPECT_TRUE(living->publish().ok());
  EXPECT_TRUE(other->publish().ok());
  EXPECT_EQ(place_.names(), (std::set<std::string>{"file", "other"}));
}

// Goal: a disk that is really full. Method: a child with a file system of its own.
TEST_F(DurabilityTest, aFullDiskIsRefusedAndNothingIsLeft) {
  test::write_file(at("tree/large"), test::words(9 << 20, 1));
  for (uint64_t i = 0; i < 50; ++i) test::write_file(at("tree/" + std::to_string(i)), test::words(20'000, i));
  ASSERT_TRUE(test::save(at("tree"), at("archive")).ok());
  std::filesystem::create_directory(at("disk"));
  const pid_t child = fork();
  if (child == 0) {
    constexpr int kCannot = 77;
    if (unshare(CLONE_NEWNS) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) _exit(kCannot);
    if (mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) _exit(kCannot);
    if (mount("none", at("disk").c_str(), "tmpfs", 0, "size=2m,mode=700") != 0) _exit(kCannot);
    const auto loaded = test::load(at("archive"), at("disk/back"));
    const auto saved = test::save(at("tree"), at("disk/archive"));
    const bool empty = std::filesystem::is_empty(at("disk"));
    _exit(loaded.status().code() == Code::kNoSpace && saved.status().code() == Code::kNoSpace && empty ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 77) {
    GTEST_SKIP() << "SKIPPED: this process may not mount a file system of its own";
  }
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
}

}  // namespace
}  // namespace windlass
