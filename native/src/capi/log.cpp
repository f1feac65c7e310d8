#include "windlass/log.h"

#include <chrono>
#include <memory>

#include "base/log.hpp"
#include "capi/guard.hpp"

namespace {

using windlass::Code;
using windlass::Kind;
using windlass::LogLevel;
using windlass::LogLine;
using windlass::LogSubscriber;
using windlass::Result;
using windlass::Status;
using windlass::text;

static_assert(WL_LOG_DEBUG == static_cast<int32_t>(LogLevel::kDebug));
static_assert(WL_LOG_INFO == static_cast<int32_t>(LogLevel::kInfo));
static_assert(WL_LOG_WARNING == static_cast<int32_t>(LogLevel::kWarning));
static_assert(WL_LOG_ERROR == static_cast<int32_t>(LogLevel::kError));

constexpr uint32_t kMostLines = 65536;

wl_log_options default_log_options() noexcept {
  wl_log_options options{};
  options.struct_size = sizeof options;
  options.level = WL_LOG_INFO;
  options.capacity = 256;
  return options;
}

Status check_options(const wl_log_options& options) {
  if (options.level < WL_LOG_DEBUG || options.level > WL_LOG_ERROR) {
    return Status::error(Code::kInvalidArgument, text("log: no level has number ", options.level));
  }
  if (options.capacity < 1 || options.capacity > kMostLines) {
    return Status::error(Code::kInvalidArgument,
                         text("log: capacity is ", options.capacity, "; it takes 1 to ", kMostLines, " lines"));
  }
  if (options.reserved != 0) return Status::error(Code::kInvalidArgument, "log: reserved must be 0");
  return Status();
}

}  // namespace

void wl_log_options_init(wl_log_options* options, uint32_t struct_size) {
  windlass::capi::init_struct(options, struct_size, default_log_options());
}

void wl_log_record_init(wl_log_record* record, uint32_t struct_size) {
  windlass::capi::init_struct(record, struct_size, wl_log_record{});
}

wl_status wl_log_open(const wl_log_options* options, wl_log* log, wl_error* error) {
  return windlass::capi::guard(error, [&] {
    if (Status given = windlass::capi::check_pointer("log", log); !given.ok()) return given;
    wl_log_options taken{};
    if (Status given = windlass::capi::take_options("log options", options, default_log_options(), &taken);
        !given.ok()) {
      return given;
    }
    if (Status valid = check_options(taken); !valid.ok()) return valid;
    Result<std::shared_ptr<LogSubscriber>> opened =
        LogSubscriber::open(static_cast<LogLevel>(taken.level), taken.capacity);
    if (!opened.ok()) return opened.status();
    return windlass::capi::publish(Kind::kLog, *std::move(opened), log);
  });
}

wl_status wl_log_read(wl_log log, int64_t timeout_ns, wl_log_record* record, wl_error* error) {
  return windlass::capi::guard(error, [&] {
    if (Status given = windlass::capi::check_output("log record", record); !given.ok()) return given;
    if (timeout_ns < 0) {
      return Status::error(Code::kInvalidArgument, text("log: a timeout of ", timeout_ns, " ns is in the past"));
    }
    Result<std::shared_ptr<LogSubscriber>> found = windlass::capi::acquire<LogSubscriber>(log, Kind::kLog);
    if (!found.ok()) return found.status();
    Result<LogLine> line = (*found)->read(std::chrono::nanoseconds(timeout_ns));
    if (!line.ok()) return line.status();
    wl_log_record values{};
    values.level = static_cast<wl_log_level>(line->level);
    values.time_unix_ns = line->time_unix_ns;
    values.dropped = line->dropped;
    windlass::copy_text(values.source, line->source);
    windlass::copy_text(values.message, line->message);
    windlass::capi::put_output(record, values);
    return Status();
  });
}

wl_status wl_log_close(wl_log log, wl_error* error) {
  return windlass::capi::guard(error, [&] {
    Result<std::shared_ptr<LogSubscriber>> taken = windlass::capi::remove<LogSubscriber>(log, Kind::kLog);
    if (!taken.ok()) return taken.status();
    (*taken)->close();
    return Status();
  });
}
