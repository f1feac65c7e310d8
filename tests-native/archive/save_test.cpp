#include "archive/save.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cstdlib>

#include "archive/hand_archives.hpp"
#include "archive/trees.hpp"
#include "fake/fake_file_calls.hpp"

namespace windlass {
namespace {

class SaveTest : public test::ArchiveTest {};

TEST_F(SaveTest, theSameFilesGiveTheSameArchiveWhoeverAndHowManyWriteIt) {
  test::make_usual_tree(at("tree"));
  test::make_usual_tree(at("again"));
  ArchiveSaveOptions options = test::small_frames();
  options.sealable = true;
  for (const uint32_t threads : {1U, 2U, 5U}) {
    options.threads = threads;
    for (const std::string tree : {"tree", "again"}) {
      const std::string archive = at("archive" + tree + std::to_string(threads));
      const auto saved = test::save(at(tree), archive, options);
      ASSERT_TRUE(saved.ok()) << saved.status().to_string();
      EXPECT_EQ(test::read_bytes(archive), test::read_bytes(at("archivetree1")));
      EXPECT_EQ(saved->archive_bytes, std::filesystem::file_size(archive));
      struct stat status {};
      ASSERT_EQ(stat(archive.c_str(), &status), 0);
      EXPECT_EQ(status.st_mode & 07777, 0600U);
    }
  }
}

TEST_F(SaveTest, tarListsAndExtractsIt) {
  if (std::system("tar --version >/dev/null 2>&1 && zstd --version >/dev/null 2>&1") != 0) {
    GTEST_SKIP() << "SKIPPED: there is no tar with zstd here";
  }
  test::make_usual_tree(at("tree"));
  const auto saved = test::save(at("tree"), at("archive"));
  ASSERT_TRUE(saved.ok());
  EXPECT_EQ(std::system(("tar --zstd -tf " + at("archive") + " > " + at("list") + " 2> " + at("errors")).c_str()), 0);
  EXPECT_EQ(test::read_file(at("errors")), "");
  const std::string list = test::read_file(at("list"));
  EXPECT_EQ(static_cast<uint64_t>(std::count(list.begin(), list.end(), '\n')), saved->entries + 1);
  std::filesystem::create_directory(at("out"));
  ASSERT_EQ(std::system(("umask 022; tar --zstd -xpf " + at("archive") + " -C " + at("out")).c_str()), 0);
  EXPECT_EQ(test::tree_of(at("out")), test::tree_of(at("tree")));
}

TEST_F(SaveTest, ofPermissionsItKeepsWhetherExecutableAndWhetherPrivate) {
  test::write_file(at("tree/a"), "", 0640);
  test::write_file(at("tree/b"), "", 0400);
  test::write_file(at("tree/c"), "", 04751);
  test::write_file(at("tree/d"), "", 0666);
  ASSERT_TRUE(test::save(at("tree"), at("archive")).ok());
  ASSERT_TRUE(test::load(at("archive"), at("back")).ok());
  const auto found = test::tree_of(at("back"));
  EXPECT_EQ(found.at("./a"), "file " + std::to_string(0644) + " ");
  EXPECT_EQ(found.at("./b"), "file " + std::to_string(0600) + " ");
  EXPECT_EQ(found.at("./c"), "file " + std::to_string(0755) + " ");
  EXPECT_EQ(found.at("./d"), "file " + std::to_string(0644) + " ");
}

TEST_F(SaveTest, whatCannotBeKeptIsRefused) {
  test::write_file(at("tree/file"), "");
  ASSERT_EQ(mkfifo(at("tree/pipe").c_str(), 0600), 0);
  EXPECT_EQ(test::save(at("tree"), at("archive")).status().code(), Code::kUnsupported);
  std::filesystem::remove(at("tree/pipe"));
  for (const std::string target : {"/etc/passwd", "../outside", "file/../../.."}) {
    std::filesystem::create_symlink(target, at("tree/link"));
    EXPECT_EQ(test::save(at("tree"), at("archive")).status().code(), Code::kUnsupported) << target;
    std::filesystem::remove(at("tree/link"));
  }
  test::write_file(at("tree/FILE"), "");
  EXPECT_EQ(test::save(at("tree"), at("archive")).status().code(), Code::kUnsupported);
  EXPECT_EQ(test::save(at("nothing"), at("archive")).status().code(), Code::kNotFound);
  EXPECT_EQ(test::save(at("tree/file"), at("archive")).status().code(), Code::kNotFound);
  test::write_file(at("there"), "mine");
  EXPECT_EQ(test::save(at("tree"), at("there")).status().code(), Code::kState);
  EXPECT_EQ(test::read_file(at("there")), "mine");
  EXPECT_EQ(place_.names(), (std::set<std::string>{"there", "tree"}));
}

TEST_F(SaveTest, namesThatDifferInCaseOnlyAreSavedForLoadsThatTakeThem) {
  test::write_file(at("tree/file"), "lower");
  test::write_file(at("tree/FILE"), "upper");
  test::write_file(at("tree/d/x"), "lower");
  test::write_file(at("tree/D/x"), "upper");
  const Status refused = test::save(at("tree"), at("archive")).status();
  EXPECT_EQ(refused.code(), Code::kUnsupported);
  EXPECT_NE(refused.message().find("case only, and case collisions are not allowed"), std::string::npos)
      << refused.message();
  ArchiveSaveOptions options = test::small_frames();
  options.loadable_with.allow_case_collisions = true;
  const auto saved = test::save(at("tree"), at("archive"), options);
  ASSERT_TRUE(saved.ok()) << saved.status().to_string();
  expect_refused(at("archive"), Code::kUnsupported, "case only");
  const auto loaded = test::load(at("archive"), at("back"), options.loadable_with);
  ASSERT_TRUE(loaded.ok()) << loaded.status().to_string();
  EXPECT_EQ(test::tree_of(at("back")), test::tree_of(at("tree")));
}

// A file of zeros that takes no room.
void write_zeros(const std::string& path, uint64_t bytes) {
  test::write_file(path, "");
  std::filesystem::resize_file(path, bytes);
}

TEST_F(SaveTest, aTreeOfZerosIsSavedOnlyIfALoadTakesIt) {
  write_zeros(at("tree/zeros"), 80 * kMiB);
  ASSERT_TRUE(test::save(at("tree"), at("archive"), {}).ok());
  EXPECT_LT(std::filesystem::file_size(at("archive")) * 1000, 80 * kMiB);
  const auto verified = test::verify(at("archive"));
  EXPECT_TRUE(verified.ok()) << verified.status().to_string();
  // The same where so much would be too much by its ratio.
  ArchiveSaveOptions options;
  options.loadable_with.free_of_ratio_bytes = 70 * kMiB;
  const Status refused = test::save(at("tree"), at("again"), options).status();
  EXPECT_EQ(refused.code(), Code::kUnsupported);
  EXPECT_NE(refused.message().find("could not be loaded again"), std::string::npos) << refused.message();
  expect_refused(at("archive"), Code::kNoSpace, "ratio", options.loadable_with);
  options.loadable_with.most_ratio = 1e6;
  EXPECT_TRUE(test::save(at("tree"), at("again"), options).ok());
  EXPECT_TRUE(test::verify(at("again"), options.loadable_with).ok());
  EXPECT_EQ(place_.names(), (std::set<std::string>{"again", "archive", "tree"}));
}

TEST_F(SaveTest, moreThanTheLimitsOfALoadIsNotSaved) {
  test::make_usual_tree(at("tree"));
  const auto saved = test::save(at("tree"), at("archive"));
  ASSERT_TRUE(saved.ok());
  ArchiveSaveOptions options = test::small_frames();
  options.loadable_with.most_bytes = saved->raw_bytes;
  options.loadable_with.most_entries = saved->entries;
  ASSERT_TRUE(test::save(at("tree"), at("fits"), options).ok());
  EXPECT_TRUE(test::verify(at("fits"), options.loadable_with).ok());
  --options.loadable_with.most_bytes;
  EXPECT_EQ(test::save(at("tree"), at("more"), options).status().code(), Code::kUnsupported);
  expect_refused(at("fits"), Code::kNoSpace, "", options.loadable_with);
  options.loadable_with.most_bytes = saved->raw_bytes;
  --options.loadable_with.most_entries;
  EXPECT_EQ(test::save(at("tree"), at("more"), options).status().code(), Code::kUnsupported);
  expect_refused(at("fits"), Code::kNoSpace, "", options.loadable_with);
}

TEST_F(SaveTest, anArchiveBeyondItsLimitIsRefusedAndLeavesNothing) {
  test::make_usual_tree(at("tree"));
  const auto saved = test::save(at("tree"), at("archive"));
  ASSERT_TRUE(saved.ok());
  ArchiveSaveOptions options = test::small_frames();
  options.limit_bytes = saved->archive_bytes;
  EXPECT_TRUE(test::save(at("tree"), at("fits"), options).ok());
  for (const uint64_t less : {uint64_t{1}, saved->archive_bytes / 2, saved->archive_bytes - 1}) {
    options.limit_bytes = saved->archive_bytes - less;
    const auto refused = test::save(at("tree"), at("large"), options);
    EXPECT_EQ(refused.status().code(), Code::kNoSpace);
    EXPECT_EQ(refused.status().system_code(), 0);
  }
  options = {};
  options.spare_bytes = uint64_t{1} << 60U;
  EXPECT_EQ(test::save(at("tree"), at("large"), options).status().code(), Code::kNoSpace);
  EXPECT_EQ(place_.names(), (std::set<std::string>{"archive", "fits", "tree"}));
}

// Calls that change the tree when a file of this many bytes is read.
class ChangingCalls final : public FileCalls {
 public:
  ChangingCalls(std::function<void()> change, int times) : change_(std::move(change)), times_(times) {}
  int64_t read_at(int descriptor, void* target, uint64_t bytes, uint64_t offset) noexcept override {
    if (times_ > 0) {
      --times_;
      change_();
    }
    return FileCalls::read_at(descriptor, target, bytes, offset);
  }

