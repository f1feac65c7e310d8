#include "archive/exchange.hpp"

#include <gtest/gtest.h>

#include "archive/hand_archives.hpp"
#include "archive/trees.hpp"
#include "fake/fake_file_calls.hpp"

namespace windlass {
namespace {

class ExchangeTest : public test::ArchiveTest {};

// A file system that knows neither exchanging nor not replacing.
class PlainRenames final : public FileCalls {
 public:
  int rename(int from_directory, const char* from, int directory, const char* name, unsigned flags) noexcept override {
    return flags != 0 ? -EINVAL : FileCalls::rename(from_directory, from, directory, name, flags);
  }
};

TEST_F(ExchangeTest, whatWasAtThePlaceIsAtStagedAfterwards) {
  PlainRenames plain;
  for (FileCalls* const calls : {&FileCalls::system(), static_cast<FileCalls*>(&plain)}) {
    test::write_file(at("staged/file"), "new");
    test::write_file(at("place/file"), "old");
    const auto exchanged = exchange(*calls, at("staged"), at("place"));
    ASSERT_TRUE(exchanged.ok()) << exchanged.status().to_string();
    EXPECT_TRUE(*exchanged);
    EXPECT_EQ(test::read_file(at("place/file")), "new");
    EXPECT_EQ(test::read_file(at("staged/file")), "old");
    std::filesystem::remove_all(at("place"));
    const auto moved = exchange(*calls, at("staged"), at("place"));
    ASSERT_TRUE(moved.ok()) << moved.status().to_string();
    EXPECT_FALSE(*moved);
    EXPECT_EQ(place_.names(), (std::set<std::string>{"place"}));
    std::filesystem::remove_all(at("place"));
  }
}

TEST_F(ExchangeTest, nothingStagedIsToldSo) {
  test::write_file(at("place/file"), "old");
  EXPECT_EQ(exchange(FileCalls::system(), at("staged"), at("place")).status().code(), Code::kNotFound);
  EXPECT_EQ(test::read_file(at("place/file")), "old");
  EXPECT_EQ(exchange(FileCalls::system(), at("no/staged"), at("place")).status().code(), Code::kNotFound);
}

TEST_F(ExchangeTest, aPlaceThatComesAndGoesIsAConflict) {
  test::write_file(at("staged/file"), "new");
  fake::FakeFileCalls calls;
  calls.fail_always("rename", EEXIST);
  EXPECT_EQ(exchange(calls, at("staged"), at("place")).status().code(), Code::kConflict);
  calls.fail_always("rename", EACCES);
  EXPECT_EQ(exchange(calls, at("staged"), at("place")).status().code(), Code::kPermission);
}

TEST_F(ExchangeTest, whereTheSecondOfTwoRenamesFailsThePlaceIsAsItWas) {
  test::write_file(at("staged/file"), "new");
  test::write_file(at("place/file"), "old");
  fake::FakeFileCalls calls;
  calls.fail_nth("rename", 1, EINVAL);
  class SecondFails final : public FileCalls {
   public:
    int rename(int from, const char* old, int directory, const char* name, unsigned flags) noexcept override {
      if (flags != 0) return -EINVAL;
      return ++count_ == 2 ? -EIO : FileCalls::rename(from, old, directory, name, flags);
    }

   private:
    int count_ = 0;
  } second_fails;
  EXPECT_EQ(exchange(second_fails, at("staged"), at("place")).status().code(), Code::kIo);
  EXPECT_EQ(test::read_file(at("place/file")), "old");
  EXPECT_EQ(place_.names(), (std::set<std::string>{"place", "staged"}));
}

}  // namespace
}  // namespace windlass
