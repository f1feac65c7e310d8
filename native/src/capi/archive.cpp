#include "windlass/archive.h"

#include <cstring>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "archive/archive_file.hpp"
#include "archive/archive_job.hpp"
#include "archive/exchange.hpp"
#include "archive/load.hpp"
#include "archive/save.hpp"
#include "capi/guard.hpp"
#include "capi/limits.hpp"
#include "codec/zstd_frame.hpp"
#include "io/file_calls.hpp"

namespace {

using windlass::ArchiveEntry;
using windlass::ArchiveFile;
using windlass::ArchiveFormat;
using windlass::ArchiveJob;
using windlass::ArchiveLoadOptions;
using windlass::ArchiveSaveOptions;
using windlass::Code;
using windlass::FileCalls;
using windlass::Kind;
using windlass::Result;
using windlass::Status;
using windlass::text;
using windlass::WorkState;

static_assert(WL_ARCHIVE_ROOT_BYTES == sizeof(windlass::Digest));
static_assert(WL_ARCHIVE_MOST_NOTE_BYTES == windlass::kMostNoteBytes);
static_assert(WL_ARCHIVE_MOST_SEAL_BYTES == windlass::kMostSealBytes);

wl_archive_save_options default_save_options() noexcept {
  wl_archive_save_options options{};
  options.struct_size = sizeof options;
  const ArchiveSaveOptions usual;
  options.level = usual.level;
  options.most_bytes = usual.loadable_with.most_bytes;
  options.most_entries = usual.loadable_with.most_entries;
  options.most_ratio = usual.loadable_with.most_ratio;
  return options;
}

wl_archive_load_options default_load_options() noexcept {
  const ArchiveLoadOptions usual;
  wl_archive_load_options options{};
  options.struct_size = sizeof options;
  options.most_bytes = usual.most_bytes;
  options.most_entries = usual.most_entries;
  options.most_ratio = usual.most_ratio;
  options.durable = 1;
  return options;
}

Status check_ratio(double most_ratio) {
  if (most_ratio >= 1) return Status();
  return Status::error(Code::kInvalidArgument, "archive: most_ratio is less than 1; 200 is usual");
}

Result<ArchiveSaveOptions> take(const wl_archive_save_options& options) {
  if (Status counted = windlass::capi::check_thread_count("archive", options.threads); !counted.ok()) return counted;
  if (options.level < windlass::kLeastZstdLevel || options.level > windlass::kMostZstdLevel) {
    return Status::error(Code::kInvalidArgument,
                         text("archive: no level ", options.level, "; zstd has -7 to 19, and 3 is usual"));
  }
  if (options.frame_bytes != 0 &&
      (options.frame_bytes < windlass::kLeastFrameBytes || options.frame_bytes > windlass::kMostFrameBytes)) {
    return Status::error(Code::kInvalidArgument, text("archive: frames of ", options.frame_bytes,
                                                      " bytes; they take 64 KiB to 64 MiB, or 0 for the usual 8 MiB"));
  }
  if (options.note_bytes > windlass::kMostNoteBytes || (options.note == nullptr && options.note_bytes != 0)) {
    return Status::error(Code::kInvalidArgument,
                         text("archive: a note of ", options.note_bytes, " bytes; give at most 1 MiB"));
  }
  if (Status fine = check_ratio(options.most_ratio); !fine.ok()) return fine;
  ArchiveSaveOptions taken;
  taken.level = options.level;
  taken.threads = options.threads;
  taken.sealable = options.sealable != 0;
  if (options.frame_bytes != 0) taken.frame_bytes = options.frame_bytes;
  if (options.limit_bytes != 0) taken.limit_bytes = options.limit_bytes;
  taken.spare_bytes = options.spare_bytes;
  if (options.note_bytes != 0) {
    const auto* const note = static_cast<const std::byte*>(options.note);
    taken.note.assign(note, note + options.note_bytes);
  }
  taken.loadable_with.most_bytes = options.most_bytes;
  taken.loadable_with.most_entries = options.most_entries;
  taken.loadable_with.most_ratio = options.most_ratio;
  taken.loadable_with.allow_case_collisions = options.allow_case_collisions != 0;
  return taken;
}

Result<ArchiveLoadOptions> take(const wl_archive_load_options& options) {
  if (Status counted = windlass::capi::check_thread_count("archive", options.threads); !counted.ok()) return counted;
  if (Status fine = check_ratio(options.most_ratio); !fine.ok()) return fine;
  ArchiveLoadOptions taken;
  taken.threads = options.threads;
  taken.most_bytes = options.most_bytes;
  taken.most_entries = options.most_entries;
  taken.most_ratio = options.most_ratio;
  taken.spare_bytes = options.spare_bytes;
  if (options.expected_root != nullptr) {
    std::memcpy(taken.expected_root.emplace().data(), options.expected_root, WL_ARCHIVE_ROOT_BYTES);
  }
  taken.durable = options.durable != 0;
  taken.allow_case_collisions = options.allow_case_collisions != 0;
  taken.refuse_links = options.refuse_links != 0;
  taken.keep_entries = options.keep_entries != 0;
  return taken;
}

Status check_path(const char* name, const char* path) {
  if (path != nullptr && path[0] != '\0') return Status();
  return Status::error(Code::kInvalidArgument, text("archive: ", name, " is NULL or empty; give a path"));
}

Status publish(Result<std::shared_ptr<ArchiveJob>> started, wl_archive_job* job) {
  if (!started.ok()) return started.status();
  return windlass::capi::publish(Kind::kArchiveJob, *std::move(started), job);
}

// Starts a load, or, without a target, a verification.
Status start_load(const char* archive, std::optional<std::string> target, const wl_archive_load_options* options,
                  wl_archive_job* job) {
  if (Status given = check_path("archive", archive); !given.ok()) return given;
  if (Status given = windlass::capi::check_pointer("job", job); !given.ok()) return given;
  wl_archive_load_options given{};
  if (Status known = windlass::capi::take_options("load options", options, default_load_options(), &given);
      !known.ok()) {
    return known;
  }
  Result<ArchiveLoadOptions> taken = take(given);
  if (!taken.ok()) return taken.status();
  const bool keeps = taken->keep_entries;
  auto work = [path = std::string(archive), target = std::move(target), options = *std::move(taken)](
                  WorkState& state, std::vector<ArchiveEntry>* entries) {
    return windlass::load_archive(FileCalls::system(), path, target, options, state, entries);
  };
  return publish(ArchiveJob::start(std::move(work), keeps), job);
}

Status copy_out(const char* name, std::span<const std::byte> bytes, void* target, uint64_t capacity) {
  if (target == nullptr || bytes.empty()) return Status();
  if (capacity < bytes.size()) {
    return Status::error(Code::kInvalidArgument,
                         text("archive: room for ", capacity, " bytes of its ", name, ", which has ", bytes.size()));
  }
  std::memcpy(target, bytes.data(), bytes.size());
  return Status();
}

}  // namespace

