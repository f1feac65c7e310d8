#include "windlass/backup_directory.h"

#include <memory>
#include <string>

#include "backup/backup_directory.hpp"
#include "capi/guard.hpp"

namespace {

using windlass::BackupDirectory;
using windlass::BackupDirectoryOptions;
using windlass::Code;
using windlass::FileSystem;
using windlass::IoEngine;
using windlass::Kind;
using windlass::Result;
using windlass::Status;
using windlass::text;

constexpr uint32_t kMostQueueDepth = 256;

wl_backup_directory_options default_backup_directory_options() noexcept {
  wl_backup_directory_options options{};
  options.struct_size = sizeof options;
  options.direct = 1;
  return options;
}

Result<BackupDirectoryOptions> take(const wl_backup_directory_options& options) {
  BackupDirectoryOptions taken;
  if (options.engine == WL_FILE_ENGINE_IO_URING) {
    taken.engine = IoEngine::kUring;
  } else if (options.engine == WL_FILE_ENGINE_THREADS) {
    taken.engine = IoEngine::kThreads;
  } else if (options.engine != WL_FILE_ENGINE_AUTO) {
    return Status::error(Code::kInvalidArgument, text("backup directory: no engine has number ", options.engine));
  }
  if (options.direct != 0 && options.direct != 1) {
    return Status::error(Code::kInvalidArgument, text("backup directory: direct takes 0 or 1, not ", options.direct));
  }
  taken.direct = options.direct == 1;
  if (options.queue_depth > kMostQueueDepth) {
    return Status::error(Code::kInvalidArgument, text("backup directory: a queue depth of ", options.queue_depth,
                                                      "; it takes 2 to ", kMostQueueDepth, ", or 0 to choose"));
  }
  if (options.queue_depth != 0) taken.queue_depth = options.queue_depth;
  if (options.block_bytes != 0) taken.block_bytes = options.block_bytes;
  return taken;
}

}  // namespace

void wl_backup_directory_options_init(wl_backup_directory_options* options, uint32_t struct_size) {
  windlass::capi::init_struct(options, struct_size, default_backup_directory_options());
}

void wl_backup_directory_info_init(wl_backup_directory_info* info, uint32_t struct_size) {
  windlass::capi::init_struct(info, struct_size, wl_backup_directory_info{});
}

wl_status wl_backup_directory_open(const char* path, const wl_backup_directory_options* options,
                                   wl_backup_directory* directory, wl_error* error) {
  return windlass::capi::guard(error, [&] {
    if (path == nullptr) return Status::error(Code::kInvalidArgument, "backup directory: path is NULL; name one");
    if (Status given = windlass::capi::check_pointer("directory", directory); !given.ok()) return given;
    wl_backup_directory_options given{};
    if (Status known = windlass::capi::take_options("backup directory options", options,
                                                    default_backup_directory_options(), &given);
        !known.ok()) {
      return known;
    }
    Result<BackupDirectoryOptions> taken = take(given);
    if (!taken.ok()) return taken.status();
    Result<std::shared_ptr<BackupDirectory>> opened = BackupDirectory::open(path, *taken);
    if (!opened.ok()) return opened.status();
    return windlass::capi::publish(Kind::kBackupDirectory, *std::move(opened), directory);
  });
}

wl_status wl_backup_directory_get_info(wl_backup_directory directory, wl_backup_directory_info* info, wl_error* error) {
  return windlass::capi::guard(error, [&] {
    if (Status given = windlass::capi::check_output("backup directory info", info); !given.ok()) return given;
    Result<std::shared_ptr<BackupDirectory>> found =
        windlass::capi::acquire<BackupDirectory>(directory, Kind::kBackupDirectory);
    if (!found.ok()) return found.status();
    Result<FileSystem> system = (*found)->file_system();
    if (!system.ok()) return system.status();
    wl_backup_directory_info values{};
    values.engine = (*found)->engine_name() == "io_uring" ? WL_FILE_ENGINE_IO_URING : WL_FILE_ENGINE_THREADS;
    values.direct = (*found)->direct() && !system->in_memory ? 1 : 0;
    values.in_memory = system->in_memory ? 1 : 0;
    values.free_bytes = system->free_bytes;
    values.stored_bytes = (*found)->stored_bytes();
    values.swept_files = (*found)->swept().removed_files;
    values.swept_bytes = (*found)->swept().removed_bytes;
    windlass::capi::put_output(info, values);
    return Status();
  });
}

wl_status wl_backup_directory_close(wl_backup_directory directory, wl_error* error) {
  return windlass::capi::guard(
      error, [&] { return windlass::capi::remove<BackupDirectory>(directory, Kind::kBackupDirectory).status(); });
}
