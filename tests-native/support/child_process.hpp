// A program that a test starts, talks to through pipes, and ends, whatever becomes of the test.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <string>
#include <vector>

#include "base/deadline.hpp"
#include "base/owned_descriptor.hpp"

extern char** environ;

namespace windlass::test {

class ChildProcess {
 public:
  explicit ChildProcess(std::vector<std::string> arguments) {
    std::array<int, 2> to{-1, -1};
    std::array<int, 2> from{-1, -1};
    EXPECT_EQ(pipe2(to.data(), O_CLOEXEC), 0);
    EXPECT_EQ(pipe2(from.data(), O_CLOEXEC), 0);
    const OwnedDescriptor its_input(to[0]);
    const OwnedDescriptor its_output(from[1]);
    input_ = OwnedDescriptor(to[1]);
    output_ = OwnedDescriptor(from[0]);
    std::vector<char*> words;
    for (std::string& argument : arguments) words.push_back(argument.data());
    words.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, its_input.number(), STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, its_output.number(), STDOUT_FILENO);
    EXPECT_EQ(posix_spawn(&process_, words[0], &actions, nullptr, words.data(), environ), 0) << arguments[0];
    posix_spawn_file_actions_destroy(&actions);
  }
  ~ChildProcess() {
    if (process_ > 0) kill();
  }
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  pid_t process() const { return process_; }

  // Its next line of output; empty at the end, or after far too much time.
  std::string read_line() {
    const Deadline end = Deadline::after(std::chrono::seconds(60));
    while (true) {
      if (const size_t at = unread_.find('\n'); at != std::string::npos) {
        const std::string line = unread_.substr(0, at);
        unread_.erase(0, at + 1);
        return line;
      }
      pollfd ready{output_.number(), POLLIN, 0};
      std::array<char, 512> bytes{};
      const ssize_t count =
          poll(&ready, 1, end.remaining_ms()) == 1 ? read(output_.number(), bytes.data(), bytes.size()) : 0;
      if (count <= 0) return "";
      unread_.append(bytes.data(), static_cast<size_t>(count));
    }
  }

  void write_line(const std::string& line) {
    const std::string whole = line + "\n";
    EXPECT_EQ(write(input_.number(), whole.data(), whole.size()), static_cast<ssize_t>(whole.size()));
  }
  // What it waits for on its standard input.
  void end_input() { input_.reset(); }

  void signal(int number) { EXPECT_EQ(::kill(process_, number), 0); }

  // Stops all its threads, and returns when they have stopped.
  void stop() {
    signal(SIGSTOP);
    int status = 0;
    EXPECT_EQ(waitpid(process_, &status, WUNTRACED), process_);
    EXPECT_TRUE(WIFSTOPPED(status));
  }
  void go_on() { signal(SIGCONT); }

  // Its exit status, or 1000 and the signal that ended it.
  int wait() {
    int status = 0;
    while (waitpid(process_, &status, 0) < 0 && errno == EINTR) {
    }
    process_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
  }

  // At once, and waits.
  void kill() {
    ::kill(process_, SIGKILL);
    static_cast<void>(wait());
  }

 private:
  pid_t process_ = -1;
  OwnedDescriptor input_;
  OwnedDescriptor output_;
  std::string unread_;
};

}  // namespace windlass::test
