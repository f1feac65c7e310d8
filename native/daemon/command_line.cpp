#include "daemon/command_line.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <limits>

#include "base/owned_descriptor.hpp"
#include "base/text.hpp"

namespace windlass {

namespace {

constexpr size_t kMaxSecretBytes = 4096;
constexpr size_t kLeastSecretBytes = 16;

constexpr std::string_view kHelp =
    R"(windlassd holds values by key in shared memory, for many clients at once: a Windlass volume without a JVM.

Usage: windlassd --listen ADDRESS [option...]

  --listen ADDRESS       where clients come in; may be given several times
                           shm://NAME           a socket in this user's run-time directory
                           shm:///PATH          a socket at this path
                           tcp://HOST:PORT      port 0 is any that is free
  --limit SIZE           of memory for values; default: half of what the machine has available
  --evict                a full volume gives up the values that were not read for longest; else it refuses
  --segment SIZE         memory is taken in pieces of so many; default 64MiB
  --prepare SIZE         memory that is taken before the first client comes; default 0
  --secret-file FILE     what clients over TCP must know; needed beyond loopback. One line of at least 16 bytes, in a
                         file that nobody else can read
  --clients NUMBER       connections at once; default 4096
  --slow-timeout SECONDS a client that is in the middle of something, and as long does nothing, is cut off; default 10
  --print-address        print each address as clients must give it, a line each, once all are listened at
  --log LEVEL            debug, info, warning or error; default info. Lines go to standard error
  --version              which Windlass this is
  --help                 this page

Sizes are bytes, or have a unit: 512MiB, 4G, 1TiB. SIGTERM and SIGINT end it cleanly, with status 0.
)";

template <typename Number>
std::optional<Number> parse_number(std::string_view text) noexcept {
  Number number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

Status wrong(std::string_view option, std::string_view value, std::string_view way_out) {
  return Status::error(Code::kInvalidArgument, text(option, " \"", value, "\": ", way_out));
}

Status set_size(std::string_view option, std::string_view value, uint64_t& out) {
  const std::optional<uint64_t> size = parse_size(value);
  if (!size) return wrong(option, value, "give a size such as 512MiB or 4G");
  out = *size;
  return Status();
}

Status set_log_level(std::string_view value, LogLevel& out) {
  constexpr std::array<std::string_view, 4> kLevels{"debug", "info", "warning", "error"};
  for (size_t level = 0; level < kLevels.size(); ++level) {
    if (value != kLevels[level]) continue;
    out = static_cast<LogLevel>(level);
    return Status();
  }
  return wrong("--log", value, "give debug, info, warning or error");
}

// One option that has a value.
Status set(std::string_view option, std::string_view value, CommandLine& out) {
  if (option == "--listen") {
    out.listen.emplace_back(value);
  } else if (option == "--limit") {
    return set_size(option, value, out.limit_bytes);
  } else if (option == "--segment") {
    return set_size(option, value, out.segment_bytes);
  } else if (option == "--prepare") {
    return set_size(option, value, out.prepared_bytes);
  } else if (option == "--secret-file") {
    out.secret_file = value;
  } else if (option == "--clients") {
    const std::optional<uint32_t> number = parse_number<uint32_t>(value);
    if (!number || *number == 0) return wrong(option, value, "give a number of 1 or more");
    out.most_clients = *number;
  } else if (option == "--slow-timeout") {
    const std::optional<uint32_t> seconds = parse_number<uint32_t>(value);
    if (!seconds || *seconds == 0) return wrong(option, value, "give whole seconds, 1 or more");
    out.slow_timeout_ns = uint64_t{*seconds} * 1'000'000'000;
  } else {
    return set_log_level(value, out.log_level);
  }
  return Status();
}

bool has_value(std::string_view option) noexcept {
  constexpr std::array<std::string_view, 8> kOptions{"--listen",      "--limit",   "--segment",      "--prepare",
                                                     "--secret-file", "--clients", "--slow-timeout", "--log"};
  return std::find(kOptions.begin(), kOptions.end(), option) != kOptions.end();
}

bool set_switch(std::string_view option, CommandLine& out) noexcept {
  if (option == "--evict") {
    out.evicts = true;
  } else if (option == "--print-address") {
    out.prints_addresses = true;
  } else if (option == "--help" || option == "-h") {
    out.help = true;
  } else if (option == "--version") {
    out.version = true;
  } else {
    return false;
  }
  return true;
}

}  // namespace

std::optional<uint64_t> parse_size(std::string_view text) noexcept {
  uint64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || number == 0) return std::nullopt;
  std::string_view unit(rest, static_cast<size_t>(end - rest));
  if (unit.ends_with("iB")) {
    unit.remove_suffix(2);
    if (unit.empty()) return std::nullopt;
  }
  uint32_t shift = 0;
  if (!unit.empty() && unit != "B") {
    constexpr std::string_view kUnits = "KMGT";
    const size_t at = kUnits.find(unit.front());
    if (unit.size() != 1 || at == std::string_view::npos) return std::nullopt;
    shift = static_cast<uint32_t>(10 * (at + 1));
  }
  if (number > std::numeric_limits<uint64_t>::max() >> shift) return std::nullopt;
  return number << shift;
}

