// Reads and writes of one file that are under way at once.
//
// start() hands a request over, next() tells of one that has ended, in any order. A request that the kernel did in part
// is continued, so that a completion with fewer bytes than asked for means the end of the file. After an error the
// queue goes on.
//
// Two engines: io_uring, with registered buffers and a registered file where the machine allows them, and a few threads
// that read and write, where io_uring is absent or forbidden.
//
// The destructor waits for what is under way: the kernel never touches a buffer after it.
//
// Threads: one at a time. Fork: a child process must not use a queue of its parent's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.hpp"
#include "io/file_calls.hpp"

namespace windlass {

struct IoRequest {
  enum class Kind { kRead, kWrite };

  Kind kind = Kind::kRead;
  std::byte* memory = nullptr;  // stays the queue's until the completion
  uint64_t bytes = 0;
  uint64_t offset = 0;
  uint64_t token = 0;  // returned with the completion
};

struct IoCompletion {
  uint64_t token = 0;
  uint64_t bytes = 0;  // done; fewer than asked for at the end of the file, or with an error
  int error = 0;       // an errno; 0: none
};

enum class IoEngine { kAuto, kUring, kThreads };

struct IoQueueOptions {
  IoEngine engine = IoEngine::kAuto;
  uint32_t depth = 8;                              // how many requests may be under way
  std::vector<std::span<std::byte>> buffers = {};  // where requests read and write, for registering; may be empty
  FileCalls* calls = nullptr;                      // null: the system's
};

class IoQueue {
 public:
  static constexpr uint32_t kMostDepth = 1024;

  // Errors: kInvalidArgument; kUnsupported (io_uring was asked for, and cannot be had); kNoMemory; kIo.
  static Result<std::unique_ptr<IoQueue>> open(const IoQueueOptions& options);

  IoQueue() = default;
  virtual ~IoQueue() = default;
  IoQueue(const IoQueue&) = delete;
  IoQueue& operator=(const IoQueue&) = delete;

  virtual std::string_view name() const noexcept = 0;  // "io_uring", "threads"
  // Why it is not faster, for a log; empty if nothing is to be said.
  const std::string& note() const noexcept { return note_; }

  // The file of the requests that follow, and what its transfers are aligned to; -1 lets go of it. Nothing may be under
  // way.
  virtual void use(int descriptor, uint64_t alignment_bytes) noexcept = 0;

  // Begins a request; fewer than depth() may be under way. Returns an errno, with which nothing has begun, or 0.
  virtual int start(const IoRequest& request) noexcept = 0;

  // A request that has ended. Empty when none is under way or, unless it waits, none has ended.
  virtual std::optional<IoCompletion> next(bool wait) noexcept = 0;

  virtual uint32_t under_way() const noexcept = 0;
  virtual uint32_t depth() const noexcept = 0;

 protected:
  std::string note_;
};

// How far a request has got, for the engines.
struct IoProgress {
  IoRequest request;
  uint64_t done_bytes = 0;
  uint32_t tries = 0;

  // Takes in the result of one transfer of what was missing (bytes, or a negative errno). Returns the completion, or
  // nothing where the rest is to be transferred.
  std::optional<IoCompletion> advance(int64_t result, uint64_t alignment_bytes) noexcept;
};

}  // namespace windlass
