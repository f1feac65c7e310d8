#include "children.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <filesystem>
#include <iterator>

#include "base/text.hpp"

namespace windlass::torture {

Result<Child> Child::start(std::vector<std::string> arguments) {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return Status::error(Code::kIo, errno_text(errno), errno);
  OwnedDescriptor read_end(ends[0]);
  const OwnedDescriptor write_end(ends[1]);
  std::vector<char*> pointers;
  for (std::string& argument : arguments) pointers.push_back(argument.data());
  pointers.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, write_end.number(), STDOUT_FILENO);
  pid_t process = 0;
  const int failure = posix_spawn(&process, pointers[0], &actions, nullptr, pointers.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (failure != 0) {
    return Status::error(Code::kLibrary, text(arguments[0], " cannot be started: ", errno_text(failure)), failure);
  }
  return Child(process, std::move(read_end));
}

std::string Child::read_line() {
  std::string line;
  for (char letter = 0; read(output_.number(), &letter, 1) == 1 && letter != '\n';) line += letter;
  return line;
}

int Child::end(int signal) noexcept {
  if (process_ == 0) return 0;
  if (signal != 0) (void)kill(process_, signal);
  int ended = 0;
  while (waitpid(process_, &ended, 0) < 0 && errno == EINTR) {
  }
  process_ = 0;
  return ended;
}

uint64_t Child::open_files() const {
  const std::filesystem::directory_iterator files(text("/proc/", process_, "/fd"));
  return static_cast<uint64_t>(std::distance(std::filesystem::begin(files), std::filesystem::end(files)));
}

}  // namespace windlass::torture
