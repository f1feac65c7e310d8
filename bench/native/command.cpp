#include "command.hpp"

#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <memory>

#include "base/text.hpp"

namespace windlass::bench {

Result<Cost> run_command(const std::string& command) {
  std::string shell = "/bin/bash";
  std::string option = "-c";
  std::string script = text("set -e -o pipefail; ", command);
  std::array<char*, 4> arguments{shell.data(), option.data(), script.data(), nullptr};
  const double cpu_before = cpu_seconds_of(RUSAGE_CHILDREN);
  int ended = 0;
  int failure = 0;
  Cost cost = cost_of([&] {
    pid_t process = 0;
    failure = posix_spawn(&process, arguments[0], nullptr, nullptr, arguments.data(), environ);
    while (failure == 0 && waitpid(process, &ended, 0) < 0) {
      if (errno != EINTR) failure = errno;
    }
  });
  if (failure != 0)
    return Status::error(Code::kLibrary, text(command, " cannot be run: ", errno_text(failure)), failure);
  if (ended != 0) return Status::error(Code::kLibrary, text(command, " ended with status ", WEXITSTATUS(ended)));
  cost.cpu_seconds = cpu_seconds_of(RUSAGE_CHILDREN) - cpu_before;
  return cost;
}

std::string output_of(const std::string& command) {
  const std::string bash = text("/bin/bash -c ", quoted(command));
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(bash.c_str(), "r"), pclose);
  std::string output;
  std::array<char, 4096> part{};
  while (pipe != nullptr && std::fgets(part.data(), part.size(), pipe.get()) != nullptr) output += part.data();
  return output;
}

std::string quoted(const std::string& word) {
  std::string made = "'";
  for (const char letter : word) {
    if (letter == '\'') {
      made += "'\\''";
    } else {
      made += letter;
    }
  }
  return made + "'";
}

}  // namespace windlass::bench