 private:
  const std::function<void()> change_;
  int times_;
};

TEST_F(SaveTest, aTreeThatChangesIsSavedAnewOrRefusedButNeverTorn) {
  const std::vector<std::function<void()>> changes{
      [&] { test::write_file(at("tree/b"), test::words(5000, 2)); },
      [&] { test::write_file(at("tree/b"), "shorter"); },
      [&] { test::write_file(at("tree/new"), "new"); },
      [&] { std::filesystem::remove(at("tree/c")); },
  };
  for (const auto& change : changes) {
    for (const bool always : {false, true}) {
      std::filesystem::remove_all(at("tree"));
      for (const std::string name : {"a", "b", "c"}) test::write_file(at("tree/" + name), test::words(5000, 1));
      uint64_t round = 0;
      ChangingCalls calls(
          [&] {
            change();
            test::write_file(at("tree/round"), std::to_string(always ? ++round : 0));
          },
          always ? 1000 : 1);
      ArchiveSaveOptions options = test::small_frames();
      options.threads = 1;
      const auto saved = test::save(at("tree"), at("archive"), options, calls);
      if (always) {
        EXPECT_EQ(saved.status().code(), Code::kConflict) << saved.status().to_string();
        EXPECT_FALSE(std::filesystem::exists(at("archive")));
        continue;
      }
      ASSERT_TRUE(saved.ok()) << saved.status().to_string();
      ASSERT_TRUE(test::load(at("archive"), at("back")).ok());
      EXPECT_EQ(test::tree_of(at("back")), test::tree_of(at("tree")));
      std::filesystem::remove_all(at("back"));
      std::filesystem::remove(at("archive"));
    }
  }
}

TEST_F(SaveTest, aFailureAtAnyCallLeavesNothing) {
  test::make_usual_tree(at("tree"));
  ArchiveSaveOptions options = test::small_frames();
  options.threads = 1;
  uint64_t steps = 0;
  for (uint64_t step = 1;; step += step < 20 ? 1 : 11) {
    fake::FakeFileCalls calls;
    calls.fail_at(step, ENOSPC);
    const auto saved = test::save(at("tree"), at("archive"), options, calls);
    if (!calls.failed()) break;
    ++steps;
    if (saved.ok()) {
      // Without /proc the file has the name of a part until it has its own.
      EXPECT_EQ(calls.last_failure(), "status_at");
      std::filesystem::remove(at("archive"));
    } else {
      EXPECT_EQ(saved.status().code(), Code::kNoSpace) << saved.status().to_string();
    }
    ASSERT_EQ(place_.names(), (std::set<std::string>{"tree"})) << step << " " << calls.last_failure();
  }
  EXPECT_GT(steps, 30U);
}

TEST_F(SaveTest, aCancelledSaveLeavesNothing) {
  test::make_usual_tree(at("tree"));
  WorkState work;
  work.cancelled = true;
  EXPECT_EQ(save_archive(FileCalls::system(), at("tree"), at("archive"), {}, work).status().code(), Code::kState);
  EXPECT_EQ(place_.names(), (std::set<std::string>{"tree"}));
}

TEST(ArchiveThreadsTest, asManyAsAskedOrAsThereAre) {
  EXPECT_EQ(archive_threads(7), 7U);
  EXPECT_GE(archive_threads(0), 1U);
  EXPECT_LE(archive_threads(0), 16U);
}

}  // namespace
}  // namespace windlass
