#include "base/status.hpp"

#include "base/text.hpp"

namespace windlass {

Status Status::error(Code code, std::string message, int system_code) {
  assert(code != Code::kOk);
  Status status;
  status.detail_ = std::make_shared<const Detail>(Detail{code, system_code, std::move(message)});
  return status;
}

Status Status::with_prefix(std::string_view prefix) const {
  if (ok()) return *this;
  return error(code(), text(prefix, ": ", message()), system_code());
}

std::string Status::to_string() const {
  if (ok()) return "OK";
  return text(code_name(code()), ": ", message());
}

namespace {

struct CodeText {
  const char* name;
  const char* meaning;
};

CodeText text_of(Code code) noexcept {
  switch (code) {
    case Code::kOk:
      return {"OK", "The call did what it says."};
    case Code::kInvalidArgument:
      return {"INVALID_ARGUMENT", "An argument is outside what the call takes: correct the call."};
    case Code::kStaleHandle:
      return {"STALE_HANDLE", "The handle was closed, or never was one: open the object again."};
    case Code::kWrongKind:
      return {"WRONG_KIND", "The handle names an object of another kind: pass the right one."};
    case Code::kState:
      return {"STATE", "The object is not in a state in which this can be done: bring it there first."};
    case Code::kNoMemory:
      return {"NO_MEMORY", "The machine or the device has not enough memory: free some, ask for less, or try later."};
    case Code::kNoSpace:
      return {"NO_SPACE", "A limit that was set is reached: raise it, or free some of what it holds."};
    case Code::kNotFound:
      return {"NOT_FOUND", "What was named does not exist."};
    case Code::kUnsupported:
      return {"UNSUPPORTED", "This build, machine or object cannot do that."};
    case Code::kVersion:
      return {"VERSION", "Caller and library are of ABI versions that do not fit: install matching ones."};
    case Code::kPermission:
      return {"PERMISSION", "The operating system forbids it: the message names the permission or limit."};
    case Code::kCorrupt:
      return {"CORRUPT", "Bytes read back are not the bytes that were written: their place cannot be trusted."};
    case Code::kIo:
      return {"IO", "Reading or writing failed: the system code has the reason."};
    case Code::kDevice:
      return {"DEVICE", "The device or its driver refused: the system code has its code."};
    case Code::kTimeout:
      return {"TIMEOUT", "What was waited for did not come within the time given."};
    case Code::kLibrary:
      return {"LIBRARY", "A shared library could not be found, verified or loaded."};
    case Code::kInternal:
      return {"INTERNAL", "A fault in Windlass itself: please report it with the message."};
    case Code::kConflict:
      return {"CONFLICT", "What is there has changed since it was looked at: look again."};
    case Code::kUnavailable:
      return {"UNAVAILABLE",
              "Whoever should answer cannot be reached, or went away: see that it runs, then try again."};
    case Code::kMismatch:
      return {"MISMATCH", "What is there is of another kind, type or shape than was asked for: ask for what it is."};
    case Code::kIncomplete:
      return {"INCOMPLETE", "Parts of what was named are not there yet: put them, or wait for whoever does."};
  }
  return {"UNKNOWN", "No status has this number."};
}

}  // namespace

const char* code_name(Code code) noexcept { return text_of(code).name; }

const char* code_meaning(Code code) noexcept { return text_of(code).meaning; }

}  // namespace windlass
