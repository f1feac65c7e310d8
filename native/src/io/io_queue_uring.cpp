#include "io/io_queue_uring.hpp"

#include <linux/io_uring.h>
#include <sched.h>
#include <sys/mman.h>

#include <atomic>
#include <cassert>
#include <cerrno>
#include <cstring>
#include <limits>
#include <utility>

#include "base/text.hpp"

namespace windlass {

namespace {

// What both sides write goes through these: the other side's writes before it are seen after it.
uint32_t acquire(uint32_t* shared) noexcept {  // NOLINT(readability-non-const-parameter): atomic_ref wants it so
  return std::atomic_ref<uint32_t>(*shared).load(std::memory_order_acquire);
}
void publish(uint32_t* shared, uint32_t value) noexcept {  // NOLINT(readability-non-const-parameter): it writes
  std::atomic_ref<uint32_t>(*shared).store(value, std::memory_order_release);
}

const char* remedy(int cause) noexcept {
  switch (cause) {
    case ENOSYS:
      return "; the kernel has none (Linux 5.6 and later have)";
    case EPERM:
    case EACCES:
      return "; it is forbidden here: allow io_uring in the container's seccomp profile and in "
             "/proc/sys/kernel/io_uring_disabled";
    case ENOMEM:
      return "; raise RLIMIT_MEMLOCK (ulimit -l)";
    default:
      return "";
  }
}

Status unsupported(const char* action, int cause) {
  return Status::error(cause == ENOMEM ? Code::kNoMemory : Code::kUnsupported,
                       text("io_uring: ", action, ": ", errno_text(cause), remedy(cause)), cause);
}

// How often the kernel may be short of something with nothing under way that could end and help.
constexpr uint32_t kMostSubmitTries = 100;

}  // namespace

RingMemory::~RingMemory() {
  if (address_ != nullptr) munmap(address_, bytes_);
}

int RingMemory::map(int ring, uint64_t bytes, uint64_t what) noexcept {
  void* const mapped =
      mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, ring, static_cast<off_t>(what));
  if (mapped == MAP_FAILED) return errno;
  address_ = static_cast<std::byte*>(mapped);
  bytes_ = bytes;
  // A child process has no business with the ring.
  madvise(mapped, bytes, MADV_DONTFORK);
  return 0;
}

Result<std::unique_ptr<IoQueue>> UringQueue::open(const IoQueueOptions& options) {
  auto queue = std::make_unique<UringQueue>(options);
  io_uring_params parameters{};
  const int ring = options.calls->uring_setup(options.depth, &parameters);
  if (ring < 0) return unsupported("setting it up", -ring);
  queue->ring_ = ring;
  // Linux 5.6 has plain reads and writes and this feature with them.
  if ((parameters.features & IORING_FEAT_RW_CUR_POS) == 0) return unsupported("this kernel's is too old", ENOSYS);
  if (const int cause = queue->map_rings(parameters); cause != 0) return unsupported("mapping its rings", cause);
  queue->register_buffers(options.buffers);
  queue->register_file_slot();
  return std::unique_ptr<IoQueue>(std::move(queue));
}

UringQueue::UringQueue(const IoQueueOptions& options) : calls_(*options.calls), requests_(options.depth) {
  unused_.reserve(options.depth);
  for (uint32_t index = 0; index < options.depth; ++index) unused_.push_back(index);
}

UringQueue::~UringQueue() {
  while (next(true)) {
  }
  if (ring_ >= 0) calls_.close(ring_);
}

int UringQueue::map_rings(const io_uring_params& parameters) noexcept {
  const auto& submission = parameters.sq_off;
  const auto& completion = parameters.cq_off;
  const uint64_t submission_bytes = submission.array + parameters.sq_entries * sizeof(uint32_t);
  const uint64_t completion_bytes = completion.cqes + parameters.cq_entries * sizeof(io_uring_cqe);
  if (const int cause = submissions_.map(ring_, submission_bytes, IORING_OFF_SQ_RING); cause != 0) return cause;
  if (const int cause = completions_.map(ring_, completion_bytes, IORING_OFF_CQ_RING); cause != 0) return cause;
  const uint64_t entry_bytes = parameters.sq_entries * sizeof(io_uring_sqe);
  if (const int cause = entries_.map(ring_, entry_bytes, IORING_OFF_SQES); cause != 0) return cause;
  submission_head_ = submissions_.at<uint32_t>(submission.head);
  submission_tail_ = submissions_.at<uint32_t>(submission.tail);
  submission_array_ = submissions_.at<uint32_t>(submission.array);
  submission_mask_ = *submissions_.at<uint32_t>(submission.ring_mask);
  completion_head_ = completions_.at<uint32_t>(completion.head);
  completion_tail_ = completions_.at<uint32_t>(completion.tail);
  completion_entries_ = completions_.at<io_uring_cqe>(completion.cqes);
  completion_mask_ = *completions_.at<uint32_t>(completion.ring_mask);
  return 0;
}

void UringQueue::register_buffers(const std::vector<std::span<std::byte>>& buffers) {
  if (buffers.empty()) return;
  std::vector<struct iovec> wanted;
  wanted.reserve(buffers.size());
  for (const std::span<std::byte> buffer : buffers) wanted.push_back({buffer.data(), buffer.size()});
  const int result =
      calls_.uring_register(ring_, IORING_REGISTER_BUFFERS, wanted.data(), static_cast<uint32_t>(wanted.size()));
  if (result >= 0) {
    registered_buffers_ = std::move(wanted);
    return;
  }
  note_ = text("io_uring works without registered buffers, somewhat slower: ", errno_text(-result), remedy(-result));
}

