#include "io/io_queue.hpp"

#include <cerrno>

#include "base/text.hpp"
#include "io/io_queue_threads.hpp"
#include "io/io_queue_uring.hpp"

namespace windlass {

namespace {

// The kernel asks to try again when it is short of something; for ever is a fault.
constexpr uint32_t kMostTransferTries = 100;

}  // namespace

Result<std::unique_ptr<IoQueue>> IoQueue::open(const IoQueueOptions& options) {
  if (options.depth == 0 || options.depth > kMostDepth) {
    return Status::error(Code::kInvalidArgument,
                         text("a queue of ", options.depth, " transfers: give a depth of 1 to ", kMostDepth));
  }
  IoQueueOptions given = options;
  if (given.calls == nullptr) given.calls = &FileCalls::system();
  if (given.engine == IoEngine::kThreads) return ThreadsQueue::open(given, "");
  Result<std::unique_ptr<IoQueue>> uring = UringQueue::open(given);
  if (uring.ok() || given.engine == IoEngine::kUring) return uring;
  return ThreadsQueue::open(given, text("files are read and written by threads: ", uring.status().message()));
}

std::optional<IoCompletion> IoProgress::advance(int64_t result, uint64_t alignment_bytes) noexcept {
  // The kernel cancels what a thread had begun and it had not, when that thread ends; another may still wait for it.
  if (result == -EAGAIN || result == -EINTR || result == -ECANCELED) {
    if (++tries < kMostTransferTries) return std::nullopt;
    return IoCompletion{request.token, done_bytes, EAGAIN};
  }
  if (result < 0) return IoCompletion{request.token, done_bytes, static_cast<int>(-result)};
  const bool reads = request.kind == IoRequest::Kind::kRead;
  const uint64_t reached = done_bytes + static_cast<uint64_t>(result);
  if (reached >= request.bytes) return IoCompletion{request.token, request.bytes, 0};
  // A direct transfer goes on at an aligned place only.
  const uint64_t aligned = reached / alignment_bytes * alignment_bytes;
  if (aligned <= done_bytes) return IoCompletion{request.token, reached, reads ? 0 : EIO};
  done_bytes = aligned;
  tries = 0;
  return std::nullopt;
}

}  // namespace windlass