void wl_archive_save_options_init(wl_archive_save_options* options, uint32_t struct_size) {
  windlass::capi::init_struct(options, struct_size, default_save_options());
}

void wl_archive_load_options_init(wl_archive_load_options* options, uint32_t struct_size) {
  windlass::capi::init_struct(options, struct_size, default_load_options());
}

void wl_archive_info_init(wl_archive_info* info, uint32_t struct_size) {
  windlass::capi::init_struct(info, struct_size, wl_archive_info{});
}

wl_status wl_archive_save(const char* directory, const char* archive, const wl_archive_save_options* options,
                          wl_archive_job* job, wl_error* error) {
  return windlass::capi::guard(error, [&] {
    if (Status given = check_path("directory", directory); !given.ok()) return given;
    if (Status given = check_path("archive", archive); !given.ok()) return given;
    if (Status given = windlass::capi::check_pointer("job", job); !given.ok()) return given;
    wl_archive_save_options given{};
    if (Status known = windlass::capi::take_options("save options", options, default_save_options(), &given);
        !known.ok()) {
      return known;
    }
    Result<ArchiveSaveOptions> taken = take(given);
    if (!taken.ok()) return taken.status();
    auto work = [from = std::string(directory), to = std::string(archive), options = *std::move(taken)](
                    WorkState& state, std::vector<ArchiveEntry>*) {
      return windlass::save_archive(FileCalls::system(), from, to, options, state);
    };
    return publish(ArchiveJob::start(std::move(work), false), job);
  });
}

