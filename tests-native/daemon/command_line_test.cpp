#include "daemon/command_line.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "base/text.hpp"
#include "support/temporary_directory.hpp"

namespace windlass {
namespace {

Result<CommandLine> parse(std::vector<const char*> words) { return parse_command_line(words); }

TEST(CommandLineTest, sizesAreNumbersWithUnits) {
  EXPECT_EQ(parse_size("4GiB"), 4 * kGiB);
  EXPECT_EQ(parse_size("512M"), 512 * kMiB);
  EXPECT_EQ(parse_size("7KiB"), 7 * kKiB);
  EXPECT_EQ(parse_size("1TiB"), 1024 * kGiB);
  EXPECT_EQ(parse_size("12"), 12U);
  EXPECT_EQ(parse_size("12B"), 12U);
  for (const char* wrong :
       {"", "0", "G", "4X", "4GB", "-1", "4 GiB", "iB", "4iB", "99999999999999999999", "16777216T"}) {
    EXPECT_EQ(parse_size(wrong), std::nullopt) << wrong;
  }
}

TEST(CommandLineTest, everyOptionIsTaken) {
  const Result<CommandLine> parsed = parse(
      {"--listen", "shm://a", "--listen=tcp://127.0.0.1:0", "--limit", "4GiB", "--segment=1MiB", "--prepare", "2M",
       "--evict", "--secret-file", "/s", "--clients", "7", "--slow-timeout", "3", "--print-address", "--log", "error"});
  ASSERT_TRUE(parsed.ok()) << parsed.status().to_string();
  EXPECT_EQ(parsed->listen, (std::vector<std::string>{"shm://a", "tcp://127.0.0.1:0"}));
  EXPECT_EQ(parsed->limit_bytes, 4 * kGiB);
  EXPECT_EQ(parsed->segment_bytes, kMiB);
  EXPECT_EQ(parsed->prepared_bytes, 2 * kMiB);
  EXPECT_TRUE(parsed->evicts);
  EXPECT_EQ(parsed->secret_file, "/s");
  EXPECT_EQ(parsed->most_clients, 7U);
  EXPECT_EQ(parsed->slow_timeout_ns, 3'000'000'000U);
  EXPECT_TRUE(parsed->prints_addresses);
  EXPECT_EQ(parsed->log_level, LogLevel::kError);
}

TEST(CommandLineTest, whatIsWrongIsNamed) {
  const std::vector<std::pair<std::vector<const char*>, std::string_view>> cases{
      {{}, "--listen"},
      {{"--frob"}, "--frob"},
      {{"--listen"}, "needs a value"},
      {{"--listen", "x", "--limit", "lots"}, "lots"},
      {{"--listen", "x", "--clients", "0"}, "--clients"},
      {{"--listen", "x", "--slow-timeout", "soon"}, "soon"},
      {{"--listen", "x", "--log", "loud"}, "loud"}};
  for (const auto& [words, part] : cases) {
    const Result<CommandLine> parsed = parse(words);
    ASSERT_FALSE(parsed.ok()) << part;
    EXPECT_EQ(parsed.status().code(), Code::kInvalidArgument);
    EXPECT_NE(parsed.status().message().find(part), std::string_view::npos) << parsed.status().to_string();
  }
  EXPECT_TRUE(parse({"--help"})->help);
  EXPECT_TRUE(parse({"--version"})->version);
}

TEST(CommandLineTest, aSecretIsTheFirstLineOfAFileOfOurs) {
  test::TemporaryDirectory directory;
  const auto write = [&](const std::string& content, mode_t mode) {
    const std::string path = text(directory.path(), "/secret");
    std::ofstream(path, std::ios::trunc) << content;
    chmod(path.c_str(), mode);
    return path;
  };
  const Result<std::string> read = read_secret(write("a secret of enough bytes\nmore\n", 0600));
  ASSERT_TRUE(read.ok()) << read.status().to_string();
  EXPECT_EQ(*read, "a secret of enough bytes");
  EXPECT_EQ(read_secret(write("a secret of enough bytes\n", 0644)).status().code(), Code::kPermission);
  EXPECT_EQ(read_secret(write("short\n", 0600)).status().code(), Code::kInvalidArgument);
  EXPECT_EQ(read_secret(write(std::string(5000, 's'), 0600)).status().code(), Code::kInvalidArgument);
  EXPECT_EQ(read_secret(directory.path() + "/none").status().code(), Code::kNotFound);
  EXPECT_EQ(read_secret(directory.path()).status().code(), Code::kIo);
}

}  // namespace
}  // namespace windlass