void UringQueue::register_file_slot() {
  const int32_t none = -1;
  file_slot_ = calls_.uring_register(ring_, IORING_REGISTER_FILES, &none, 1) >= 0;
}

void UringQueue::use(int descriptor, uint64_t alignment_bytes) noexcept {
  assert(under_way_ == 0);
  descriptor_ = descriptor;
  alignment_bytes_ = alignment_bytes;
  if (!file_slot_) return;
  io_uring_files_update update{};
  update.fds = reinterpret_cast<uint64_t>(&descriptor);
  const bool updated = calls_.uring_register(ring_, IORING_REGISTER_FILES_UPDATE, &update, 1) >= 0;
  if (!updated && file_registered_) {
    // The place may still name the file before: it is given up, so that nothing keeps that file open.
    calls_.uring_register(ring_, IORING_UNREGISTER_FILES, nullptr, 0);
    file_slot_ = false;
  }
  file_registered_ = updated && descriptor >= 0;
}

int UringQueue::start(const IoRequest& request) noexcept {
  assert(!unused_.empty());
  const uint32_t index = unused_.back();
  requests_[index] = IoProgress{.request = request};
  if (const int cause = submit(index); cause != 0) return cause;
  unused_.pop_back();
  ++under_way_;
  return 0;
}

std::optional<IoCompletion> UringQueue::next(bool wait) noexcept {
  while (under_way_ != 0) {
    uint32_t index = 0;
    int64_t result = 0;
    if (!take(index, result)) {
      if (!wait) return std::nullopt;
      wait_for_completion();
      continue;
    }
    IoProgress& progress = requests_[index];
    std::optional<IoCompletion> ended = progress.advance(calls_.uring_result(result), alignment_bytes_);
    if (!ended) {
      const int cause = submit(index);
      if (cause == 0) continue;
      ended = IoCompletion{progress.request.token, progress.done_bytes, cause};
    }
    unused_.push_back(index);
    --under_way_;
    return ended;
  }
  return std::nullopt;
}

int UringQueue::submit(uint32_t index) noexcept {
  const uint32_t tail = *submission_tail_;
  const uint32_t place = tail & submission_mask_;
  fill(entries_.at<io_uring_sqe>(0)[place], index);
  submission_array_[place] = place;
  publish(submission_tail_, tail + 1);
  for (uint32_t tries = 0;; ++tries) {
    const int result = calls_.uring_enter(ring_, 1, 0, 0);
    // Taken over, whatever the call says of it.
    if (acquire(submission_head_) == tail + 1) return 0;
    const bool again = result == -EINTR || result == -EAGAIN || result == -EBUSY || result == 0;
    if (!again || tries == kMostSubmitTries) {
      publish(submission_tail_, tail);
      return result < 0 ? -result : EAGAIN;
    }
    sched_yield();
  }
}

void UringQueue::fill(io_uring_sqe& entry, uint32_t index) const noexcept {
  const IoProgress& progress = requests_[index];
  const IoRequest& request = progress.request;
  std::byte* const memory = request.memory + progress.done_bytes;
  const uint64_t bytes = request.bytes - progress.done_bytes;
  const bool reads = request.kind == IoRequest::Kind::kRead;
  const int buffer = buffer_index(memory, bytes);
  std::memset(&entry, 0, sizeof entry);
  if (buffer >= 0) {
    entry.opcode = reads ? IORING_OP_READ_FIXED : IORING_OP_WRITE_FIXED;
    entry.buf_index = static_cast<uint16_t>(buffer);
  } else {
    entry.opcode = reads ? IORING_OP_READ : IORING_OP_WRITE;
  }
  entry.fd = file_registered_ ? 0 : descriptor_;
  entry.flags = file_registered_ ? IOSQE_FIXED_FILE : 0;
  entry.addr = reinterpret_cast<uint64_t>(memory);
  // More than this in one transfer the kernel cuts anyway.
  constexpr uint64_t kMostBytes = 1U << 30U;
  entry.len = static_cast<uint32_t>(bytes < kMostBytes ? bytes : kMostBytes);
  entry.off = request.offset + progress.done_bytes;
  entry.user_data = index;
}

bool UringQueue::take(uint32_t& index, int64_t& result) noexcept {
  const uint32_t head = *completion_head_;
  if (head == acquire(completion_tail_)) return false;
  const io_uring_cqe& entry = completion_entries_[head & completion_mask_];
  index = static_cast<uint32_t>(entry.user_data);
  result = entry.res;
  publish(completion_head_, head + 1);
  return true;
}

void UringQueue::wait_for_completion() noexcept {
  // Whatever the call says, the buffers are the kernel's until the completion is there: the caller looks, and comes
  // back.
  if (calls_.uring_enter(ring_, 0, 1, IORING_ENTER_GETEVENTS) < 0) sched_yield();
}

int UringQueue::buffer_index(const std::byte* memory, uint64_t bytes) const noexcept {
  for (size_t index = 0; index < registered_buffers_.size(); ++index) {
    const auto* const start = static_cast<const std::byte*>(registered_buffers_[index].iov_base);
    const uint64_t size = registered_buffers_[index].iov_len;
    if (memory >= start && memory + bytes <= start + size) return static_cast<int>(index);
  }
  return -1;
}

}  // namespace windlass
