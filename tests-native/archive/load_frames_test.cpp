// Frames that are damaged or do not fit the index are in attack_test; whole loads in load_test.
#include "archive/load_frames.hpp"

#include <gtest/gtest.h>

#include "archive/hand_archives.hpp"
#include "archive/trees.hpp"

namespace windlass {
namespace {

class LoadFramesTest : public test::ArchiveTest {};

// Goal: files whose pieces come from many threads, at once and in any order, are whole. Method: many large files in the
// smallest frames, more threads than processors, some rounds.
TEST_F(LoadFramesTest, filesInManyFramesAreWholeWhoeverDecodesThem) {
  for (uint64_t i = 0; i < 12; ++i) {
    test::write_file(at("tree/" + std::to_string(i)), test::words(400'000 + i * 4099, i));
  }
  ASSERT_TRUE(test::save(at("tree"), at("archive")).ok());
  const auto wanted = test::tree_of(at("tree"));
  ArchiveLoadOptions options;
  options.threads = 8;
  options.durable = false;
  for (uint64_t round = 0; round < 4; ++round) {
    ASSERT_TRUE(test::load(at("archive"), at("back"), options).ok());
    EXPECT_EQ(test::tree_of(at("back")), wanted);
    std::filesystem::remove_all(at("back"));
  }
}

// Goal: whoever waits for the headers of a file whose frame is damaged is not left waiting.
TEST_F(LoadFramesTest, aDamagedFirstFrameEndsAllOthers) {
  test::write_file(at("tree/large"), test::words(3 << 20, 1));
  ASSERT_TRUE(test::save(at("tree"), at("archive")).ok());
  std::vector<std::byte> bytes = test::read_bytes(at("archive"));
  bytes[100] ^= std::byte{1};
  test::write_bytes(at("archive"), bytes);
  ArchiveLoadOptions options;
  options.threads = 8;
  for (uint64_t round = 0; round < 5; ++round) expect_refused(at("archive"), Code::kCorrupt, "frame 0", options);
}

}  // namespace
}  // namespace windlass
