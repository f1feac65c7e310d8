#include "backup/owner_record.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <utility>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "io/file_system.hpp"

namespace windlass {

namespace {

constexpr std::string_view kMagic = "windlass-owner 1\n";
constexpr std::string_view kPrefix = "windlass-";
constexpr std::string_view kRecordEnd = ".owner";
constexpr std::string_view kNewRecordEnd = ".owner-new";
constexpr std::string_view kBackupEnd = ".backup";
constexpr size_t kIdLength = 16;
constexpr size_t kMostNumberLength = 20;

// The first line of a small file of the kernel's, or nothing.
std::string first_line_of(const std::string& path) {
  std::array<char, 1024> content{};
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return {};
  const ssize_t bytes = ::read(descriptor, content.data(), content.size());
  ::close(descriptor);
  const std::string_view all(content.data(), bytes > 0 ? static_cast<size_t>(bytes) : 0);
  return std::string(all.substr(0, all.find('\n')));
}

template <typename Number>
bool parse_number(std::string_view digits, Number& number) noexcept {
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return error == std::errc() && end == digits.data() + digits.size();
}

// When a process started: field 22 of its stat. The second field, its name, may hold anything, brackets too.
std::optional<uint64_t> start_time_of(const std::string& process) {
  const std::string line = first_line_of(text("/proc/", process, "/stat"));
  std::string_view rest = line;
  const size_t name_end = rest.rfind(") ");
  if (name_end == std::string_view::npos) return std::nullopt;
  rest.remove_prefix(name_end + 2);
  constexpr int kFieldsBetween = 22 - 3;
  for (int field = 0; field < kFieldsBetween; ++field) rest.remove_prefix(std::min(rest.find(' ') + 1, rest.size()));
  uint64_t ticks = 0;
  if (!parse_number(rest.substr(0, rest.find(' ')), ticks)) return std::nullopt;
  return ticks;
}

bool is_id(std::string_view text) noexcept {
  return text.size() == kIdLength && std::all_of(text.begin(), text.end(), [](char letter) {
           return (letter >= '0' && letter <= '9') || (letter >= 'a' && letter <= 'f');
         });
}

std::string fresh_id() {
  uint64_t number = 0;
  if (getrandom(&number, sizeof number, GRND_NONBLOCK) != sizeof number) {
    number = now_ns() * 0x9E3779B97F4A7C15U ^ static_cast<uint64_t>(getpid());
  }
  const std::string digits = hex_text(number).substr(2);
  return std::string(kIdLength - digits.size(), '0') + digits;
}

// Takes "<name> <value>\n" off the front.
bool take_field(std::string_view& rest, std::string_view name, std::string_view& value) noexcept {
  if (!rest.starts_with(name) || rest.size() <= name.size() || rest[name.size()] != ' ') return false;
  rest.remove_prefix(name.size() + 1);
  const size_t end = rest.find('\n');
  if (end == std::string_view::npos) return false;
  value = rest.substr(0, end);
  rest.remove_prefix(end + 1);
  return true;
}

Status write_record(int descriptor, const std::string& path) {
  if (fchmod(descriptor, S_IRUSR | S_IWUSR) != 0) return file_failure(errno, "set the mode of", path);
  const std::string record = OwnerRecord::of_this_process().to_text();
  const ssize_t written = ::write(descriptor, record.data(), record.size());
  if (written == static_cast<ssize_t>(record.size())) return Status();
  return file_failure(written < 0 ? errno : ENOSPC, "write", path);
}

}  // namespace

OwnerRecord OwnerRecord::of_this_process() {
  OwnerRecord record;
  record.pid = getpid();
  record.start_time = start_time_of("self").value_or(0);
  record.boot_id = first_line_of("/proc/sys/kernel/random/boot_id");
  record.machine_id = first_line_of("/etc/machine-id");
  std::array<char, 256> host{};
  if (gethostname(host.data(), host.size() - 1) == 0) record.host = host.data();
  record.uid = geteuid();
  return record;
}

std::string OwnerRecord::to_text() const {
  return text(kMagic, "pid ", pid, "\nstart ", start_time, "\nboot ", boot_id, "\nmachine ", machine_id, "\nhost ",
              host, "\nuid ", uid, "\n");
}

std::optional<OwnerRecord> OwnerRecord::parse(std::string_view text) {
  if (!text.starts_with(kMagic)) return std::nullopt;
  text.remove_prefix(kMagic.size());
  OwnerRecord record;
  std::string_view pid;
  std::string_view start;
  std::string_view boot;
  std::string_view machine;
  std::string_view host;
  std::string_view uid;
  const bool whole = take_field(text, "pid", pid) && take_field(text, "start", start) &&
                     take_field(text, "boot", boot) && take_field(text, "machine", machine) &&
                     take_field(text, "host", host) && take_field(text, "uid", uid) && text.empty();
  if (!whole || !parse_number(pid, record.pid) || !parse_number(start, record.start_time) ||
      !parse_number(uid, record.uid) || record.pid <= 0) {
    return std::nullopt;
  }
  record.boot_id = boot;
  record.machine_id = machine;
  record.host = host;
  return record;
}

bool OwnerRecord::is_of_this_machine(const OwnerRecord& self) const noexcept {
  if (!boot_id.empty() && boot_id == self.boot_id) return true;
  return !machine_id.empty() && machine_id == self.machine_id && host == self.host;
}

bool OwnerRecord::is_seen_running() const { return start_time_of(std::to_string(pid)) == start_time; }

std::optional<OwnedName> OwnedName::parse(std::string_view name) {
  if (!name.starts_with(kPrefix) || name.size() < kPrefix.size() + kIdLength) return std::nullopt;
  const std::string_view id = name.substr(kPrefix.size(), kIdLength);
  if (!is_id(id)) return std::nullopt;
  std::string_view rest = name.substr(kPrefix.size() + kIdLength);
  if (rest == kRecordEnd) return OwnedName{Kind::kRecord, std::string(id)};
  if (rest == kNewRecordEnd) return OwnedName{Kind::kNewRecord, std::string(id)};
  if (!rest.starts_with('-') || !rest.ends_with(kBackupEnd)) return std::nullopt;
  rest = rest.substr(1, rest.size() - 1 - kBackupEnd.size());
  const bool number = !rest.empty() && rest.size() <= kMostNumberLength &&
                      std::all_of(rest.begin(), rest.end(), [](char letter) { return letter >= '0' && letter <= '9'; });
  if (!number) return std::nullopt;
  return OwnedName{Kind::kBackup, std::string(id)};
}

Result<OwnerLock> OwnerLock::publish(const Folder& folder) {
  OwnerLock lock;
  lock.directory_ = folder.descriptor;
  lock.id_ = fresh_id();
  const std::string name = text(kPrefix, lock.id_, kRecordEnd);
  const std::string new_name = text(kPrefix, lock.id_, kNewRecordEnd);
  const std::string path = text(folder.path, "/", name);
  const int flags = O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
  lock.descriptor_ = openat(folder.descriptor, new_name.c_str(), flags, S_IRUSR | S_IWUSR);
  if (lock.descriptor_ < 0) return file_failure(errno, "create", path);
  lock.name_ = new_name;
  // Locked before a word is written: what can be read and locked is dead. A sweeper may have the lock for a moment.
  int locked = 0;
  do {
    locked = flock(lock.descriptor_, LOCK_EX);
  } while (locked != 0 && errno == EINTR);
  if (locked != 0) {
    log(LogLevel::kWarning, "backup",
        text(folder.path, ": files cannot be locked there (", errno_text(errno), "), so that what a process leaves ",
             "when it is killed is not removed by the next"));
  }
  if (Status written = write_record(lock.descriptor_, path); !written.ok()) return written;
  if (renameat(folder.descriptor, new_name.c_str(), folder.descriptor, name.c_str()) != 0) {
    return file_failure(errno, "create", path);
  }
  lock.name_ = name;
  return lock;
}

OwnerLock::~OwnerLock() {
  if (!name_.empty()) unlinkat(directory_, name_.c_str(), 0);
  if (descriptor_ >= 0) ::close(descriptor_);
}

OwnerLock::OwnerLock(OwnerLock&& other) noexcept { *this = std::move(other); }

OwnerLock& OwnerLock::operator=(OwnerLock&& other) noexcept {
  std::swap(directory_, other.directory_);
  std::swap(descriptor_, other.descriptor_);
  std::swap(id_, other.id_);
  std::swap(name_, other.name_);
  return *this;
}

std::string OwnerLock::backup_name(uint64_t number) const { return text(kPrefix, id_, "-", number, kBackupEnd); }

}  // namespace windlass
