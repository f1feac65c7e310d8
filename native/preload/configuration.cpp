#include "preload/configuration.hpp"

#include <charconv>
#include <limits>
#include <system_error>

#include "base/text.hpp"
#include "preload/limits.hpp"

namespace windlass {

namespace {

Status malformed(const char* name, std::string_view value, std::string_view takes) {
  return Status::error(Code::kInvalidArgument, text(name, "=\"", value, "\" is not understood; it takes ", takes));
}

// The part behind prefix, if the text begins with it.
std::optional<std::string_view> after(std::string_view prefix, std::string_view value) {
  if (value.substr(0, prefix.size()) != prefix) return std::nullopt;
  return value.substr(prefix.size());
}

Status read_flag(const VariableReader& variable, const char* name, std::optional<bool>* flag) {
  const std::optional<std::string> value = variable(name);
  if (!value.has_value()) return Status();
  if (*value != "0" && *value != "1") return malformed(name, *value, "0 or 1");
  *flag = *value == "1";
  return Status();
}

Status read_tag(const VariableReader& variable, std::optional<std::string>* tag) {
  constexpr const char* kName = "WINDLASS_PRELOAD_TAG";
  *tag = variable(kName);
  if (tag->has_value() && (*tag)->size() > kMostTagBytes) {
    return Status::error(Code::kInvalidArgument,
                         text(kName, " has ", (*tag)->size(), " bytes; a tag takes at most ", kMostTagBytes));
  }
  return Status();
}

Status read_backup(const VariableReader& variable, BackupRequest* backup) {
  constexpr const char* kName = "WINDLASS_PRELOAD_BACKUP";
  constexpr const char* kTakes = "none, pageable, pooled, pooled:<bytes> or file:<directory>";
  const std::optional<std::string> value = variable(kName);
  if (!value.has_value()) return Status();
  if (*value == "none") {
    backup->kind = BackupKind::kNone;
  } else if (*value == "pageable") {
    backup->kind = BackupKind::kPageable;
  } else if (*value == "pooled") {
    backup->kind = BackupKind::kPooled;
  } else if (const auto limit = after("pooled:", *value); limit.has_value()) {
    Result<uint64_t> bytes = parse_bytes(*limit);
    if (!bytes.ok() || *bytes == 0) return malformed(kName, *value, kTakes);
    backup->kind = BackupKind::kPooled;
    backup->pool_limit_bytes = *bytes;
  } else if (const auto directory = after("file:", *value); directory.has_value() && !directory->empty()) {
    backup->kind = BackupKind::kFile;
    backup->directory = std::string(*directory);
  } else {
    return malformed(kName, *value, kTakes);
  }
  return Status();
}

Status read_margin(const VariableReader& variable, uint64_t* margin_bytes) {
  constexpr const char* kName = "WINDLASS_PRELOAD_MARGIN";
  const std::optional<std::string> value = variable(kName);
  if (!value.has_value()) return Status();
  Result<uint64_t> bytes = parse_bytes(*value);
  if (!bytes.ok()) return malformed(kName, *value, "a byte count, such as 536870912 or 512M");
  *margin_bytes = *bytes;
  return Status();
}

Status read_device(const VariableReader& variable, PreloadConfiguration* configuration) {
  constexpr const char* kName = "WINDLASS_PRELOAD_DEVICE";
  const std::optional<std::string> value = variable(kName);
  if (!value.has_value() || *value == "cuda") return Status();
  configuration->emulated = true;
  if (*value == "emulated") return Status();
  if (const auto size = after("emulated:", *value); size.has_value()) {
    Result<uint64_t> bytes = parse_bytes(*size);
    if (bytes.ok() && *bytes != 0) {
      configuration->emulated_bytes = *bytes;
      return Status();
    }
  }
  return malformed(kName, *value, "cuda, emulated or emulated:<bytes>");
}

}  // namespace

Result<PreloadConfiguration> read_configuration(const VariableReader& variable) {
  PreloadConfiguration read;
  BackupRequest& backup = read.backup;
  if (Status tag = read_tag(variable, &read.tag); !tag.ok()) return tag;
  if (Status kind = read_backup(variable, &backup); !kind.ok()) return kind;
  if (Status flag = read_flag(variable, "WINDLASS_PRELOAD_RETAIN", &backup.retain); !flag.ok()) return flag;
  if (Status flag = read_flag(variable, "WINDLASS_PRELOAD_VERIFY", &backup.verify); !flag.ok()) return flag;
  if (Status flag = read_flag(variable, "WINDLASS_PRELOAD_ENABLED", &read.enabled); !flag.ok()) return flag;
  if (Status margin = read_margin(variable, &read.margin_bytes); !margin.ok()) return margin;
  if (Status device = read_device(variable, &read); !device.ok()) return device;
  read.makes_scope = read.tag.has_value() || read.enabled.has_value() || backup.says_something();
  return read;
}

Result<uint64_t> parse_bytes(std::string_view text) {
  const Status wrong = Status::error(Code::kInvalidArgument, "not a byte count, such as 536870912 or 512M");
  uint64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || rest == text.data()) return wrong;
  if (rest == end) return number;
  constexpr std::string_view kUnits = "KMGT";
  const size_t unit = kUnits.find(*rest);
  if (rest + 1 != end || unit == std::string_view::npos) return wrong;
  const uint64_t shift = 10 * (unit + 1);
  if (number > std::numeric_limits<uint64_t>::max() >> shift) return wrong;
  return number << shift;
}

}  // namespace windlass
