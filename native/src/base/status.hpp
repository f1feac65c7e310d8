// What became of a call: OK, which costs nothing, or a code with a message.
//
// A message names the object and the way out. Copies share the detail, so a Status is cheap to pass on.
#pragma once

#include <cassert>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "windlass/status.h"

namespace windlass {

enum class Code : wl_status {
  kOk = WL_STATUS_OK,
  kInvalidArgument = WL_STATUS_INVALID_ARGUMENT,
  kStaleHandle = WL_STATUS_STALE_HANDLE,
  kWrongKind = WL_STATUS_WRONG_KIND,
  kState = WL_STATUS_STATE,
  kNoMemory = WL_STATUS_NO_MEMORY,
  kNoSpace = WL_STATUS_NO_SPACE,
  kNotFound = WL_STATUS_NOT_FOUND,
  kUnsupported = WL_STATUS_UNSUPPORTED,
  kVersion = WL_STATUS_VERSION,
  kPermission = WL_STATUS_PERMISSION,
  kCorrupt = WL_STATUS_CORRUPT,
  kIo = WL_STATUS_IO,
  kDevice = WL_STATUS_DEVICE,
  kTimeout = WL_STATUS_TIMEOUT,
  kLibrary = WL_STATUS_LIBRARY,
  kInternal = WL_STATUS_INTERNAL,
  kConflict = WL_STATUS_CONFLICT,
  kUnavailable = WL_STATUS_UNAVAILABLE,
  kMismatch = WL_STATUS_MISMATCH,
  kIncomplete = WL_STATUS_INCOMPLETE,
};

class [[nodiscard]] Status {
 public:
  Status() noexcept = default;

  static Status error(Code code, std::string message, int system_code = 0);

  bool ok() const noexcept { return detail_ == nullptr; }
  Code code() const noexcept { return detail_ ? detail_->code : Code::kOk; }
  int system_code() const noexcept { return detail_ ? detail_->system_code : 0; }
  std::string_view message() const noexcept { return detail_ ? std::string_view(detail_->message) : ""; }

  // The same failure, told from further up: the prefix names the object that the caller knows.
  Status with_prefix(std::string_view prefix) const;

  // "NO_MEMORY: message", or "OK".
  std::string to_string() const;

 private:
  struct Detail {
    Code code;
    int system_code;
    std::string message;
  };

  std::shared_ptr<const Detail> detail_;
};

// The code's name and its meaning, as the ABI documents them. Static strings.
const char* code_name(Code code) noexcept;
const char* code_meaning(Code code) noexcept;

// A value, or the reason why there is none.
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : value_(std::move(value)) {}                                  // NOLINT(google-explicit-constructor)
  Result(Status status) : status_(std::move(status)) { assert(!status_.ok()); }  // NOLINT(google-explicit-constructor)

  bool ok() const noexcept { return value_.has_value(); }
  const Status& status() const noexcept { return status_; }

  T& value() & noexcept {
    assert(ok());
    return *value_;
  }
  const T& value() const& noexcept {
    assert(ok());
    return *value_;
  }
  T&& value() && noexcept {
    assert(ok());
    return *std::move(value_);
  }
  T& operator*() & noexcept { return value(); }
  const T& operator*() const& noexcept { return value(); }
  T&& operator*() && noexcept { return std::move(*this).value(); }
  T* operator->() noexcept { return &value(); }
  const T* operator->() const noexcept { return &value(); }

 private:
  Status status_;
  std::optional<T> value_;
};

}  // namespace windlass
