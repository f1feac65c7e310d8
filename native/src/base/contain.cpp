#include "base/contain.hpp"

#include <exception>
#include <new>

#include "base/text.hpp"

namespace windlass {

namespace {

// Made when the library is loaded, because there may be no memory for them when they are needed.
const Status kOutOfMemory =
    Status::error(Code::kNoMemory, "no memory for Windlass's own records; free some memory and try again");
const Status kUnknownException = Status::error(Code::kInternal, "an unknown exception was thrown; please report it");

Status internal_error(const char* what) noexcept {
  try {
    return Status::error(Code::kInternal, text("unexpected: ", what, "; please report it"));
  } catch (...) {
    return kOutOfMemory;
  }
}

}  // namespace

Status status_of_current_exception() noexcept {
  try {
    throw;
  } catch (const std::bad_alloc&) {
    return kOutOfMemory;
  } catch (const std::exception& exception) {
    return internal_error(exception.what());
  } catch (...) {
    return kUnknownException;
  }
}

}  // namespace windlass
