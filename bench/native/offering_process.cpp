#include "offering_process.hpp"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <utility>

#include "base/text.hpp"
#include "host_memory.hpp"
#include "measure.hpp"
#include "volume/offer.hpp"
#include "volume/volume.hpp"
#include "volume/volume_server.hpp"

namespace windlass::bench {

namespace {

// Tells the addresses, one a line, and offers until its input ends.
Status offer(const std::string& key, uint64_t bytes, int input, int output) {
  HostMemory memory(bytes, Pages::kSmall);
  memory.populate();
  std::memset(memory.data(), std::to_integer<int>(OfferingProcess::kByte), bytes);
  VolumeOptions options;
  options.limit_bytes = 4 * kMiB;
  Result<std::shared_ptr<Volume>> volume = Volume::open(options);
  if (!volume.ok()) return volume.status();
  Result<std::unique_ptr<VolumeServer>> server = VolumeServer::open(*volume);
  if (!server.ok()) return server.status();
  Result<std::string> near = (*server)->listen(text("shm:///tmp/windlass-offer-", getpid(), ".sock"), {});
  if (!near.ok()) return near.status();
  Result<std::string> far = (*server)->listen("tcp://127.0.0.1:0", {});
  if (!far.ok()) return far.status();
  OfferItem item;
  item.key = key;
  item.data = memory.data();
  item.bytes = bytes;
  Result<std::shared_ptr<Offer>> offered = (*volume)->offer({&item, 1}, {});
  if (!offered.ok()) return offered.status();
  const std::string told = text(*near, "\n", *far, "\n");
  if (write(output, told.data(), told.size()) != static_cast<ssize_t>(told.size())) return Status();
  char none = 0;
  while (read(input, &none, 1) > 0) {
  }
  (*offered)->close(Deadline::after(std::chrono::nanoseconds(0)));
  (*server)->close();
  return Status();
}

std::string read_line(int descriptor) {
  std::string line;
  for (char letter = 0; read(descriptor, &letter, 1) == 1 && letter != '\n';) line += letter;
  return line;
}

}  // namespace

Result<std::unique_ptr<OfferingProcess>> OfferingProcess::start(std::string key, uint64_t bytes) {
  std::array<int, 2> to{};
  std::array<int, 2> from{};
  if (pipe2(to.data(), O_CLOEXEC) != 0) return Status::error(Code::kIo, errno_text(errno), errno);
  OwnedDescriptor its_input(to[0]);
  OwnedDescriptor input(to[1]);
  if (pipe2(from.data(), O_CLOEXEC) != 0) return Status::error(Code::kIo, errno_text(errno), errno);
  const OwnedDescriptor output(from[0]);
  OwnedDescriptor its_output(from[1]);
  const pid_t process = fork();
  if (process < 0) return Status::error(Code::kIo, text("fork: ", errno_text(errno)), errno);
  if (process == 0) {
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    input.reset();
    const Status done = offer(key, bytes, its_input.number(), its_output.number());
    _exit(done.ok() ? 0 : 1);
  }
  its_output.reset();
  std::string near = read_line(output.number());
  std::string far = read_line(output.number());
  auto started = std::make_unique<OfferingProcess>(process, std::move(input), std::move(near), std::move(far));
  if (!started->tcp_uri().empty()) return started;
  return Status::error(Code::kIo, "the process that offers ended at once");
}

OfferingProcess::OfferingProcess(pid_t process, OwnedDescriptor input, std::string shm_uri,
                                 std::string tcp_uri) noexcept
    : process_(process), input_(std::move(input)), shm_uri_(std::move(shm_uri)), tcp_uri_(std::move(tcp_uri)) {}

OfferingProcess::~OfferingProcess() {
  input_.reset();
  while (waitpid(process_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

double OfferingProcess::cpu_seconds() const { return process_cpu_seconds(process_); }

}  // namespace windlass::bench
