// A client of a volume in a process of its own, to be killed: leases and maps a value, and is in the middle of a put.
//
//   windlass_volume_program URI shm|tcp KEY
//
// It prints "ready". Whatever it is told on its standard input makes it cut its connections, without goodbye, and print
// "cut"; at the end of its input it ends.
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstring>
#include <string>

#include "volume/connect.hpp"

namespace {

int fail(const windlass::Status& cause) {
  std::printf("%s\n", cause.to_string().c_str());
  return 1;
}

int hold(const char* uri, bool tcp, const char* key) {
  using namespace windlass;
  const Deadline soon = Deadline::after(std::chrono::seconds(60));
  ConnectOptions options;
  if (tcp) options.transport = TransportKind::kTcp;
  if (tcp) options.secret = "a secret of enough bytes";
  Result<VolumeConnection> volume = connect_volume(uri, options);
  if (!volume.ok()) return fail(volume.status());
  const AcquireItem item{key};
  Result<Acquired> acquired = volume->control->acquire({&item, 1}, {}, soon);
  if (!acquired.ok()) return fail(acquired.status());
  const uint64_t size = 100'000;
  Result<std::vector<RemoteRange>> slot = volume->control->prepare({&size, 1}, soon);
  if (!slot.ok()) return fail(slot.status());
  const std::array<std::byte, 5000> half{};
  const WriteMove move{half.data(), (*slot)[0].part(0, half.size())};
  if (Status moved = volume->transport->write({&move, 1}, soon); !moved.ok()) return fail(moved);
  std::unique_ptr<SlotMapping> reading;
  std::unique_ptr<SlotMapping> writing;
  if (!tcp) {
    auto read = volume->transport->map(acquired->found[0].place, MapFor::kReading, true, soon);
    if (!read.ok()) return fail(read.status());
    auto write = volume->transport->map((*slot)[0], MapFor::kWriting, true, soon);
    if (!write.ok()) return fail(write.status());
    reading = *std::move(read);
    writing = *std::move(write);
    std::memset(writing->address(), 1, size);
  }
  std::printf("ready\n");
  std::fflush(stdout);
  std::array<char, 16> order{};
  while (read(STDIN_FILENO, order.data(), order.size()) > 0) {
    for (int descriptor = 3; descriptor < 256; ++descriptor) shutdown(descriptor, SHUT_RDWR);
    std::printf("cut\n");
    std::fflush(stdout);
  }
  _exit(0);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  return hold(argv[1], std::string(argv[2]) == "tcp", argv[3]);
}
