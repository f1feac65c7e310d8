// Many sessions of one volume at once.
#include <gtest/gtest.h>

#include <atomic>
#include <cstring>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "transport/shm/shm_transport.hpp"
#include "volume/session_calls.hpp"

namespace windlass {
namespace {

using namespace test;

constexpr int kKeys = 8;
constexpr uint64_t kWords = 700;

std::vector<std::string> key_names() {
  std::vector<std::string> keys;
  for (int i = 0; i < kKeys; ++i) keys.push_back("state/" + std::to_string(i));
  return keys;
}

// Publishes one batch whose values all consist of the same number.
bool publish(VolumeSession& session, const std::vector<std::string>& keys, uint64_t number) {
  const std::vector<uint64_t> sizes(keys.size(), kWords * sizeof(uint64_t));
  Result<std::vector<RemoteRange>> slots = session.prepare(sizes, soon());
  if (!slots.ok()) return false;
  Result<SlotHold> held = session.hold(*slots, MapFor::kWriting);
  if (!held.ok()) return false;
  std::vector<CommitItem> items;
  const std::vector<uint64_t> words(kWords, number);
  for (size_t i = 0; i < keys.size(); ++i) {
    std::memcpy(held->parts()[i].data(), words.data(), sizes[i]);
    items.push_back({.key = keys[i], .meta = {}, .bytes = sizes[i], .shard = {}, .token = (*slots)[i].token});
  }
  held->finish();
  return session.commit(items, {}, soon()).ok();
}

// Whether all values of a batch are of one number and one version.
bool read_whole(VolumeSession& session, Transport& transport, const std::vector<std::string>& keys) {
  std::vector<AcquireItem> asked;
  for (const std::string& key : keys) asked.push_back({key});
  const Result<Acquired> found = session.acquire(asked, {}, soon());
  if (!found.ok()) return found.status().code() == Code::kNotFound;
  std::vector<std::vector<uint64_t>> words(keys.size(), std::vector<uint64_t>(kWords));
  std::vector<ReadMove> moves;
  for (size_t i = 0; i < keys.size(); ++i) {
    moves.push_back({reinterpret_cast<std::byte*>(words[i].data()), found->found[i].place});
  }
  bool whole = transport.read(moves, soon()).ok();
  for (size_t i = 0; i < keys.size(); ++i) {
    whole = whole && found->found[i].version == found->found[0].version;
    for (const uint64_t word : words[i]) whole = whole && word == words[0][0];
  }
  return release(session, found->lease).ok() && whole;
}

// Goal: whoever reads a batch sees all of one version, while several write it, remove it and have it evicted.
TEST(VolumeThreadsTest, aBatchIsNeverMixed) {
  const auto volume =
      opened_volume({.eviction = Eviction::kLeastRecent, .limit_bytes = 8 * kMiB, .segment_bytes = 2 * kMiB});
  const std::vector<std::string> keys = key_names();
  std::atomic<int> failures = 0;
  std::vector<std::thread> threads;
  for (uint64_t writer = 0; writer < 3; ++writer) {
    threads.emplace_back([&, writer] {
      const auto session = opened_session(*volume);
      std::mt19937_64 random(writer);
      const std::vector<std::string_view> views(keys.begin(), keys.end());
      for (uint64_t round = 0; round < 150; ++round) {
        if (!publish(*session, keys, writer * 1000000 + round)) ++failures;
        if (random() % 20 == 0 && !session->remove(views, false, {}, soon()).ok()) ++failures;
        if (random() % 10 == 0) {
          // What nobody reads presses on the room that there is.
          static_cast<void>(put(*session, "filler/" + std::to_string(random() % 20), random() % (400 * kKiB) + 1));
        }
      }
    });
  }
  for (uint64_t reader = 0; reader < 3; ++reader) {
    threads.emplace_back([&, reader] {
      const auto session = opened_session(*volume);
      LocalTransport local(session, 1);
      ShmTransport shm([&](uint64_t s, MapFor m, Deadline d) { return session->segment_descriptor(s, m, d); }, 1);
      for (int round = 0; round < 300; ++round) {
        Transport& transport = (static_cast<uint64_t>(round) + reader) % 2 == 0 ? static_cast<Transport&>(local) : shm;
        if (!read_whole(*session, transport, keys)) ++failures;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(failures, 0);
  const auto session = opened_session(*volume);
  for (KeyPage page = *session->keys({}, soon()); !page.keys.empty(); page = *session->keys({}, soon())) {
    const std::vector<std::string_view> views(page.keys.begin(), page.keys.end());
    ASSERT_TRUE(session->remove(views, true, {}, soon()).ok());
  }
  const VolumeInfo info = volume->info();
  EXPECT_EQ(info.used_bytes, 0U);
  EXPECT_EQ(info.value_bytes, 0U);
  EXPECT_EQ(info.leases, 0U);
  EXPECT_LE(info.held_bytes, info.limit_bytes);
}

TEST(VolumeThreadsTest, manyThatNeedFreshPagesShareThem) {
  const auto volume = opened_volume({.limit_bytes = 256 * kMiB, .segment_bytes = 8 * kMiB});
  std::atomic<int> failures = 0;
  std::vector<std::thread> threads;
  for (int number = 0; number < 16; ++number) {
    threads.emplace_back([&, number] {
      const auto session = opened_session(*volume);
      if (!put(*session, std::to_string(number), 100000).ok()) ++failures;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(failures, 0);
  EXPECT_EQ(volume->info().held_bytes, 8 * kMiB) << "one segment is enough for all";
}

TEST(VolumeThreadsTest, sessionsEndAndVolumesCloseAtAnyMoment) {
  for (int round = 0; round < 8; ++round) {
    const auto volume = opened_volume({.limit_bytes = 16 * kMiB, .segment_bytes = 2 * kMiB});
    const auto session = opened_session(*volume);
    const std::vector<std::string> keys = key_names();
    std::vector<std::thread> threads;
    std::atomic<int> started = 0;
    for (int number = 0; number < 3; ++number) {
      threads.emplace_back([&, number] {
        LocalTransport local(session, 1);
        for (uint64_t i = 0; i < 100; ++i) {
          publish(*session, keys, i);
          read_whole(*session, local, keys);
          if (i == 5) ++started;
          if (number == 0 && i == 50 && round % 2 == 0) session->end();
        }
      });
    }
    while (started == 0) std::this_thread::yield();
    if (round % 2 == 1) volume->close();
    for (std::thread& thread : threads) thread.join();
    session->end();
    EXPECT_EQ(volume->info().prepared_slots, 0U);
  }
}

}  // namespace
}  // namespace windlass
