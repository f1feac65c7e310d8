#include "archive/catalogue.hpp"

#include <algorithm>
#include <utility>

#include "archive/entry_path.hpp"
#include "base/text.hpp"

namespace windlass {

namespace {

constexpr int kMostSteps = 40;  // through links, as the kernel has it

// Of ASCII letters; what further alphabets do is the file system's affair.
std::string in_one_case(std::string_view path) {
  std::string folded(path);
  for (char& letter : folded) {
    if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
  }
  return folded;
}

void push_parts(std::vector<std::string>& parts, std::string_view path) {
  // The last part is on top.
  while (!path.empty()) {
    const size_t slash = path.rfind('/');
    const size_t begin = slash == std::string_view::npos ? 0 : slash + 1;
    parts.emplace_back(path.substr(begin));
    path = path.substr(0, slash == std::string_view::npos ? 0 : slash);
  }
  std::reverse(parts.begin(), parts.end());
}

}  // namespace

Status check_limits(const ArchiveLoadOptions& options, uint64_t raw_bytes, uint64_t archive_bytes) {
  if (raw_bytes > options.most_bytes) {
    return Status::error(Code::kNoSpace, text("the archive has more than ", bytes_text(options.most_bytes),
                                              " of files; raise the limit if it can be trusted"));
  }
  const double most = options.most_ratio * static_cast<double>(archive_bytes);
  if (raw_bytes > options.free_of_ratio_bytes && static_cast<double>(raw_bytes) > most) {
    return Status::error(Code::kNoSpace,
                         text("the archive of ", bytes_text(archive_bytes), " grows to ", bytes_text(raw_bytes),
                              " or more; raise the limit of the ratio if it can be trusted"));
  }
  return Status();
}

Status check_entry_limit(const ArchiveLoadOptions& options, uint64_t entries) {
  if (entries <= options.most_entries) return Status();
  return Status::error(Code::kNoSpace, text("the archive has more than ", options.most_entries,
                                            " entries; raise the limit if it can be trusted"));
}

Status not_loadable(const Status& refusal) {
  if (refusal.ok() || refusal.code() == Code::kUnsupported) return refusal;
  // The catalogue has given its verdict in what it refuses as corrupt.
  return Status::error(Code::kUnsupported, refusal.code() == Code::kCorrupt
                                               ? std::string(refusal.message())
                                               : text(kNotLoadable, ": ", refusal.message()));
}

Status Catalogue::refused(std::string_view path, std::string_view why) const {
  return Status::error(Code::kCorrupt, text("\"", path, "\" ", why, ": ", verdict_));
}

Status Catalogue::admit(uint64_t number, const ArchiveEntry& entry) {
  if (Status fine = check_link(entry); !fine.ok()) return fine;
  const std::lock_guard lock(mutex_);
  raw_bytes_ += std::min(entry.bytes, UINT64_MAX - raw_bytes_);
  if (Status fine = check_limits(options_, raw_bytes_, archive_bytes_); !fine.ok()) return fine;
  // The tree's own directory is none of them.
  if (Status fine = check_entry_limit(
          options_, places_.size() - std::min<uint64_t>(1, places_.count("")) + (entry.path.empty() ? 0 : 1));
      !fine.ok()) {
    return fine;
  }
  if (!places_.try_emplace(entry.path, Place{entry.kind, number, entry.target}).second) {
    return refused(entry.path.empty() ? "./" : entry.path, "comes twice");
  }
  admitted_.emplace_back(number, entry);
  return entry.path.empty() ? Status() : check_cases(entry.path);
}

Status Catalogue::check_link(const ArchiveEntry& entry) const {
  if (entry.kind != ArchiveEntryKind::kSymbolicLink && entry.kind != ArchiveEntryKind::kHardLink) return Status();
  if (options_.refuse_links) return refused(entry.path, "is a link, and no links were to be taken");
  if (entry.target.empty() || entry.target.find('\0') != std::string::npos) {
    return refused(entry.path, "is a link to a name that cannot be");
  }
  if (entry.target.size() > kMostPathBytes) return refused(entry.path, "is a link to a name longer than 4095 bytes");
  if (entry.target.front() == '/') return refused(entry.path, text("is a link to \"", entry.target, "\", outside"));
  return Status();
}

Status Catalogue::check_cases(std::string_view path) {
  if (options_.allow_case_collisions) return Status();
  // From the path upwards, until a directory that is known.
  for (std::string_view rest = path; !rest.empty(); rest = parent_of(rest)) {
    if (rest.size() != path.size() && !known_.emplace(rest).second) break;
    const auto [found, fresh] = folded_.try_emplace(in_one_case(rest), rest);
    if (!fresh && found->second != rest) {
      // Not wrong in itself: where they are allowed it can be loaded.
      const Status collides =
          refused(rest, text("differs from \"", found->second, "\" in case only, and case collisions are not allowed"));
      return Status::error(Code::kUnsupported, std::string(collides.message()));
    }
  }
  return Status();
}

Status Catalogue::finish() {
  std::sort(admitted_.begin(), admitted_.end(),
            [](const auto& one, const auto& other) { return one.first < other.first; });
  entries_.reserve(admitted_.size());
  for (auto& [number, entry] : admitted_) {
    if (Status fine = check_parents(entry.path); !fine.ok()) return fine;
    if (entry.kind == ArchiveEntryKind::kSymbolicLink) {
      if (Status fine = check_symbolic_link(entry.path, entry.target); !fine.ok()) return fine;
    }
    if (entry.kind == ArchiveEntryKind::kHardLink) {
      // As checked as any path, and named as the file's entry names it.
      Result<std::string> target = checked_path(entry.target, ArchiveEntryKind::kFile);
      if (!target.ok()) return target.status().with_prefix(text("the hard link \"", entry.path, "\""));
      const auto named = places_.find(*target);
      if (named == places_.end() || named->second.kind != ArchiveEntryKind::kFile || named->second.number >= number) {
        return refused(entry.path, text("is a hard link to \"", entry.target, "\", which is no file before it"));
      }
      entry.target = *std::move(target);
    }
    entries_.push_back(std::move(entry));
  }
  admitted_.clear();
  return Status();
}

Status Catalogue::check_parents(std::string_view path) const {
  for (std::string_view rest = parent_of(path); !rest.empty(); rest = parent_of(rest)) {
    const auto found = places_.find(std::string(rest));
    if (found != places_.end() && found->second.kind != ArchiveEntryKind::kDirectory) {
      return refused(path, text("lies in \"", rest, "\", which is no directory"));
    }
  }
  return Status();
}

Status Catalogue::check_symbolic_link(std::string_view path, std::string_view target) const {
  // The way that the kernel would go: where it is, and the parts that are still to go, the next one last.
  std::string where(parent_of(path));
  std::vector<std::string> ahead;
  push_parts(ahead, target);
  std::reverse(ahead.begin(), ahead.end());
  int steps = 0;
  while (!ahead.empty()) {
    const std::string part = std::move(ahead.back());
    ahead.pop_back();
    if (part.empty() || part == ".") continue;
    if (part == "..") {
      if (where.empty()) return refused(path, text("is a link to \"", target, "\", which leads out of the tree"));
      where = parent_of(where);
      continue;
    }
    if (!where.empty()) where += '/';
    where += part;
    const auto found = places_.find(where);
    if (found == places_.end() || found->second.kind != ArchiveEntryKind::kSymbolicLink) continue;
    if (++steps > kMostSteps) return refused(path, text("is a link to \"", target, "\", which goes round"));
    std::vector<std::string> further;
    push_parts(further, found->second.target);
    ahead.insert(ahead.end(), further.rbegin(), further.rend());
    where = parent_of(where);
  }
  return Status();
}

}  // namespace windlass
