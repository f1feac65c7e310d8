// The processes that the torture starts, each of which ends with its owner.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/owned_descriptor.hpp"
#include "base/status.hpp"

namespace windlass::torture {

class Child {
 public:
  // Starts a program; its standard output can be read. Errors: kLibrary; kIo.
  static Result<Child> start(std::vector<std::string> arguments);

  Child(Child&& other) noexcept : process_(std::exchange(other.process_, 0)), output_(std::move(other.output_)) {}
  Child& operator=(Child&& other) noexcept {
    std::swap(process_, other.process_);
    std::swap(output_, other.output_);
    return *this;
  }
  ~Child() { (void)end(9); }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  pid_t process() const noexcept { return process_; }

  // The next line that it prints; empty at its end.
  std::string read_line();

  // Sends a signal (0: none), and waits. Returns what waitpid tells of its end; 0 if it has been waited for already.
  int end(int signal) noexcept;

  // How many files it has open.
  uint64_t open_files() const;

 private:
  Child(pid_t process, OwnedDescriptor output) noexcept : process_(process), output_(std::move(output)) {}

  pid_t process_;
  OwnedDescriptor output_;
};

}  // namespace windlass::torture
