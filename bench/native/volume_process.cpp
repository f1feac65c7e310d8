#include "volume_process.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <utility>
#include <vector>

#include "base/text.hpp"
#include "measure.hpp"

namespace windlass::bench {

namespace {

// Where the build put it; beside us where we were carried elsewhere.
std::string daemon_path() {
  std::array<char, 4096> self{};
  const ssize_t length = readlink("/proc/self/exe", self.data(), self.size() - 1);
  const std::string own(self.data(), length > 0 ? static_cast<size_t>(length) : 0);
  const std::string beside = own.substr(0, own.rfind('/') + 1) + "windlassd";
  return access(beside.c_str(), X_OK) == 0 ? beside : WINDLASS_DAEMON;
}

struct Spawned {
  pid_t process = 0;
  OwnedDescriptor output;
};

Result<Spawned> spawn(std::vector<std::string> arguments) {
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
  return Spawned{process, std::move(read_end)};
}

}  // namespace

Result<std::unique_ptr<VolumeProcess>> VolumeProcess::start(uint64_t limit_bytes) {
  Result<Spawned> spawned =
      spawn({daemon_path(), "--listen", text("shm:///tmp/windlass-bench-", getpid(), ".sock"), "--listen",
             "tcp://127.0.0.1:0", "--limit", std::to_string(limit_bytes), "--print-address"});
  if (!spawned.ok()) return spawned.status();
  auto volume = std::make_unique<VolumeProcess>(spawned->process, std::move(spawned->output));
  if (Status read = volume->read_addresses(); !read.ok()) return read;
  return volume;
}

VolumeProcess::VolumeProcess(pid_t process, OwnedDescriptor output) noexcept
    : process_(process), output_(std::move(output)) {}

VolumeProcess::~VolumeProcess() {
  (void)kill(process_, SIGTERM);
  while (waitpid(process_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

Status VolumeProcess::read_addresses() {
  std::string lines;
  std::array<char, 512> piece{};
  while (shm_uri_.empty() || tcp_uri_.empty()) {
    const ssize_t count = read(output_.number(), piece.data(), piece.size());
    if (count <= 0) return Status::error(Code::kIo, "windlassd ended before it told where it listens");
    lines.append(piece.data(), static_cast<size_t>(count));
    for (size_t end = lines.find('\n'); end != std::string::npos; end = lines.find('\n')) {
      const std::string line = lines.substr(0, end);
      lines.erase(0, end + 1);
      if (line.starts_with("shm:")) shm_uri_ = line;
      if (line.starts_with("tcp:")) tcp_uri_ = line;
    }
  }
  return Status();
}

double VolumeProcess::cpu_seconds() const { return process_cpu_seconds(process_); }

}  // namespace windlass::bench
