#include "device/cuda/cuda_lane.hpp"

#include <algorithm>
#include <utility>

#include "base/clock.hpp"
#include "base/contain.hpp"
#include "base/text.hpp"

namespace windlass {

namespace {

constexpr uint64_t kSlotAlignment = 4 * kKiB;
constexpr uint64_t kMostStagingBytes = 16 * kGiB;

// The processor's part of a copy is shared out in steps of this size.
constexpr uint64_t kCopyStepBytes = 2 * kMiB;

// A copy of a few MiB is done before a thread that was put to sleep would run again.
constexpr uint64_t kSpinNs = 20'000;

std::byte* host_pointer(uint64_t address) noexcept { return reinterpret_cast<std::byte*>(address); }

}  // namespace

// An event for a copy that needs no slot.
class CudaLane::Lease {
 public:
  Lease(CudaLane& lane, cuda::Event event) noexcept : lane_(lane), event_(event) {}
  ~Lease() { lane_.give_event(event_); }
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;

 private:
  CudaLane& lane_;
  const cuda::Event event_;
};

Result<std::unique_ptr<CudaLane>> CudaLane::open(CudaContext& context, const CudaPinned& pinned, WorkerPool& workers,
                                                 Direction direction, const CudaStagingOptions& options) {
  const uint64_t slot_bytes = round_up(options.slot_bytes, kSlotAlignment);
  if (slot_bytes == 0 || options.slots == 0 || slot_bytes > kMostStagingBytes / options.slots) {
    return Status::error(Code::kInvalidArgument,
                         text(context.name(), ": ", options.slots, " slots of ", options.slot_bytes,
                              " bytes are no staging memory; both must be positive, and together at most ",
                              bytes_text(kMostStagingBytes)));
  }
  auto lane = std::make_unique<CudaLane>(context, pinned, workers, direction, slot_bytes);
  if (Status started = lane->start(options.slots); !started.ok()) return started;
  return lane;
}

CudaLane::CudaLane(CudaContext& context, const CudaPinned& pinned, WorkerPool& workers, Direction direction,
                   uint64_t slot_bytes) noexcept
    : context_(context), pinned_(pinned), workers_(workers), direction_(direction), slot_bytes_(slot_bytes) {}

CudaLane::~CudaLane() {
  const cuda::Functions& functions = context_.functions();
  if (stream_ != nullptr) context_.give_up("cuStreamDestroy", [&] { return functions.stream_destroy(stream_); });
  for (const Slot& slot : slots_) {
    if (slot.event != nullptr) context_.give_up("cuEventDestroy", [&] { return functions.event_destroy(slot.event); });
  }
  for (const cuda::Event event : events_) {
    context_.give_up("cuEventDestroy", [&] { return functions.event_destroy(event); });
  }
  if (registered_) {
    context_.give_up("cuMemHostUnregister", [&] { return functions.mem_host_unregister(memory_.address()); });
  }
}

Status CudaLane::start(uint32_t slots) {
  const cuda::Functions& functions = context_.functions();
  Result<HostRange> memory = HostRange::reserve(round_up(slots * slot_bytes_, kHugePageBytes));
  if (!memory.ok()) return memory.status().with_prefix(context_.name());
  memory_ = *std::move(memory);
  if (Status there = memory_.populate(0, memory_.bytes(), workers_); !there.ok()) {
    return there.with_prefix(context_.name());
  }
  const auto address = reinterpret_cast<uint64_t>(memory_.address());
  Status pinned =
      context_.check(functions.mem_host_register(memory_.address(), memory_.bytes(), cuda::kHostRegisterPortable),
                     "cuMemHostRegister");
  if (!pinned.ok()) return pinned;
  registered_ = true;
  Status streamed = context_.check(functions.stream_create(&stream_, cuda::kStreamNonBlocking), "cuStreamCreate");
  if (!streamed.ok()) return streamed;
  slots_.reserve(slots);
  free_slots_.reserve(slots);
  for (uint32_t index = 0; index < slots; ++index) {
    Result<cuda::Event> event = make_event();
    if (!event.ok()) return event.status();
    slots_.push_back({address + index * slot_bytes_, *event});
    free_slots_.push_back(&slots_.back());
  }
  return Status();
}

Result<cuda::Event> CudaLane::make_event() {
  cuda::Event event = nullptr;
  const cuda::Code made =
      context_.functions().event_create(&event, cuda::kEventBlockingSync | cuda::kEventDisableTiming);
  if (Status status = context_.check(made, "cuEventCreate"); !status.ok()) return status;
  return event;
}

Status CudaLane::copy(uint64_t device_address, uint64_t host_address, uint64_t bytes) {
  uint64_t offset = 0;
  while (offset < bytes) {
    const uint64_t registered = pinned_.registered_bytes(host_address + offset, bytes - offset);
    // Where a registration begins further on is not looked for: the slots carry everything.
    const uint64_t part = registered != 0 ? registered : bytes - offset;
    Status copied = registered != 0 ? copy_registered(device_address + offset, host_address + offset, part)
                                    : copy_staged(device_address + offset, host_address + offset, part);
    if (!copied.ok()) return copied;
    offset += part;
  }
  return Status();
}

Result<Hash128> CudaLane::copy_hashed(uint64_t device_address, uint64_t host_address, uint64_t bytes) {
  std::byte* const host = host_pointer(host_address);
  const bool in = direction_ == Direction::kIn;
  if (bytes == 0 || bytes > slot_bytes_ || pinned_.registered_bytes(host_address, bytes) != 0) {
    if (Status copied = copy(device_address, host_address, bytes); !copied.ok()) return copied;
    return hash(host, bytes);
  }
  Slot* const slot = take_slot(true);
  std::byte* const staged = host_pointer(slot->address);
  Hash128 found;
  if (in) found = windlass::copy_hashed(staged, host, bytes);
  Status moved = enqueue(device_address, slot->address, bytes, slot->event);
  if (moved.ok()) moved = wait(slot->event);
  if (moved.ok() && !in) found = windlass::copy_hashed(host, staged, bytes);
  give_slot(slot);
  if (!moved.ok()) return moved;
  return found;
}

Status CudaLane::zero(uint64_t device_address, uint64_t bytes) {
  Result<cuda::Event> event = take_event();
  if (!event.ok()) return event.status();
  const Lease lease(*this, *event);
  {
    const std::lock_guard lock(enqueue_mutex_);
    const cuda::Functions& functions = context_.functions();
    Status begun = context_.check(functions.memset_d8_async(device_address, 0, bytes, stream_), "cuMemsetD8Async");
    if (!begun.ok()) return begun;
    if (Status noted = context_.check(functions.event_record(*event, stream_), "cuEventRecord"); !noted.ok()) {
      settle();
      return noted;
    }
  }
  return wait(*event);
}

Status CudaLane::copy_registered(uint64_t device_address, uint64_t host_address, uint64_t bytes) {
  Result<cuda::Event> event = take_event();
  if (!event.ok()) return event.status();
  const Lease lease(*this, *event);
  if (Status begun = enqueue(device_address, host_address, bytes, *event); !begun.ok()) return begun;
  return wait(*event);
}

Status CudaLane::copy_staged(uint64_t device_address, uint64_t host_address, uint64_t bytes) {
  std::vector<Flight> flights;
  flights.reserve(slots_.size());
  Status first_failure;
  uint64_t offset = 0;
  while (true) {
    // Only a copy that holds no slot waits for one, so that those who hold some can always go on.
    const bool more = offset < bytes && first_failure.ok();
    Slot* const slot = more ? take_slot(flights.empty()) : nullptr;
    if (slot != nullptr) {
      const Flight flight{slot, host_address + offset, std::min(slot_bytes_, bytes - offset)};
      if (Status gone = depart(flight, device_address + offset); gone.ok()) {
        flights.push_back(flight);
        offset += flight.bytes;
      } else {
        first_failure = gone;
        give_slot(slot);
      }
      continue;
    }
    if (flights.empty()) return first_failure;
    Status arrived = wait(flights.front().slot->event);
    if (arrived.ok() && first_failure.ok()) arrived = arrive(flights.front());
    if (first_failure.ok()) first_failure = arrived;
    give_slot(flights.front().slot);
    flights.erase(flights.begin());
  }
}

Status CudaLane::depart(const Flight& flight, uint64_t device_address) noexcept {
  if (direction_ == Direction::kIn) {
    Status filled = copy_with_workers(flight.slot->address, flight.host_address, flight.bytes);
    if (!filled.ok()) return filled;
  }
  return enqueue(device_address, flight.slot->address, flight.bytes, flight.slot->event);
}

Status CudaLane::arrive(const Flight& flight) noexcept {
  if (direction_ == Direction::kIn) return Status();
  return copy_with_workers(flight.host_address, flight.slot->address, flight.bytes);
}

Status CudaLane::copy_with_workers(uint64_t target, uint64_t source, uint64_t bytes) noexcept {
  if (bytes <= kCopyStepBytes) {
    windlass::copy(host_pointer(target), host_pointer(source), bytes);
    return Status();
  }
  return contain([&] {
    const auto step = [=](uint64_t index) {
      const uint64_t from = index * kCopyStepBytes;
      windlass::copy(host_pointer(target + from), host_pointer(source + from), std::min(kCopyStepBytes, bytes - from));
      return Status();
    };
    return workers_.run((bytes + kCopyStepBytes - 1) / kCopyStepBytes, step, workers_.copying_threads());
  });
}

Status CudaLane::enqueue(uint64_t device_address, uint64_t host_address, uint64_t bytes, cuda::Event event) noexcept {
  const cuda::Functions& functions = context_.functions();
  // The event must stand right behind its copy, or its owner would wait for the copies of others too.
  const std::lock_guard lock(enqueue_mutex_);
  const bool in = direction_ == Direction::kIn;
  const cuda::Code code =
      in ? functions.memcpy_host_to_device_async(device_address, host_pointer(host_address), bytes, stream_)
         : functions.memcpy_device_to_host_async(host_pointer(host_address), device_address, bytes, stream_);
  if (Status begun = context_.check(code, in ? "cuMemcpyHtoDAsync" : "cuMemcpyDtoHAsync"); !begun.ok()) return begun;
  Status noted = context_.check(functions.event_record(event, stream_), "cuEventRecord");
  if (!noted.ok()) settle();
  return noted;
}

Status CudaLane::wait(cuda::Event event) noexcept {
  const cuda::Functions& functions = context_.functions();
  const uint64_t start = now_ns();
  do {
    const cuda::Code code = functions.event_query(event);
    if (code == cuda::Code::kSuccess) return Status();
    if (code != cuda::Code::kNotReady) break;  // the call below says the same again, or waits after all
  } while (now_ns() - start < kSpinNs);
  Status done = context_.check(functions.event_synchronize(event), "cuEventSynchronize");
  if (!done.ok()) settle();
  return done;
}

// Nothing may be on its way to or from memory that the caller gets back.
void CudaLane::settle() noexcept {
  if (!context_.lost().ok()) return;
  (void)context_.check(context_.functions().stream_synchronize(stream_), "cuStreamSynchronize");
}

CudaLane::Slot* CudaLane::take_slot(bool may_wait) {
  std::unique_lock lock(mutex_);
  if (!may_wait && (free_slots_.empty() || waiting_ != 0)) return nullptr;
  ++waiting_;
  slot_freed_.wait(lock, [this] { return !free_slots_.empty(); });
  --waiting_;
  Slot* const slot = free_slots_.back();
  free_slots_.pop_back();
  return slot;
}

void CudaLane::give_slot(Slot* slot) noexcept {
  {
    const std::lock_guard lock(mutex_);
    free_slots_.push_back(slot);  // has room for all of them
  }
  slot_freed_.notify_one();
}

Result<cuda::Event> CudaLane::take_event() {
  {
    const std::lock_guard lock(mutex_);
    if (!free_events_.empty()) {
      const cuda::Event event = free_events_.back();
      free_events_.pop_back();
      return event;
    }
    // Room for all that are being made now, so that none is lost for want of it.
    events_.reserve(promised_events_ + 1);
    free_events_.reserve(promised_events_ + 1);
    ++promised_events_;
  }
  Result<cuda::Event> event = make_event();
  const std::lock_guard lock(mutex_);
  if (event.ok()) {
    events_.push_back(*event);
  } else {
    --promised_events_;
  }
  return event;
}

void CudaLane::give_event(cuda::Event event) noexcept {
  const std::lock_guard lock(mutex_);
  free_events_.push_back(event);  // has room for all of them
}

}  // namespace windlass
