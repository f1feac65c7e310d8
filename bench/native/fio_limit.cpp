#include "fio_limit.hpp"

#include <unistd.h>

#include <string_view>
#include <vector>

#include "base/text.hpp"
#include "command.hpp"

namespace windlass::bench {

namespace {

// Fields of fio's terse output, version 3, counted from 0.
constexpr size_t kErrorField = 4;
constexpr size_t kReadMillisecondsField = 8;
constexpr size_t kWriteMillisecondsField = 49;

std::string file_in(const std::string& directory) { return text(directory, "/windlass-bench-fio-", getpid()); }

std::vector<std::string> fields_of(std::string_view line) {
  std::vector<std::string> fields;
  while (!line.empty()) {
    const size_t end = line.find(';');
    fields.emplace_back(line.substr(0, end));
    line.remove_prefix(end == std::string_view::npos ? line.size() : end + 1);
  }
  return fields;
}

}  // namespace

std::optional<Cost> run_fio(const FioJob& job) {
  const std::string command = text(
      "fio --name=limit --filename=", file_in(job.directory), " --rw=", job.writes ? "write" : "read",
      " --size=", job.bytes, " --bs=", job.block_bytes, " --iodepth=", job.depth,
      " --ioengine=io_uring --direct=1 --fixedbufs --registerfiles --hugepage-size=2m --end_fsync=", job.writes ? 1 : 0,
      " --output-format=terse --terse-version=3 2>/dev/null");
  if (job.writes) remove_fio_file(job.directory);
  const std::vector<std::string> fields = fields_of(output_of(command));
  const size_t field = job.writes ? kWriteMillisecondsField : kReadMillisecondsField;
  if (fields.size() <= field || fields[kErrorField] != "0") return std::nullopt;
  return Cost{std::stod(fields[field]) / 1000, 0};
}

void remove_fio_file(const std::string& directory) { unlink(file_in(directory).c_str()); }

}  // namespace windlass::bench
