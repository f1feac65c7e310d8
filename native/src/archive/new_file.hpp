// A file that gets its name when it is whole and on disk; until then nothing has that name.
//
// It has no name at all where the file system can do that, so that a process that dies leaves nothing; else that of a
// part, which the next one removes. Where there are no hard links it gets its name by being renamed.
//
// Threads: one at a time, but the descriptor may be written to by many.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "archive/part.hpp"
#include "base/owned_descriptor.hpp"
#include "base/status.hpp"
#include "io/file_calls.hpp"

namespace windlass {

class NewFile {
 public:
  // For create().
  NewFile(FileCalls& calls, NamedPlace place) noexcept : calls_(calls), place_(std::move(place)) {}

  // named: with a part's name, in any case. Errors: kState (the path exists); of open_place.
  static Result<std::unique_ptr<NewFile>> create(FileCalls& calls, const std::string& path, bool named = false);

  // Removes it, unless it was published.
  ~NewFile();
  NewFile(const NewFile&) = delete;
  NewFile& operator=(const NewFile&) = delete;

  int descriptor() const noexcept { return file_.number(); }
  const std::string& path() const noexcept { return place_.path; }

  // Brings it to the disk, and gives it its name. Errors: kState (somebody else has taken the name); of file_failure.
  Status publish();

 private:
  Status open(bool named);
  Status copy_to_part();
  int name_part();

  FileCalls& calls_;
  NamedPlace place_;
  OwnedDescriptor file_;
  std::string part_;  // empty: it has no name
};

}  // namespace windlass
