// Tortures a volume with processes that put, get and remove at once and are killed in the middle of it.
//
// Goal: whatever dies when, no reader finds a mixture or a loss, and in the end nothing is left: no slot, lease or
// session in the volume, no descriptor, process, socket or segment outside it.
//
// Method: windlassd, six clients over shm and tcp in turn, all seeded, and a hand that kills one of them every now and
// then (kill -9) and starts another. The clients check what they read (client.cpp); the end is checked here.
//
// WINDLASS_TORTURE_SECONDS says for how long (5), WINDLASS_TORTURE_SEED with what chance (1).

#include <poll.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <new>
#include <optional>
#include <random>
#include <string_view>

#include "base/bytes.hpp"
#include "base/deadline.hpp"
#include "base/environment.hpp"
#include "board.hpp"
#include "children.hpp"
#include "client.hpp"
#include "store/tensor_store.hpp"

namespace windlass::torture {

namespace {

constexpr size_t kClients = 6;
constexpr int kBetweenKillsMs = 150;
constexpr uint64_t kLimitBytes = 512 * kMiB;

Board* map_board(int file) {
  void* const memory = mmap(nullptr, sizeof(Board), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  return memory == MAP_FAILED ? nullptr : static_cast<Board*>(memory);
}

bool complain(std::string_view what) {
  std::fprintf(stderr, "torture: %.*s\n", static_cast<int>(what.size()), what.data());
  return false;
}

uint64_t number_from(const char* variable, uint64_t otherwise) {
  const std::optional<std::string> value = environment_variable(variable);
  return value ? std::strtoull(value->c_str(), nullptr, 10) : otherwise;
}

class Torture {
 public:
  Torture(Board& board, int board_file, uint64_t seed) : board_(board), board_file_(board_file), random_(seed) {}

  bool start() {
    socket_ = text("/tmp/windlass-torture-", getpid(), ".sock");
    Result<Child> daemon =
        Child::start({WINDLASS_DAEMON, "--listen", text("shm://", socket_), "--listen", "tcp://127.0.0.1:0", "--limit",
                      std::to_string(kLimitBytes), "--print-address"});
    if (!daemon.ok()) return complain(daemon.status().to_string());
    daemon_.emplace(*std::move(daemon));
    for (std::string& uri : uris_) uri = daemon_->read_line();
    if (uris_[1].empty()) return complain("windlassd ended before it told where it listens");
    Result<std::shared_ptr<TensorStore>> store = TensorStore::open(uris_[0], {});
    if (!store.ok()) return complain(store.status().to_string());
    store_ = *std::move(store);
    files_at_first_ = daemon_->open_files();
    for (size_t i = 0; i < kClients; ++i) {
      if (!start_client(i)) return false;
    }
    return true;
  }

  bool run(std::chrono::seconds time) {
    const Deadline end = Deadline::after(time);
    while (!end.expired() && board_.violations.load() == 0) {
      (void)poll(nullptr, 0, kBetweenKillsMs);
      const size_t victim = random_() % kClients;
      (void)clients_[victim]->end(SIGKILL);
      ++kills_;
      if (!start_client(victim)) return false;
    }
    return board_.violations.load() == 0;
  }

  // Everybody goes; then nothing may be left.
  bool end() {
    board_.stop.store(1);
    bool well = true;
    for (std::optional<Child>& client : clients_) {
      if (client && client->end(0) != 0) well = complain("a client ended with an error");
    }
    well = well && check_values() && check_emptiness();
    store_.reset();
    if (daemon_ && daemon_->end(SIGTERM) != 0) well = complain("windlassd did not end with 0");
    if (access(socket_.c_str(), F_OK) == 0) well = complain(text(socket_, " was left behind"));
    std::printf("torture: %llu puts, %llu gets, %llu misses, %llu removals, %llu refusals, %llu kills: %s\n",
                static_cast<unsigned long long>(board_.puts), static_cast<unsigned long long>(board_.gets),
                static_cast<unsigned long long>(board_.misses), static_cast<unsigned long long>(board_.removals),
                static_cast<unsigned long long>(board_.refusals), static_cast<unsigned long long>(kills_),
                well ? "nothing wrong" : "FAILED");
    return well;
  }

 private:
  bool start_client(size_t index) {
    Result<Child> client = Child::start({"/proc/self/exe", "client", uris_[index % uris_.size()],
                                         std::to_string(random_()), std::to_string(board_file_)});
    if (!client.ok()) return complain(client.status().to_string());
    clients_[index].emplace(*std::move(client));
    return true;
  }

  bool check_values() {
    for (uint32_t group = 0; group < kStableGroups; ++group) {
      for (uint32_t item = 0; item < kItems; ++item) {
        const std::string key = key_of(group, item);
        const std::string_view view = key;
        Result<std::vector<EntryInfo>> infos = store_->describe({&view, 1});
        if (!infos.ok()) return complain(infos.status().to_string());
        if (infos->front().version < board_.committed[group].load()) return complain(text(key, " is lost"));
      }
    }
    return board_.puts.load() > 0 && board_.gets.load() > 0 ? true : complain("nobody put or got anything");
  }

  // The last clients may still be on their way out.
  bool check_emptiness() {
    const Deadline patience = Deadline::after(std::chrono::seconds(30));
    VolumeInfo info;
    do {
      (void)poll(nullptr, 0, 10);
      Result<VolumeInfo> asked = store_->volume_info();
      if (!asked.ok()) return complain(asked.status().to_string());
      info = *asked;
    } while ((info.sessions > 1 || info.orphaned_slots > 0) && !patience.expired());
    if (info.sessions != 1 || info.leases != 0 || info.prepared_slots != 0 || info.orphaned_slots != 0) {
      return complain(text("left in the volume: ", info.sessions - 1, " sessions, ", info.leases, " leases, ",
                           info.prepared_slots, " prepared slots, ", info.orphaned_slots, " orphaned ones"));
    }
    return check_removal(info.segments);
  }

  bool check_removal(uint64_t segments) {
    Result<KeyPage> page = store_->keys({});
    if (!page.ok()) return complain(page.status().to_string());
    const std::vector<std::string_view> keys(page->keys.begin(), page->keys.end());
    Result<uint64_t> removed = store_->remove(keys, true);
    if (!removed.ok()) return complain(removed.status().to_string());
    Result<VolumeInfo> info = store_->volume_info();
    if (!info.ok()) return complain(info.status().to_string());
    if (info->entries != 0 || info->used_bytes != 0 || info->value_bytes != 0) {
      return complain(text("all was removed, but ", info->used_bytes, " bytes are in use"));
    }
    // Each segment has a file or two.
    const uint64_t files = daemon_->open_files();
    if (files > files_at_first_ + 2 * segments) {
      return complain(text("windlassd has ", files, " files open; at first it had ", files_at_first_));
    }
    return true;
  }

  Board& board_;
  const int board_file_;
  std::mt19937_64 random_;
  std::string socket_;
  std::array<std::string, 2> uris_;
  std::optional<Child> daemon_;
  std::shared_ptr<TensorStore> store_;
  uint64_t files_at_first_ = 0;
  std::array<std::optional<Child>, kClients> clients_;
  uint64_t kills_ = 0;
};

int run_client_process(char** arguments) {
  Board* const board = map_board(static_cast<int>(std::strtol(arguments[4], nullptr, 10)));
  if (board == nullptr) return 1;
  return run_client(arguments[2], std::strtoull(arguments[3], nullptr, 10), *board);
}

int run_torture() {
  const int file = memfd_create("torture", 0);  // the clients inherit it
  if (file < 0 || ftruncate(file, sizeof(Board)) != 0) return 1;
  Board* const board = map_board(file);
  if (board == nullptr) return 1;
  std::construct_at(board);
  const uint64_t seed = number_from("WINDLASS_TORTURE_SEED", 1);
  std::printf("torture: seed %llu\n", static_cast<unsigned long long>(seed));
  Torture torture(*board, file, seed);
  const bool started = torture.start();
  const bool ran = started && torture.run(std::chrono::seconds(number_from("WINDLASS_TORTURE_SECONDS", 5)));
  return torture.end() && ran ? 0 : 1;
}

}  // namespace

}  // namespace windlass::torture

int main(int argc, char** argv) {
  if (argc == 5 && std::string_view(argv[1]) == "client") return windlass::torture::run_client_process(argv);
  return windlass::torture::run_torture();
}
