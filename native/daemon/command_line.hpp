// What windlassd is asked to do: its command line, taken apart.
//
// Threads: any; they share nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/log.hpp"
#include "base/status.hpp"

namespace windlass {

struct CommandLine {
  std::vector<std::string> listen;  // at least one, unless help or version is asked for
  uint64_t limit_bytes = 0;         // 0: as the volume thinks best, as the two below
  uint64_t segment_bytes = 0;
  uint64_t prepared_bytes = 0;
  bool evicts = false;
  std::string secret_file;
  uint32_t most_clients = 0;  // 0: as the server thinks best, as below
  uint64_t slow_timeout_ns = 0;
  bool prints_addresses = false;
  LogLevel log_level = LogLevel::kInfo;
  bool help = false;
  bool version = false;
};

// Errors: kInvalidArgument (which argument, what is wrong with it, what is right).
Result<CommandLine> parse_command_line(std::span<const char* const> arguments);

// "4GiB", "512M", "1048576": a number and a unit, which stands for a power of two. Nothing where it is none, or 0.
std::optional<uint64_t> parse_size(std::string_view text) noexcept;

// The secret that a file holds: its first line. Errors: kNotFound; kIo; kPermission (others may read the file);
// kInvalidArgument (it is shorter than 16 bytes, or longer than 4 KiB).
Result<std::string> read_secret(const std::string& path);

// The page that --help shows.
std::string_view help_page() noexcept;

}  // namespace windlass
