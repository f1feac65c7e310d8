// Archives of other tools that mean harm are in attack_test.
#include "archive/load_stream.hpp"

#include <gtest/gtest.h>

#include <cstdlib>

#include "archive/hand_archives.hpp"
#include "archive/trees.hpp"

namespace windlass {
namespace {

class LoadStreamTest : public test::ArchiveTest {};

TEST_F(LoadStreamTest, whatTarWroteIsLoaded) {
  if (std::system("tar --version >/dev/null 2>&1 && zstd --version >/dev/null 2>&1") != 0) {
    GTEST_SKIP() << "SKIPPED: there is no tar with zstd here";
  }
  test::make_usual_tree(at("tree"));
  std::filesystem::create_hard_link(at("tree/large"), at("tree/zz"));
  for (const std::string format : {"gnu", "pax", "ustar --exclude=d*", "gnu --sort=name -b 1"}) {
    for (const std::string kind : {"", "--zstd "}) {
      const std::string made =
          "cd " + at("tree") + " && tar " + kind + "--format=" + format + " -cf ../archive . 2>/dev/null";
      if (std::system(made.c_str()) != 0) continue;
      const auto loaded = test::load(at("archive"), at("back"));
      ASSERT_TRUE(loaded.ok()) << made << ": " << loaded.status().to_string();
      EXPECT_EQ(loaded->format, kind.empty() ? ArchiveFormat::kTar : ArchiveFormat::kZstdTar);
      auto wanted = test::tree_of(at("tree"));
      if (format.starts_with("ustar")) std::erase_if(wanted, [](const auto& e) { return e.first.find("ddd") == 0; });
      auto found = test::tree_of(at("back"));
      if (format.starts_with("ustar")) std::erase_if(found, [](const auto& e) { return e.first.find("ddd") == 0; });
      std::erase_if(wanted, [&](const auto& e) { return found.count(e.first) == 0 && format.starts_with("ustar"); });
      EXPECT_EQ(found, wanted) << made;
      EXPECT_EQ(std::filesystem::hard_link_count(at("back/zz")), 2U);
      std::filesystem::remove_all(at("back"));
    }
  }
}

TEST_F(LoadStreamTest, framesAndSkippableFramesInARowAreOneArchive) {
  const std::vector<std::byte> tar = test::ended(test::tar_of({{"a", '0', test::words(5000, 1)}, {"b", '0', "y"}}));
  std::vector<std::byte> bytes;
  for (const size_t at_byte : {size_t{0}, size_t{1000}, size_t{1000}, size_t{4000}}) {
    const std::vector<std::byte> skipped = encode_seal(std::vector<std::byte>(7));
    bytes.insert(bytes.end(), skipped.begin(), skipped.begin() + 4);
    for (const std::byte part : {std::byte{2}, std::byte{0}, std::byte{0}, std::byte{0}}) bytes.push_back(part);
    bytes.resize(bytes.size() + 2);
    static_cast<void>(at_byte);
  }
  for (size_t begin = 0; begin < tar.size(); begin += 1000) {
    const auto frame = test::compressed(std::span(tar).subspan(begin, std::min<size_t>(1000, tar.size() - begin)));
    bytes.insert(bytes.end(), frame.begin(), frame.end());
  }
  test::write_bytes(at("archive"), bytes);
  ASSERT_TRUE(test::load(at("archive"), at("back")).ok());
  EXPECT_EQ(test::read_file(at("back/a")), test::words(5000, 1));
}

}  // namespace
}  // namespace windlass