wl_status wl_archive_load(const char* archive, const char* target, const wl_archive_load_options* options,
                          wl_archive_job* job, wl_error* error) {
  return windlass::capi::guard(error, [&] {
    if (Status given = check_path("target", target); !given.ok()) return given;
    return start_load(archive, std::string(target), options, job);
  });
}

wl_status wl_archive_verify(const char* archive, const wl_archive_load_options* options, wl_archive_job* job,
                            wl_error* error) {
  return windlass::capi::guard(error, [&] { return start_load(archive, std::nullopt, options, job); });
}

wl_status wl_archive_inspect(const char* archive, wl_archive_info* info, void* note, uint64_t note_capacity, void* seal,
                             uint64_t seal_capacity, wl_error* error) {
  return windlass::capi::guard(error, [&] {
    if (Status given = check_path("archive", archive); !given.ok()) return given;
    if (Status given = windlass::capi::check_output("archive info", info); !given.ok()) return given;
    Result<std::unique_ptr<ArchiveFile>> opened = ArchiveFile::open(FileCalls::system(), archive);
    if (!opened.ok()) return opened.status();
    const ArchiveFile& file = **opened;
    wl_archive_info values{};
    values.format = static_cast<wl_archive_format>(file.format());
    values.archive_bytes = file.file_bytes();
    std::span<const std::byte> kept_note;
    std::span<const std::byte> kept_seal;
    if (file.format() == ArchiveFormat::kWindlass) {
      const windlass::CheckedIndex& index = file.index();
      kept_note = index.note;
      values.sealable = index.head.sealable ? 1 : 0;
      values.entries = index.head.entries == 0 ? 0 : index.head.entries - 1;
      values.raw_bytes = index.head.file_bytes;
      values.note_bytes = kept_note.size();
      std::memcpy(values.root, index.root.data(), sizeof values.root);
    }
    if (file.seal().has_value()) {
      kept_seal = *file.seal();
      values.has_seal = 1;
      values.seal_bytes = kept_seal.size();
    }
    if (Status fits = copy_out("note", kept_note, note, note_capacity); !fits.ok()) return fits;
    if (Status fits = copy_out("seal", kept_seal, seal, seal_capacity); !fits.ok()) return fits;
    windlass::capi::put_output(info, values);
    return Status();
  });
}

wl_status wl_archive_append_seal(const char* archive, const void* seal, uint64_t seal_bytes, wl_error* error) {
  return windlass::capi::guard(error, [&] {
    if (Status given = check_path("archive", archive); !given.ok()) return given;
    if ((seal == nullptr && seal_bytes != 0) || seal_bytes > windlass::kMostSealBytes) {
      return Status::error(Code::kInvalidArgument,
                           text("archive: a seal of ", seal_bytes, " bytes; give at most 64 KiB"));
    }
    Result<std::unique_ptr<ArchiveFile>> opened = ArchiveFile::open(FileCalls::system(), archive, true);
    if (!opened.ok()) return opened.status();
    return (*opened)->append_seal({static_cast<const std::byte*>(seal), seal_bytes});
  });
}

wl_status wl_archive_exchange(const char* staged, const char* place, int32_t* exchanged, wl_error* error) {
  return windlass::capi::guard(error, [&] {
    if (Status given = check_path("staged", staged); !given.ok()) return given;
    if (Status given = check_path("place", place); !given.ok()) return given;
    if (Status given = windlass::capi::check_pointer("exchanged", exchanged); !given.ok()) return given;
    const Result<bool> done = windlass::exchange(FileCalls::system(), staged, place);
    if (done.ok()) *exchanged = *done ? 1 : 0;
    return done.status();
  });
}
