#include "capi/guard.hpp"

namespace windlass::capi {

wl_status report(const Status& status, wl_error* error) noexcept {
  if (!status.ok() && error != nullptr) {
    error->status = static_cast<wl_status>(status.code());
    error->system_code = status.system_code();
    copy_text(error->message, status.message());
  }
  return static_cast<wl_status>(status.code());
}

Status check_struct_size(const char* name, uint32_t struct_size, uint32_t known_size) {
  if (struct_size >= known_size && struct_size <= kLargestStruct) return Status();
  return Status::error(Code::kInvalidArgument, text(name, ": struct_size is ", struct_size, ", and this library knows ",
                                                    known_size, "; fill the struct with its _init function first"));
}

Status check_zero_tail(const char* name, const std::byte* tail, size_t bytes) {
  if (std::all_of(tail, tail + bytes, [](std::byte byte) { return byte == std::byte{0}; })) return Status();
  return Status::error(Code::kInvalidArgument,
                       text(name, ": sets an option that this library does not know; use a newer library"));
}

}  // namespace windlass::capi
