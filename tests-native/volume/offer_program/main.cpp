// A writer that offers its memory, or a reader that leases it, in a process of its own, to be killed.
//
//   windlass_offer_program offer PATH BYTES    offers BYTES under the key "a" at shm://PATH and over TCP
//   windlass_offer_program hold URI            leases "a" and lets go only with its end
//
// The writer prints its two addresses and then, for each line on its standard input, changes all bytes to the number of
// the step, publishes, and prints the version, or what went wrong: "next" waits for readers, "force" takes the memory
// back at once, "try" gives readers no time. "loop" goes on with steps until its input ends.
#include <poll.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <string>
#include <vector>

#include "volume/connect.hpp"
#include "volume/offer.hpp"
#include "volume/volume.hpp"
#include "volume/volume_server.hpp"

namespace {

using namespace windlass;

Deadline soon() { return Deadline::after(std::chrono::seconds(60)); }
Deadline now() { return Deadline::after(std::chrono::nanoseconds(0)); }

int fail(const Status& cause) {
  std::printf("%s\n", cause.to_string().c_str());
  return 1;
}

Status step(Offer& offer, std::vector<std::byte>& bytes, const std::string& how) {
  static uint64_t number = 0;
  const Status begun = offer.begin_update(how == "next" ? soon() : now(), how == "force");
  if (!begun.ok()) return begun;
  std::memset(bytes.data(), static_cast<int>(++number & 0xFFU), bytes.size());
  return offer.publish().status();
}

bool input_waits() {
  pollfd asked{STDIN_FILENO, POLLIN, 0};
  return poll(&asked, 1, 0) != 0;
}

int offer_memory(const std::string& path, uint64_t size) {
  VolumeOptions options;
  options.limit_bytes = 4 * kMiB;
  Result<std::shared_ptr<Volume>> volume = Volume::open(options);
  if (!volume.ok()) return fail(volume.status());
  Result<std::unique_ptr<VolumeServer>> server = VolumeServer::open(*volume);
  if (!server.ok()) return fail(server.status());
  Result<std::string> near = (*server)->listen("shm://" + path, {});
  Result<std::string> far = (*server)->listen("tcp://127.0.0.1:0", {});
  if (!near.ok() || !far.ok()) return fail(near.ok() ? far.status() : near.status());
  std::vector<std::byte> bytes(size, std::byte{0});
  OfferItem item;
  item.key = "a";
  item.data = bytes.data();
  item.bytes = bytes.size();
  Result<std::shared_ptr<Offer>> offer = (*volume)->offer({&item, 1}, {});
  if (!offer.ok()) return fail(offer.status());
  std::cout << *near << std::endl << *far << std::endl;
  for (std::string how; std::getline(std::cin, how);) {
    Status done = step(**offer, bytes, how == "loop" ? "next" : how);
    while (how == "loop" && done.ok() && !input_waits()) done = step(**offer, bytes, "next");
    std::cout << (done.ok() ? std::to_string((*offer)->info().version) : done.to_string()) << std::endl;
  }
  (*offer)->close(now());
  (*server)->close();
  return 0;
}

int hold(const char* uri) {
  Result<VolumeConnection> volume = connect_volume(uri, {});
  if (!volume.ok()) return fail(volume.status());
  const AcquireItem item{"a"};
  Result<Acquired> acquired = volume->control->acquire({&item, 1}, {}, soon());
  if (!acquired.ok()) return fail(acquired.status());
  std::printf("ready\n");
  std::fflush(stdout);
  pause();
  return 0;
}

}  // namespace

int main(int count, char** words) {
  if (count == 4 && std::strcmp(words[1], "offer") == 0) {
    return offer_memory(words[2], std::strtoull(words[3], nullptr, 10));
  }
  return count == 3 && std::strcmp(words[1], "hold") == 0 ? hold(words[2]) : 2;
}
