// Goal: what the preloaded library does to a process. Method: programs in tests-native/preload/program are run with it,
// each case in a process of its own with the environment that it needs; the program says what is wrong.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/text.hpp"

extern char** environ;

namespace windlass {
namespace {

using Environment = std::map<std::string, std::string>;

struct Ended {
  int status = -1;
  std::string output;
};

// This process's environment, without what would change a program's, and with what is given.
std::vector<std::string> environment_with(const Environment& given) {
  std::vector<std::string> lines;
  for (char** line = environ; *line != nullptr; ++line) {
    const std::string_view text(*line);
    const std::string_view name = text.substr(0, text.find('='));
    const bool ours = name.substr(0, 8) == "WINDLASS" || name == "LD_PRELOAD" || name == "LD_LIBRARY_PATH";
    if (!ours) lines.emplace_back(text);
  }
  for (const auto& [name, value] : given) lines.push_back(text(name, '=', value));
  return lines;
}

std::vector<char*> pointers_to(std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  pointers.reserve(strings.size() + 1);
  for (std::string& each : strings) pointers.push_back(each.data());
  pointers.push_back(nullptr);
  return pointers;
}

// Runs a program to its end, with the library before it.
Ended run(std::vector<std::string> command, Environment environment) {
  if (*WINDLASS_PRELOAD_LIBRARY != '\0') environment.emplace("LD_PRELOAD", WINDLASS_PRELOAD_LIBRARY);
  std::vector<std::string> lines = environment_with(environment);
  std::array<int, 2> ends{};
  EXPECT_EQ(pipe2(ends.data(), O_CLOEXEC), 0);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDERR_FILENO);
  pid_t child = 0;
  Ended ended;
  const int spawned = posix_spawn(&child, command[0].c_str(), &actions, nullptr, pointers_to(command).data(),
                                  pointers_to(lines).data());
  posix_spawn_file_actions_destroy(&actions);
  close(ends[1]);
  if (spawned == 0) {
    std::array<char, 4096> piece{};
    for (ssize_t got = 0; (got = read(ends[0], piece.data(), piece.size())) > 0;) {
      ended.output.append(piece.data(), static_cast<size_t>(got));
    }
    EXPECT_EQ(waitpid(child, &ended.status, 0), child);
  }
  close(ends[0]);
  EXPECT_EQ(spawned, 0) << command[0];
  return ended;
}

void expect_good(const Ended& ended) {
  EXPECT_TRUE(WIFEXITED(ended.status) && WEXITSTATUS(ended.status) == 0) << "status " << ended.status << "\n"
                                                                         << ended.output;
}

// Runs a case on the emulated device.
void expect_case(const char* name, Environment environment = {}) {
  environment.emplace("WINDLASS_PRELOAD_DEVICE", "emulated:64M");
  expect_good(run({WINDLASS_PRELOAD_PROGRAM, name}, std::move(environment)));
}

// Runs a case on the fake driver's GPUs.
void expect_cuda_case(const char* name) {
  expect_good(run({WINDLASS_PRELOAD_PROGRAM, name}, {{"LD_LIBRARY_PATH", WINDLASS_PRELOAD_DRIVER_FOLDER}}));
}

TEST(PreloadProcessTest, withoutAScopeCallsGoToTheRuntime) { expect_case("withoutAScopeCallsGoToTheRuntime"); }

TEST(PreloadProcessTest, inAScopeMemoryIsARegionThatPausesAndResumes) {
  expect_case("inAScopeMemoryIsARegionThatPausesAndResumes");
}

TEST(PreloadProcessTest, sizeZeroAndNullAreAsInTheRuntime) { expect_case("sizeZeroAndNullAreAsInTheRuntime"); }

TEST(PreloadProcessTest, memoryIsFreedWhilePaused) { expect_case("memoryIsFreedWhilePaused"); }

TEST(PreloadProcessTest, nestedScopesOverrideAndRestore) { expect_case("nestedScopesOverrideAndRestore"); }

TEST(PreloadProcessTest, aThreadHasScopesOfItsOwnAndLeavesThemWhenItEnds) {
  expect_case("aThreadHasScopesOfItsOwnAndLeavesThemWhenItEnds");
}

TEST(PreloadProcessTest, twoTagsPauseAndResumeApart) { expect_case("twoTagsPauseAndResumeApart"); }

TEST(PreloadProcessTest, wrongArgumentsAreRefusedWithReasons) { expect_case("wrongArgumentsAreRefusedWithReasons"); }

TEST(PreloadProcessTest, theMarginStaysFreeAndWhatFailsIsTold) { expect_case("theMarginStaysFreeAndWhatFailsIsTold"); }

TEST(PreloadProcessTest, theEnvironmentMakesAScopeForEveryThread) {
  expect_case("theEnvironmentMakesAScopeForEveryThread", {{"WINDLASS_PRELOAD_TAG", "from-outside"},
                                                          {"WINDLASS_PRELOAD_BACKUP", "none"},
                                                          {"WINDLASS_PRELOAD_MARGIN", "8M"}});
}

TEST(PreloadProcessTest, aDisabledEnvironmentSaysOnlyWhatScopesAreLike) {
  expect_case("aDisabledEnvironmentSaysOnlyWhatScopesAreLike",
              {{"WINDLASS_PRELOAD_TAG", "from-outside"}, {"WINDLASS_PRELOAD_ENABLED", "0"}});
}

TEST(PreloadProcessTest, anEnvironmentThatIsWrongIsToldByEveryCall) {
  expect_case("anEnvironmentThatIsWrongIsToldByEveryCall",
              {{"WINDLASS_PRELOAD_BACKUP", "tape"}, {"WANTED_MESSAGE", "WINDLASS_PRELOAD_BACKUP=\"tape\""}});
  expect_case("anEnvironmentThatIsWrongIsToldByEveryCall",
              {{"WINDLASS_PRELOAD_BACKUP", "file:/no/such/folder"}, {"WANTED_MESSAGE", "/no/such/folder"}});
}

TEST(PreloadProcessTest, theTorchEntryPointsAlwaysGiveRegions) { expect_case("theTorchEntryPointsAlwaysGiveRegions"); }

TEST(PreloadProcessTest, bytesGoToFilesWhereTheEnvironmentSaysSo) {
  std::string folder = "/var/tmp/windlass-preload-XXXXXX";
  ASSERT_NE(mkdtemp(folder.data()), nullptr);
  expect_case("bytesGoToFilesWhereTheEnvironmentSaysSo", {{"WINDLASS_PRELOAD_BACKUP", text("file:", folder)}});
  for (const auto& left : std::filesystem::directory_iterator(folder)) {
    // The owner's record may stay, as the library's state is never destroyed; the next who opens the folder sweeps it.
    EXPECT_LT(left.is_regular_file() ? left.file_size() : 0, 4096U) << left.path() << " holds bytes";
  }
  std::filesystem::remove_all(folder);
}

TEST(PreloadProcessTest, pooledBackupsStayWithinTheirLimit) { expect_case("pooledBackupsStayWithinTheirLimit"); }

TEST(PreloadProcessTest, callsBeforeMainAndDuringExitWork) {
  expect_case("callsBeforeMainAndDuringExitWork",
              {{"WINDLASS_PRELOAD_TAG", "from-outside"}, {"PROGRAM_STARTS_EARLY", "1"}});
}

TEST(PreloadProcessTest, callsWhileAThreadEndsWork) { expect_case("callsWhileAThreadEndsWork"); }

TEST(PreloadProcessTest, whatIsAllocatedInsideTheLibraryGoesToTheRuntime) {
  if (*WINDLASS_PRELOAD_LIBRARY == '\0')
    GTEST_SKIP() << "the sanitizer has the function that the test puts its own for";
  expect_case("whatIsAllocatedInsideTheLibraryGoesToTheRuntime");
}

TEST(PreloadProcessTest, manyThreadsAllocateAndFreeWhileOthersPauseAndResume) {
  expect_case("manyThreadsAllocateAndFreeWhileOthersPauseAndResume");
}

TEST(PreloadProcessTest, memoryOfAGpuReallyGoesAndComesBack) { expect_cuda_case("memoryOfAGpuReallyGoesAndComesBack"); }

TEST(PreloadProcessTest, memoryOfARealGpuReallyGoesAndComesBack) {
  const char* const driver = std::getenv("WINDLASS_TEST_CUDA_LIBRARY");
  if (driver == nullptr) GTEST_SKIP() << "WINDLASS_TEST_CUDA_LIBRARY names no driver";
  Environment environment;
  const std::filesystem::path folder = std::filesystem::path(driver).parent_path();
  if (!folder.empty()) environment.emplace("LD_LIBRARY_PATH", folder.string());
  expect_good(run({WINDLASS_PRELOAD_PROGRAM, "memoryOfAGpuReallyGoesAndComesBack"}, environment));
}

TEST(PreloadProcessTest, freeingWaitsForTheWorkOfTheDevice) { expect_cuda_case("freeingWaitsForTheWorkOfTheDevice"); }

TEST(PreloadProcessTest, memoryIsOfTheThreadsCurrentDevice) { expect_cuda_case("memoryIsOfTheThreadsCurrentDevice"); }

TEST(PreloadProcessTest, aLostContextIsToldAsCudaTellsIt) { expect_cuda_case("aLostContextIsToldAsCudaTellsIt"); }

TEST(PreloadProcessTest, withoutADriverAScopeRefusesAndOutsideAllIsAsBefore) {
  if (std::filesystem::exists("/dev/nvidiactl")) GTEST_SKIP() << "this machine has a driver";
  expect_good(run({WINDLASS_PRELOAD_PROGRAM, "withoutADriverAScopeRefusesAndOutsideAllIsAsBefore"}, {}));
}

TEST(PreloadProcessTest, aRuntimeThatOnlyAPluginKnowsIsFound) {
  expect_good(run({WINDLASS_PRELOAD_UNLINKED, WINDLASS_PRELOAD_PLUGIN}, {{"WINDLASS_PRELOAD_DEVICE", "emulated:64M"}}));
}

}  // namespace
}  // namespace windlass
