// That the parts of the dead are swept, and those of the living are not, is in durability_test.
#include "archive/part.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>

#include "archive/hand_archives.hpp"
#include "archive/trees.hpp"

namespace windlass {
namespace {

class PartTest : public test::ArchiveTest {};

TEST_F(PartTest, placesHaveANameInADirectory) {
  const auto place = open_place(FileCalls::system(), at("name/"));
  ASSERT_TRUE(place.ok());
  EXPECT_EQ(place->name, "name");
  EXPECT_EQ(place->path, at("name"));
  EXPECT_FALSE(exists_at(FileCalls::system(), *place).value());
  for (const std::string path : {"", "/", ".", "..", "a/.."}) {
    EXPECT_FALSE(open_place(FileCalls::system(), path).ok()) << path;
  }
  EXPECT_EQ(open_place(FileCalls::system(), at("no/name")).status().code(), Code::kNotFound);
}

TEST_F(PartTest, aTreeIsRemovedAndWhatItsLinksNameIsNot) {
  test::make_usual_tree(at("tree"));
  test::write_file(at("outside/file"), "stays");
  std::filesystem::create_directory_symlink(at("outside"), at("tree/link"));
  const auto place = open_place(FileCalls::system(), at("tree")).value();
  remove_tree(FileCalls::system(), place.directory.number(), "tree");
  EXPECT_EQ(place_.names(), (std::set<std::string>{"outside"}));
  EXPECT_EQ(test::read_file(at("outside/file")), "stays");
  remove_tree(FileCalls::system(), place.directory.number(), "tree");
}

TEST_F(PartTest, whatIsNoPartIsNotSwept) {
  test::write_file(at(".windlass-0000000000000001.part"), "nobody's");
  test::write_file(at(".windlass-0000000000000002.part/file"), "nobody's");
  test::write_file(at(".windlass-file"), "mine");
  test::write_file(at("file.part"), "mine");
  const auto place = open_place(FileCalls::system(), at("x")).value();
  sweep_parts(FileCalls::system(), place.directory.number());
  EXPECT_EQ(place_.names(), (std::set<std::string>{".windlass-file", "file.part"}));
}

TEST(PartNameTest, namesDiffer) {
  EXPECT_NE(fresh_part_name(), fresh_part_name());
  EXPECT_EQ(fresh_part_name().size(), std::string(".windlass-0123456789abcdef.part").size());
}

}  // namespace
}  // namespace windlass
