// One end of RDMA in a process of its own, which tests kill, or which may do less than they.
//
//   windlass_rdma_program write URI            writes 8 MiB over and over into a slot of a volume's
//   windlass_rdma_program serve                is a volume, and prints where
//   windlass_rdma_program nobody URI auto|rdma little|any
//                                              connects as nobody, who may lock 1 MiB of memory, or any
//
// It prints one line when it is under way: "ready", where it listens, or what became of connecting. The first two go on
// until they are killed.
#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/text.hpp"
#include "volume/connect.hpp"
#include "volume/volume.hpp"
#include "volume/volume_server.hpp"

namespace windlass {
namespace {

constexpr std::string_view kProgramSecret = "a secret of enough bytes";
constexpr rlim_t kMayLockBytes = kMiB;
constexpr uid_t kNobody = 65534;

int say(const std::string& line, int status) {
  std::printf("%s\n", line.c_str());
  std::fflush(stdout);
  return status;
}

Result<VolumeConnection> connect(const char* uri, TransportKind transport) {
  ConnectOptions options;
  options.transport = transport;
  options.secret = kProgramSecret;
  options.connect_timeout = std::chrono::minutes(1);
  return connect_volume(uri, options);
}

int write_forever(const char* uri) {
  const Deadline soon = Deadline::after(std::chrono::seconds(60));
  Result<VolumeConnection> volume = connect(uri, TransportKind::kRdma);
  if (!volume.ok()) return say(volume.status().to_string(), 1);
  const std::vector<std::byte> bytes(8 * kMiB, std::byte{0xAA});
  const uint64_t size = bytes.size();
  Result<std::vector<RemoteRange>> slot = volume->control->prepare({&size, 1}, soon);
  if (!slot.ok()) return say(slot.status().to_string(), 1);
  const WriteMove move{bytes.data(), (*slot)[0]};
  bool said = false;
  while (true) {
    if (Status moved = volume->transport->write({&move, 1}, soon); !moved.ok()) return say(moved.to_string(), 1);
    if (!said) say("ready", 0);
    said = true;
  }
}

int serve() {
  VolumeOptions options;
  options.limit_bytes = 64 * kMiB;
  options.segment_bytes = 16 * kMiB;
  Result<std::shared_ptr<Volume>> volume = Volume::open(options);
  if (!volume.ok()) return say(volume.status().to_string(), 1);
  Result<std::unique_ptr<VolumeServer>> server = VolumeServer::open(*volume);
  if (!server.ok()) return say(server.status().to_string(), 1);
  ListenOptions listening;
  listening.secret = kProgramSecret;
  Result<std::string> uri = (*server)->listen("tcp://127.0.0.1:0", listening);
  if (!uri.ok()) return say(uri.status().to_string(), 1);
  say(*uri, 0);
  while (true) pause();
}

int connect_as_nobody(const char* uri, bool forced, bool little) {
  const rlim_t most = little ? kMayLockBytes : RLIM_INFINITY;
  const rlimit limit{most, most};
  if (setrlimit(RLIMIT_MEMLOCK, &limit) != 0 || setgid(kNobody) != 0 || setuid(kNobody) != 0) return 1;
  Result<VolumeConnection> volume = connect(uri, forced ? TransportKind::kRdma : TransportKind::kAuto);
  if (!volume.ok()) return say(volume.status().to_string(), 0);
  return say(text(transport_name(volume->kind), ": ", volume->reason), 0);
}

}  // namespace
}  // namespace windlass

int main(int argc, char** argv) {
  const std::string role = argc > 1 ? argv[1] : "";
  if (role == "serve" && argc == 2) return windlass::serve();
  if (role == "write" && argc == 3) return windlass::write_forever(argv[2]);
  if (role == "nobody" && argc == 5) {
    return windlass::connect_as_nobody(argv[2], std::string(argv[3]) == "rdma", std::string(argv[4]) == "little");
  }
  return 2;
}
