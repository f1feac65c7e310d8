#include "archive/load.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>

#include "archive/hand_archives.hpp"
#include "archive/trees.hpp"
#include "fake/fake_file_calls.hpp"

namespace windlass {
namespace {

using test::HandEntry;

class LoadTest : public test::ArchiveTest {};

TEST_F(LoadTest, whatWasSavedComesBack) {
  test::make_usual_tree(at("tree"));
  const auto saved = test::save(at("tree"), at("archive"));
  ASSERT_TRUE(saved.ok()) << saved.status().to_string();
  for (const uint32_t threads : {1U, 3U}) {
    for (const bool durable : {true, false}) {
      ArchiveLoadOptions options;
      options.threads = threads;
      options.durable = durable;
      const auto loaded = test::load(at("archive"), at("back"), options);
      ASSERT_TRUE(loaded.ok()) << loaded.status().to_string();
      EXPECT_EQ(test::tree_of(at("back")), test::tree_of(at("tree")));
      EXPECT_EQ(loaded->entries, saved->entries);
      EXPECT_EQ(loaded->raw_bytes, saved->raw_bytes);
      EXPECT_EQ(loaded->archive_bytes, saved->archive_bytes);
      EXPECT_EQ(loaded->root, saved->root);
      std::filesystem::remove_all(at("back"));
    }
  }
  EXPECT_EQ(place_.names(), (std::set<std::string>{"archive", "tree"}));
}

// Counts what is begun to be brought to the disk.
class BeginningCalls final : public FileCalls {
 public:
  void begin_sync(int descriptor, uint64_t offset, uint64_t bytes) noexcept override {
    begun_bytes += bytes;
    FileCalls::begin_sync(descriptor, offset, bytes);
  }
  std::atomic<uint64_t> begun_bytes{0};
};

TEST_F(LoadTest, whatIsToBeOnTheDiskBeginsItsWayAsItIsWritten) {
  const std::string words = test::words(3'000'000, 1);
  test::write_file(at("tree/file"), words);
  BeginningCalls calls;
  const auto saved = test::save(at("tree"), at("archive"), {}, calls);
  ASSERT_TRUE(saved.ok()) << saved.status().to_string();
  EXPECT_EQ(calls.begun_bytes, saved->archive_bytes);
  for (const bool durable : {true, false}) {
    calls.begun_bytes = 0;
    ArchiveLoadOptions options;
    options.durable = durable;
    ASSERT_TRUE(test::load(at("archive"), at("back"), options, calls).ok());
    EXPECT_EQ(calls.begun_bytes, durable ? words.size() : 0);
    std::filesystem::remove_all(at("back"));
  }
}

TEST_F(LoadTest, aTreeOfManyEntriesAndOneOfNoneComeBack) {
  std::filesystem::create_directory(at("none"));
  ASSERT_TRUE(test::save(at("none"), at("archive")).ok());
  ASSERT_TRUE(test::load(at("archive"), at("back")).ok());
  EXPECT_TRUE(test::tree_of(at("back")).empty());
  for (uint64_t i = 0; i < 500; ++i) {
    test::write_file(at("many/" + std::to_string(i % 17) + "/" + std::to_string(i)), test::words(i * 3, i));
  }
  ASSERT_TRUE(test::save(at("many"), at("archive2")).ok());
  ASSERT_TRUE(test::load(at("archive2"), at("back2")).ok());
  EXPECT_EQ(test::tree_of(at("back2")), test::tree_of(at("many")));
}

TEST_F(LoadTest, theEntriesAreTold) {
  test::make_usual_tree(at("tree"));
  ASSERT_TRUE(test::save(at("tree"), at("archive")).ok());
  WorkState work;
  std::vector<ArchiveEntry> entries;
  const auto verified = load_archive(FileCalls::system(), at("archive"), std::nullopt, {}, work, &entries);
  ASSERT_TRUE(verified.ok());
  EXPECT_EQ(entries.size(), test::tree_of(at("tree")).size());
  EXPECT_TRUE(std::is_sorted(entries.begin(), entries.end(),
                             [](const ArchiveEntry& a, const ArchiveEntry& b) { return a.path < b.path; }));
  EXPECT_EQ(work.done_bytes.load(), verified->raw_bytes);
  EXPECT_EQ(place_.names(), (std::set<std::string>{"archive", "tree"}));
}

TEST_F(LoadTest, whatExistsIsNotTouched) {
  test::write_file(at("tree/file"), "content");
  ASSERT_TRUE(test::save(at("tree"), at("archive")).ok());
  test::write_file(at("there"), "mine");
  EXPECT_EQ(test::load(at("archive"), at("there")).status().code(), Code::kState);
  EXPECT_EQ(test::read_file(at("there")), "mine");
  EXPECT_EQ(test::load(at("nothing"), at("back")).status().code(), Code::kNotFound);
  EXPECT_EQ(test::load(at("tree"), at("back")).status().code(), Code::kInvalidArgument);
}

TEST_F(LoadTest, aCancelledLoadLeavesNothing) {
  test::make_usual_tree(at("tree"));
  ASSERT_TRUE(test::save(at("tree"), at("archive")).ok());
  WorkState work;
  work.cancelled = true;
  EXPECT_EQ(load_archive(FileCalls::system(), at("archive"), at("back"), {}, work, nullptr).status().code(),
            Code::kState);
  EXPECT_EQ(place_.names(), (std::set<std::string>{"archive", "tree"}));
}

TEST_F(LoadTest, limitsAreKept) {
  test::make_usual_tree(at("tree"));
  const auto saved = test::save(at("tree"), at("archive"));
  ASSERT_TRUE(saved.ok());
  ArchiveLoadOptions options;
  options.most_bytes = saved->raw_bytes - 1;
  expect_refused(at("archive"), Code::kNoSpace, "of files", options);
  options = {};
  options.most_entries = saved->entries - 1;
  expect_refused(at("archive"), Code::kNoSpace, "entries", options);
  options.most_entries = saved->entries;
  options.most_bytes = saved->raw_bytes;
  EXPECT_TRUE(test::verify(at("archive"), options).ok());
  options.spare_bytes = uint64_t{1} << 60U;
  EXPECT_EQ(test::load(at("archive"), at("back"), options).status().code(), Code::kNoSpace);
  options = {};
  options.refuse_links = true;
  expect_refused(at("archive"), Code::kCorrupt, "link", options);
}

TEST_F(LoadTest, theExpectedRootIsAskedOfSealableOnesOnly) {
  test::write_file(at("tree/file"), "content");
  ArchiveSaveOptions sealable = test::small_frames();
  sealable.sealable = true;
  const auto sealed = test::save(at("tree"), at("sealed"), sealable);
  const auto plain = test::save(at("tree"), at("plain"));
  ASSERT_TRUE(sealed.ok() && plain.ok());
  ArchiveLoadOptions options;
  options.expected_root = sealed->root;
  EXPECT_TRUE(test::verify(at("sealed"), options).ok());
  options.expected_root = plain->root;
  expect_refused(at("plain"), Code::kPermission, "vouches", options);
  expect_refused(at("sealed"), Code::kPermission, "another archive", options);
  test::write_bytes(at("foreign"), test::compressed(test::ended(test::tar_of({{"file"}}))));
  expect_refused(at("foreign"), Code::kPermission, "vouches", options);
}

// Goal: a sealed archive whose frame was replaced, with all checksums but the SHA-256 made right, is not believed.
TEST_F(LoadTest, aFrameThatFitsAllButItsDigestIsRefused) {
  const auto bytes = test::indexed(
      {{"./", '5'}, {"file", '0', "content"}}, [](IndexTable& table) { table.frames[0].digest[5] ^= std::byte{1}; },
      true);
  test::write_bytes(at("archive"), bytes);
  ArchiveLoadOptions options;
  options.expected_root = test::verify(at("archive")).value().root;
  expect_refused(at("archive"), Code::kCorrupt, "SHA-256", options);
}

// Goal: wherever a call fails, nothing is left, and the error says which.
TEST_F(LoadTest, aFailureAtAnyCallLeavesNothing) {
  test::make_usual_tree(at("tree"));
  ASSERT_TRUE(test::save(at("tree"), at("archive")).ok());
  ArchiveLoadOptions options;
  options.threads = 1;
  uint64_t steps = 0;
  for (uint64_t step = 1;; step += step < 30 ? 1 : 7) {
    fake::FakeFileCalls calls;
    calls.fail_at(step, EIO);
    const auto loaded = test::load(at("archive"), at("back"), options, calls);
    if (!calls.failed()) break;
    ++steps;
    // A lock that cannot be had is done without, and a directory that may not be ours is made anew.
    if (loaded.ok()) {
      const std::set<std::string> done_without{"file_system", "lock", "status", "status_at"};
      EXPECT_EQ(done_without.count(calls.last_failure()), 1U) << calls.last_failure();
      std::filesystem::remove_all(at("back"));
    } else {
      EXPECT_EQ(loaded.status().system_code(), EIO) << loaded.status().to_string();
    }
    ASSERT_EQ(place_.names(), (std::set<std::string>{"archive", "tree"})) << step << " " << calls.last_failure();
  }
  EXPECT_GT(steps, 40U);
}

}  // namespace
}  // namespace windlass
