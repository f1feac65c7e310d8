#include "archive/exchange.hpp"

#include <linux/fs.h>

#include <cerrno>
#include <optional>

#include "archive/part.hpp"
#include "base/text.hpp"
#include "io/file_system.hpp"

namespace windlass {

namespace {

constexpr int kMostTries = 8;

int move(FileCalls& calls, const NamedPlace& from, const NamedPlace& to, unsigned flags) {
  return calls.rename(from.directory.number(), from.name.c_str(), to.directory.number(), to.name.c_str(), flags);
}

bool cannot(int result) noexcept { return result == -EINVAL || result == -ENOSYS || result == -EOPNOTSUPP; }

// By way of a third name. Returns 0, or an errno as a negative number.
int exchange_by_renames(FileCalls& calls, const NamedPlace& from, const NamedPlace& to) {
  const int directory = to.directory.number();
  const std::string aside = fresh_part_name();
  if (const int moved = calls.rename(directory, to.name.c_str(), directory, aside.c_str(), 0); moved < 0) return moved;
  if (const int moved = move(calls, from, to, 0); moved < 0) {
    calls.rename(directory, aside.c_str(), directory, to.name.c_str(), 0);
    return moved;
  }
  return calls.rename(directory, aside.c_str(), from.directory.number(), from.name.c_str(), 0);
}

// Nothing where what is at place came or went meanwhile.
Result<std::optional<bool>> try_once(FileCalls& calls, const NamedPlace& from, const NamedPlace& to) {
  Result<bool> staged = exists_at(calls, from);
  if (!staged.ok()) return staged.status();
  if (!*staged) return file_failure(ENOENT, "move", from.path);
  Result<bool> there = exists_at(calls, to);
  if (!there.ok()) return there.status();
  int moved = move(calls, from, to, *there ? RENAME_EXCHANGE : RENAME_NOREPLACE);
  if (cannot(moved)) moved = *there ? exchange_by_renames(calls, from, to) : move(calls, from, to, 0);
  if (moved == 0) return std::optional<bool>(*there);
  if (moved == -ENOENT || moved == -EEXIST || moved == -ENOTEMPTY) return std::optional<bool>();
  return file_failure(-moved, text("put ", from.path, " at"), to.path);
}

}  // namespace

Result<bool> exchange(FileCalls& calls, const std::string& staged, const std::string& place) {
  Result<NamedPlace> from = open_place(calls, staged);
  if (!from.ok()) return from.status();
  Result<NamedPlace> to = open_place(calls, place);
  if (!to.ok()) return to.status();
  for (int tried = 0; tried < kMostTries; ++tried) {
    Result<std::optional<bool>> done = try_once(calls, *from, *to);
    if (!done.ok()) return done.status();
    if (!done->has_value()) continue;
    for (const NamedPlace* const side : {&*to, &*from}) {
      if (const int synced = calls.sync(side->directory.number()); synced < 0) {
        return file_failure(-synced, "bring the names to the disk of", side->path);
      }
    }
    return **done;
  }
  return Status::error(Code::kConflict, text("what is at ", place, " comes and goes; see who else works there"));
}

}  // namespace windlass
