// windlassd: a volume without a JVM.
//
// It opens a volume, listens, prints the addresses if it is told to, and waits for SIGTERM or SIGINT, upon which it
// ends cleanly, with status 0. What it logs goes to standard error.
#include <pthread.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <ctime>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include "base/background_thread.hpp"
#include "base/contain.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "daemon/command_line.hpp"
#include "volume/volume.hpp"
#include "volume/volume_server.hpp"

namespace windlass {
namespace {

constexpr int kUsageError = 2;
constexpr int kFailure = 1;
constexpr size_t kLogLines = 4096;

// Writes the log to standard error, from a thread of its own.
class LogToStandardError {
 public:
  Status start(LogLevel level) {
    Result<std::shared_ptr<LogSubscriber>> opened = LogSubscriber::open(level, kLogLines);
    if (!opened.ok()) return opened.status();
    lines_ = *std::move(opened);
    return writer_.wake();
  }
  ~LogToStandardError() {
    if (lines_ == nullptr) return;
    // What has been said until now is still written.
    static_cast<void>(contain([this] {
                        while (write_one(std::chrono::nanoseconds(0))) {
                        }
                        return Status();
                      }).ok());
    lines_->close();
    writer_.end();
  }

 private:
  bool write_one(std::chrono::nanoseconds timeout) {
    Result<LogLine> line = lines_->read(timeout);
    if (!line.ok()) return line.status().code() == Code::kTimeout && timeout.count() != 0;
    constexpr std::array<const char*, 4> kLevels{"debug", "info", "warning", "error"};
    const std::time_t seconds = static_cast<std::time_t>(line->time_unix_ns / 1'000'000'000);
    std::tm parts{};
    std::array<char, 32> when{};
    if (gmtime_r(&seconds, &parts) != nullptr) std::strftime(when.data(), when.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
    const std::string shown =
        text(when.data(), " ", kLevels[static_cast<size_t>(line->level)], " ", line->source, ": ", line->message, "\n");
    // One write for each line, so that the lines of several processes do not mix. A reader that is gone is no reason to
    // stop.
    return ::write(STDERR_FILENO, shown.data(), shown.size()) >= 0 || timeout.count() != 0;
  }

  std::shared_ptr<LogSubscriber> lines_;
  BackgroundThread writer_{"windlassd", [this] { return write_one(std::chrono::hours(1)); }};
};

void say(const Status& failure) { std::fprintf(stderr, "windlassd: %s\n", std::string(failure.message()).c_str()); }

// The signals that end it, which are waited for, and so blocked in this thread and those that it starts. A client that
// is gone must not end it either (SIGPIPE).
sigset_t block_signals() {
  sigset_t ending;
  sigemptyset(&ending);
  for (const int number : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&ending, number);
  sigset_t blocked = ending;
  sigaddset(&blocked, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &blocked, nullptr);
  return ending;
}

Status serve(const CommandLine& asked, const sigset_t& ending) {
  ListenOptions listening;
  listening.most_clients = asked.most_clients;
  listening.slow_timeout_ns = asked.slow_timeout_ns;
  if (!asked.secret_file.empty()) {
    Result<std::string> secret = read_secret(asked.secret_file);
    if (!secret.ok()) return secret.status();
    listening.secret = *std::move(secret);
  }
  VolumeOptions options;
  options.eviction = asked.evicts ? Eviction::kLeastRecent : Eviction::kNone;
  options.limit_bytes = asked.limit_bytes;
  options.segment_bytes = asked.segment_bytes;
  options.prepared_bytes = asked.prepared_bytes;
  Result<std::shared_ptr<Volume>> volume = Volume::open(options);
  if (!volume.ok()) return volume.status();
  Result<std::unique_ptr<VolumeServer>> server = VolumeServer::open(*volume);
  if (!server.ok()) return server.status();
  std::string addresses;
  for (const std::string& address : asked.listen) {
    Result<std::string> told = (*server)->listen(address, listening);
    if (!told.ok()) return told.status();
    addresses += *told + "\n";
  }
  if (asked.prints_addresses) {
    std::fputs(addresses.c_str(), stdout);
    std::fflush(stdout);
  }
  int signal_number = 0;
  while (sigwait(&ending, &signal_number) != 0) {
  }
  log(LogLevel::kInfo, "windlassd",
      text("ends, as ",
           signal_number == SIGINT   ? "SIGINT"
           : signal_number == SIGHUP ? "SIGHUP"
                                     : "SIGTERM",
           " asks it to"));
  (*server)->close();
  (*volume)->close();
  return Status();
}

int run(std::span<const char* const> arguments) {
  const sigset_t ending = block_signals();
  Result<CommandLine> asked = parse_command_line(arguments);
  if (!asked.ok()) {
    say(asked.status());
    return kUsageError;
  }
  if (asked->help) {
    std::fputs(std::string(help_page()).c_str(), stdout);
    return 0;
  }
  if (asked->version) {
    std::fputs("windlassd " WINDLASS_VERSION "\n", stdout);
    return 0;
  }
  LogToStandardError logging;
  Status done = logging.start(asked->log_level);
  if (done.ok()) done = serve(*asked, ending);
  if (done.ok()) return 0;
  say(done);
  return kFailure;
}

}  // namespace
}  // namespace windlass

int main(int argc, char** argv) {
  int status = 1;
  const windlass::Status contained = windlass::contain([&] {
    status = windlass::run(std::span<const char* const>(argv + 1, argc > 0 ? static_cast<size_t>(argc - 1) : 0));
    return windlass::Status();
  });
  return contained.ok() ? status : 1;
}
