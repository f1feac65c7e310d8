// What the environment says of the scope around all scopes, and of the devices.
//
//   WINDLASS_PRELOAD_TAG=weights
//   WINDLASS_PRELOAD_BACKUP=none | pageable | pooled | pooled:<bytes> | file:<directory>
//   WINDLASS_PRELOAD_RETAIN=0 | 1
//   WINDLASS_PRELOAD_VERIFY=0 | 1
//   WINDLASS_PRELOAD_ENABLED=0 | 1
//   WINDLASS_PRELOAD_MARGIN=<bytes>
//   WINDLASS_PRELOAD_DEVICE=cuda | emulated | emulated:<bytes>
//
// Byte counts may end in K, M, G or T. The first five make a scope; the last two do not.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/status.hpp"
#include "preload/backup_choice.hpp"

namespace windlass {

struct PreloadConfiguration {
  bool makes_scope = false;
  std::optional<bool> enabled;
  std::optional<std::string> tag;
  BackupRequest backup;
  uint64_t margin_bytes = 0;
  bool emulated = false;
  uint64_t emulated_bytes = 0;  // 0: what the machine has
};

// Gives a variable's text, or nothing.
using VariableReader = std::function<std::optional<std::string>(const char* name)>;

// Errors: kInvalidArgument; the message names the variable and what it takes.
Result<PreloadConfiguration> read_configuration(const VariableReader& variable);

// "1073741824", "512M", "8G". Errors: kInvalidArgument.
Result<uint64_t> parse_bytes(std::string_view text);

}  // namespace windlass
