#include "preload/configuration.hpp"

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "base/bytes.hpp"

namespace windlass {
namespace {

using Variables = std::map<std::string, std::string>;

Result<PreloadConfiguration> read_from(const Variables& variables) {
  return read_configuration([&](const char* name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    return found != variables.end() ? std::optional<std::string>(found->second) : std::nullopt;
  });
}

TEST(PreloadConfigurationTest, nothingSaidMakesNoScope) {
  const auto read = read_from({{"WINDLASS_OTHER", "1"}}).value();
  EXPECT_FALSE(read.makes_scope);
  EXPECT_FALSE(read.backup.says_something());
  EXPECT_EQ(read.margin_bytes, 0U);
  EXPECT_FALSE(read.emulated);
}

TEST(PreloadConfigurationTest, marginAndDeviceMakeNoScope) {
  const auto read =
      read_from({{"WINDLASS_PRELOAD_MARGIN", "512M"}, {"WINDLASS_PRELOAD_DEVICE", "emulated:1G"}}).value();
  EXPECT_FALSE(read.makes_scope);
  EXPECT_EQ(read.margin_bytes, 512 * kMiB);
  EXPECT_TRUE(read.emulated);
  EXPECT_EQ(read.emulated_bytes, kGiB);
}

TEST(PreloadConfigurationTest, eachSettingIsRead) {
  const auto read = read_from({{"WINDLASS_PRELOAD_TAG", "weights"},
                               {"WINDLASS_PRELOAD_BACKUP", "pooled:8G"},
                               {"WINDLASS_PRELOAD_RETAIN", "1"},
                               {"WINDLASS_PRELOAD_VERIFY", "0"},
                               {"WINDLASS_PRELOAD_ENABLED", "0"}})
                        .value();
  EXPECT_TRUE(read.makes_scope);
  EXPECT_EQ(read.tag, "weights");
  EXPECT_EQ(read.backup.kind, BackupKind::kPooled);
  EXPECT_EQ(read.backup.pool_limit_bytes, 8 * kGiB);
  EXPECT_EQ(read.backup.retain, true);
  EXPECT_EQ(read.backup.verify, false);
  EXPECT_EQ(read.enabled, false);
}

TEST(PreloadConfigurationTest, everyBackupHasItsWord) {
  const auto kind = [](const char* word) { return read_from({{"WINDLASS_PRELOAD_BACKUP", word}}).value().backup; };
  EXPECT_EQ(kind("none").kind, BackupKind::kNone);
  EXPECT_EQ(kind("pageable").kind, BackupKind::kPageable);
  EXPECT_EQ(kind("pooled").kind, BackupKind::kPooled);
  EXPECT_EQ(kind("file:/var/tmp/a b").kind, BackupKind::kFile);
  EXPECT_EQ(kind("file:/var/tmp/a b").directory, "/var/tmp/a b");
}

struct Malformed {
  const char* name;
  std::string value;
};

void PrintTo(const Malformed& malformed, std::ostream* out) { *out << malformed.name << '=' << malformed.value; }

class MalformedTest : public testing::TestWithParam<Malformed> {};

TEST_P(MalformedTest, isRefusedWithItsName) {
  const Status status = read_from({{GetParam().name, GetParam().value}}).status();
  EXPECT_EQ(status.code(), Code::kInvalidArgument);
  EXPECT_NE(status.message().find(GetParam().name), std::string_view::npos) << status.message();
  EXPECT_NE(status.message().find("takes"), std::string_view::npos) << status.message();
}

INSTANTIATE_TEST_SUITE_P(
    PreloadConfiguration, MalformedTest,
    testing::Values(Malformed{"WINDLASS_PRELOAD_TAG", std::string(256, 'x')}, Malformed{"WINDLASS_PRELOAD_BACKUP", ""},
                    Malformed{"WINDLASS_PRELOAD_BACKUP", "Pageable"}, Malformed{"WINDLASS_PRELOAD_BACKUP", "pooled:"},
                    Malformed{"WINDLASS_PRELOAD_BACKUP", "pooled:0"}, Malformed{"WINDLASS_PRELOAD_BACKUP", "file:"},
                    Malformed{"WINDLASS_PRELOAD_RETAIN", "yes"}, Malformed{"WINDLASS_PRELOAD_VERIFY", ""},
                    Malformed{"WINDLASS_PRELOAD_ENABLED", "2"}, Malformed{"WINDLASS_PRELOAD_MARGIN", "much"},
                    Malformed{"WINDLASS_PRELOAD_MARGIN", "-1"}, Malformed{"WINDLASS_PRELOAD_DEVICE", "tpu"},
                    Malformed{"WINDLASS_PRELOAD_DEVICE", "emulated:"},
                    Malformed{"WINDLASS_PRELOAD_DEVICE", "emulated:0"}));

TEST(PreloadConfigurationTest, byteCountsAreRead) {
  EXPECT_EQ(parse_bytes("0").value(), 0U);
  EXPECT_EQ(parse_bytes("17").value(), 17U);
  EXPECT_EQ(parse_bytes("3K").value(), 3 * kKiB);
  EXPECT_EQ(parse_bytes("3M").value(), 3 * kMiB);
  EXPECT_EQ(parse_bytes("16777215T").value(), uint64_t{16777215} << 40);
  EXPECT_EQ(parse_bytes("18446744073709551615").value(), UINT64_MAX);
  for (const char* wrong : {"", "K", "1k", "1MB", " 1", "1 ", "0x10", "16777216T", "18446744073709551616", "1.5G"}) {
    EXPECT_EQ(parse_bytes(wrong).status().code(), Code::kInvalidArgument) << wrong;
  }
}

}  // namespace
}  // namespace windlass
