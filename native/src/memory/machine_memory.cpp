#include "memory/machine_memory.hpp"

#include <algorithm>
#include <array>
#include <fstream>
#include <limits>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "base/text.hpp"

namespace windlass {

namespace {

constexpr uint64_t kNoLimit = std::numeric_limits<uint64_t>::max();

// What is left for everybody else, so that the kernel does not have to kill: 1/64 of the machine, 256 MiB at most.
uint64_t margin_bytes(uint64_t total_bytes) noexcept { return std::min(total_bytes / 64, 256 * kMiB); }

// The first number in a file, or kNoLimit where there is none ("max", or no such file).
uint64_t number_in(const std::string& path) {
  std::ifstream file(path);
  uint64_t number = 0;
  return file >> number ? number : kNoLimit;
}

// The path of our control group for a controller ("" is version 2's single hierarchy), or nothing.
std::string control_group(const std::string& root, std::string_view controller) {
  std::ifstream groups(root + "/proc/self/cgroup");
  for (std::string line; std::getline(groups, line);) {
    const size_t first = line.find(':');
    const size_t second = first == std::string::npos ? first : line.find(':', first + 1);
    if (second == std::string::npos) continue;
    if (line.compare(first + 1, second - first - 1, controller) == 0) return line.substr(second + 1);
  }
  return "";
}

struct GroupFiles {
  std::string_view controller;
  std::string_view mount;
  std::string_view limit;
  std::string_view usage;
  std::string_view reclaimable;  // in memory.stat: cached files that nobody has used of late
};

// The figure of that name in a memory.stat, or 0 where there is none.
uint64_t figure_in(const std::string& path, std::string_view name) {
  std::ifstream file(path);
  std::string key;
  for (uint64_t number = 0; file >> key >> number;) {
    if (key == name) return number;
  }
  return 0;
}

void apply_limit_of(const std::string& folder, const GroupFiles& files, MachineMemory& memory) {
  const uint64_t limit = number_in(text(folder, '/', files.limit));
  uint64_t usage = number_in(text(folder, '/', files.usage));
  if (limit == kNoLimit || usage == kNoLimit) return;
  memory.total_bytes = std::min(memory.total_bytes, limit);
  const auto left = [&] { return limit > usage ? limit - usage : 0; };
  if (left() >= memory.available_bytes) return;
  // Looked up only where it matters: the kernel adds these figures up for each reader.
  usage -= std::min(usage, figure_in(text(folder, "/memory.stat"), files.reclaimable));
  memory.available_bytes = std::min(memory.available_bytes, left());
}

// What our control group and those above it still allow. In a container the group's own path is often not visible; its
// limit then stands at the mount's top, where the way up ends.
void apply_group_limits(const std::string& root, const GroupFiles& files, MachineMemory& memory) {
  const std::string top = text(root, files.mount);
  for (std::string group = control_group(root, files.controller); group.size() > 1 && group.front() == '/';
       group.erase(group.rfind('/'))) {
    apply_limit_of(top + group, files, memory);
  }
  apply_limit_of(top, files, memory);
}

}  // namespace

Result<MachineMemory> machine_memory(const std::string& root) {
  std::ifstream file(root + "/proc/meminfo");
  MachineMemory memory;
  std::string name;
  std::string unit;
  for (uint64_t kib = 0; file >> name >> kib;) {
    std::getline(file, unit);
    if (name == "MemTotal:") memory.total_bytes = kib * kKiB;
    if (name == "MemAvailable:") {
      memory.available_bytes = kib * kKiB;
      break;
    }
  }
  if (memory.total_bytes == 0) {
    return Status::error(Code::kIo, "/proc/meminfo cannot be read, so free memory is unknown; is /proc mounted?");
  }
  static constexpr std::array<GroupFiles, 2> kGroups = {{
      {"", "/sys/fs/cgroup", "memory.max", "memory.current", "inactive_file"},
      {"memory", "/sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"},
  }};
  for (const GroupFiles& files : kGroups) apply_group_limits(root, files, memory);
  return memory;
}

Status check_machine_memory(uint64_t bytes, const char* what) {
  Result<MachineMemory> memory = machine_memory();
  if (!memory.ok()) return memory.status();
  const uint64_t margin = margin_bytes(memory->total_bytes);
  if (bytes <= memory->available_bytes && memory->available_bytes - bytes >= margin) return Status();
  return Status::error(Code::kNoMemory, text(what, ": ", bytes_text(bytes), " asked for, but the machine has ",
                                             bytes_text(memory->available_bytes), " available of which ",
                                             bytes_text(margin), " stay free; ask for less, or free some memory"));
}

}  // namespace windlass