Result<CommandLine> parse_command_line(std::span<const char* const> arguments) {
  CommandLine parsed;
  for (size_t at = 0; at < arguments.size(); ++at) {
    std::string_view option = arguments[at];
    if (set_switch(option, parsed)) continue;
    // Both "--limit 4G" and "--limit=4G".
    std::optional<std::string_view> value;
    if (const size_t sign = option.find('='); sign != std::string_view::npos) {
      value = option.substr(sign + 1);
      option = option.substr(0, sign);
    }
    if (!has_value(option)) {
      return Status::error(Code::kInvalidArgument, text("\"", arguments[at], "\" is no option; --help lists them"));
    }
    if (!value) {
      if (at + 1 == arguments.size()) {
        return Status::error(Code::kInvalidArgument, text(option, " needs a value behind it; --help says which"));
      }
      value = arguments[++at];
    }
    if (Status done = set(option, *value, parsed); !done.ok()) return done;
  }
  if (parsed.listen.empty() && !parsed.help && !parsed.version) {
    return Status::error(Code::kInvalidArgument,
                         "no address to listen at; give --listen shm://NAME or --listen tcp://127.0.0.1:PORT");
  }
  return parsed;
}

Result<std::string> read_secret(const std::string& path) {
  const OwnedDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
  if (!file.valid()) {
    const int cause = errno;
    return Status::error(cause == ENOENT ? Code::kNotFound : Code::kIo,
                         text("the secret's file ", path, " cannot be opened: ", errno_text(cause)), cause);
  }
  struct stat facts {};
  if (::fstat(file.number(), &facts) != 0) {
    return Status::error(Code::kIo, text("the secret's file ", path, ": ", errno_text(errno)), errno);
  }
  if (!S_ISREG(facts.st_mode))
    return Status::error(Code::kIo, text("the secret's file ", path, " is no ordinary file"));
  if ((facts.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    return Status::error(Code::kPermission, text("the secret's file ", path, " is open to other users; chmod 600 it"));
  }
  std::array<char, kMaxSecretBytes + 1> bytes{};
  const ssize_t count = ::read(file.number(), bytes.data(), bytes.size());
  if (count < 0) {
    return Status::error(Code::kIo, text("the secret's file ", path, " cannot be read: ", errno_text(errno)), errno);
  }
  std::string secret(bytes.data(), static_cast<size_t>(count));
  secret.resize(std::min(secret.size(), secret.find_first_of("\r\n")));
  if (secret.size() < kLeastSecretBytes || secret.size() > kMaxSecretBytes) {
    return Status::error(Code::kInvalidArgument,
                         text("the secret's file ", path, " has a first line of ", secret.size(), " bytes; give ",
                              kLeastSecretBytes, " to ", kMaxSecretBytes));
  }
  return secret;
}

std::string_view help_page() noexcept { return kHelp; }

}  // namespace windlass
