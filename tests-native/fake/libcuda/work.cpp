// The fake driver's streams, events and copies, and the host memory that it registers.
#include <algorithm>
#include <cstring>
#include <iterator>

#include "fake_call.hpp"

namespace {

using fake_cuda::call;
using fake_cuda::Code;
using fake_cuda::EventState;
using fake_cuda::Job;
using fake_cuda::Needs;
using fake_cuda::Physical;
using fake_cuda::Registration;
using fake_cuda::State;
using fake_cuda::StreamState;
using windlass::cuda::Address;
using windlass::cuda::Event;
using windlass::cuda::PointerAttribute;
using windlass::cuda::Stream;

using Lock = std::unique_lock<std::mutex>;

template <typename Object, typename Pointer>
Object* find_object(const std::set<std::unique_ptr<Object>>& objects, Pointer pointer) {
  const auto found = std::find_if(objects.begin(), objects.end(),
                                  [&](const auto& each) { return each.get() == reinterpret_cast<Object*>(pointer); });
  return found != objects.end() ? found->get() : nullptr;
}

// The registration that the address lies in, or null.
const std::pair<const uint64_t, Registration>* registration_at(const State& now, uint64_t address) {
  const auto after = now.registrations.upper_bound(address);
  if (after == now.registrations.begin()) return nullptr;
  const auto& found = *std::prev(after);
  return address - found.first < found.second.bytes ? &found : nullptr;
}

// Whether a copy may use the host memory: all of it registered as one, or none of it.
bool host_fits(State& now, uint64_t address, uint64_t bytes) {
  const auto* const registration = registration_at(now, address);
  if (registration != nullptr) return address - registration->first + bytes <= registration->second.bytes;
  const auto next = now.registrations.lower_bound(address);
  if (next != now.registrations.end() && next->first < address + bytes) return false;
  ++now.pageable_copies;
  return true;
}

// Does move(host, device, bytes) for each part of the range, without the lock; touching what is not there loses the
// context.
template <typename Move>
void run_on_windows(State& now, Lock& lock, const StreamState& stream, const Job& job, Move move) {
  struct Part {
    std::shared_ptr<Physical> physical;
    std::byte* window;
    uint64_t bytes;
  };
  std::vector<Part> parts;
  const bool there =
      fake_cuda::for_each_window(now, job.device_address, job.bytes, stream.context->gpu,
                                 [&](const std::shared_ptr<Physical>& physical, std::byte* window, uint64_t bytes) {
                                   parts.push_back({physical, window, bytes});
                                 });
  if (!there) {
    stream.context->lost = Code::kIllegalAddress;
    return;
  }
  lock.unlock();
  uint64_t offset = 0;
  for (const Part& part : parts) {
    move(reinterpret_cast<std::byte*>(job.host_address + offset), part.window, part.bytes);
    offset += part.bytes;
  }
  parts.clear();
  lock.lock();
}

// Puts work at the end of a stream.
template <typename Move>
Code enqueue(State& now, Stream stream, Address device_address, uint64_t host_address, uint64_t bytes, Move move) {
  StreamState* const found = find_object(now.streams, stream);
  if (found == nullptr || found->context != &fake_cuda::current_context()) return Code::kInvalidHandle;
  found->jobs.push_back({device_address, host_address, bytes, nullptr});
  Job& job = found->jobs.back();
  job.work = [&now, &job, found, move](Lock& lock) { run_on_windows(now, lock, *found, job, move); };
  ++found->enqueued;
  if (!now.lazy) fake_cuda::want(now, *found, found->enqueued);
  return Code::kSuccess;
}

}  // namespace

FAKE_CUDA_DRIVER cuMemcpyHtoDAsync_v2(Address target, const void* source, size_t bytes, Stream stream) {
  return call("cuMemcpyHtoDAsync_v2", Needs::kContext, [&](State& now, Lock& /*lock*/) {
    const auto host = reinterpret_cast<uint64_t>(source);
    if (!host_fits(now, host, bytes)) return Code::kInvalidValue;
    return enqueue(now, stream, target, host, bytes,
                   [](std::byte* from, std::byte* to, uint64_t part) { std::memcpy(to, from, part); });
  });
}

FAKE_CUDA_DRIVER cuMemcpyDtoHAsync_v2(void* target, Address source, size_t bytes, Stream stream) {
  return call("cuMemcpyDtoHAsync_v2", Needs::kContext, [&](State& now, Lock& /*lock*/) {
    const auto host = reinterpret_cast<uint64_t>(target);
    if (!host_fits(now, host, bytes)) return Code::kInvalidValue;
    return enqueue(now, stream, source, host, bytes,
                   [](std::byte* to, std::byte* from, uint64_t part) { std::memcpy(to, from, part); });
  });
}

FAKE_CUDA_DRIVER cuMemsetD8Async(Address target, unsigned char value, size_t bytes, Stream stream) {
  return call("cuMemsetD8Async", Needs::kContext, [&](State& now, Lock& /*lock*/) {
    return enqueue(now, stream, target, 0, bytes,
                   [value](std::byte* /*host*/, std::byte* to, uint64_t part) { std::memset(to, value, part); });
  });
}

FAKE_CUDA_DRIVER cuMemHostRegister_v2(void* address, size_t bytes, uint32_t flags) {
  return call("cuMemHostRegister_v2", Needs::kContext, [&](State& now, Lock& /*lock*/) {
    const auto start = reinterpret_cast<uint64_t>(address);
    if (start == 0 || bytes == 0 || flags != windlass::cuda::kHostRegisterPortable) return Code::kInvalidValue;
    const auto next = now.registrations.lower_bound(start);
    const bool overlaps =
        registration_at(now, start) != nullptr || (next != now.registrations.end() && next->first < start + bytes);
    if (overlaps) return Code::kHostMemoryAlreadyRegistered;
    now.registrations.emplace(start, Registration{bytes, &fake_cuda::current_context()});
    return Code::kSuccess;
  });
}

FAKE_CUDA_DRIVER cuMemHostUnregister(void* address) {
  return call("cuMemHostUnregister", Needs::kContext, [&](State& now, Lock& /*lock*/) {
    const auto found = now.registrations.find(reinterpret_cast<uint64_t>(address));
    if (found == now.registrations.end()) return Code::kHostMemoryNotRegistered;
    for (const auto& stream : now.streams) {
      for (const Job& job : stream->jobs) {
        if (job.host_address != 0 && job.host_address < found->first + found->second.bytes &&
            found->first < job.host_address + job.bytes) {
          now.violations += "cuMemHostUnregister of memory while work on it is not finished\n";
        }
      }
    }
    now.registrations.erase(found);
    return Code::kSuccess;
  });
}

FAKE_CUDA_DRIVER cuPointerGetAttribute(void* value, PointerAttribute attribute, Address address) {
  return call("cuPointerGetAttribute", Needs::kContext, [&](State& now, Lock& /*lock*/) {
    const auto* const found = registration_at(now, address);
    if (found == nullptr) return Code::kInvalidValue;
    if (attribute == PointerAttribute::kMemoryType) {
      std::memcpy(value, &windlass::cuda::kMemoryTypeHost, sizeof(uint32_t));
    } else if (attribute == PointerAttribute::kRangeStart) {
      std::memcpy(value, &found->first, sizeof(Address));
    } else if (attribute == PointerAttribute::kRangeBytes) {
      std::memcpy(value, &found->second.bytes, sizeof(size_t));
    } else {
      return Code::kInvalidValue;
    }
    return Code::kSuccess;
  });
}

FAKE_CUDA_DRIVER cuStreamCreate(Stream* stream, uint32_t flags) {
  return call("cuStreamCreate", Needs::kContext, [&](State& now, Lock& /*lock*/) {
    if (flags > windlass::cuda::kStreamNonBlocking) return Code::kInvalidValue;
    auto made = std::make_unique<StreamState>();
    made->context = &fake_cuda::current_context();
    *stream = reinterpret_cast<Stream>(made.get());
    now.streams.insert(std::move(made));
    return Code::kSuccess;
  });
}

FAKE_CUDA_DRIVER cuStreamDestroy_v2(Stream stream) {
  return call("cuStreamDestroy_v2", Needs::kContext, [&](State& now, Lock& lock) {
    const StreamState* const found = find_object(now.streams, stream);
    if (found == nullptr) return Code::kInvalidHandle;
    fake_cuda::end_stream(now, lock, found);
    return Code::kSuccess;
  });
}

FAKE_CUDA_DRIVER cuStreamSynchronize(Stream stream) {
  return call("cuStreamSynchronize", Needs::kContext, [&](State& now, Lock& lock) {
    StreamState* const found = find_object(now.streams, stream);
    if (found == nullptr) return Code::kInvalidHandle;
    fake_cuda::wait_for(now, lock, *found, found->enqueued);
    return fake_cuda::current_context().lost;
  });
}

FAKE_CUDA_DRIVER cuEventCreate(Event* event, uint32_t flags) {
  return call("cuEventCreate", Needs::kContext, [&](State& now, Lock& /*lock*/) {
    if ((flags & ~3U) != 0) return Code::kInvalidValue;
    auto made = std::make_unique<EventState>();
    made->context = &fake_cuda::current_context();
    *event = reinterpret_cast<Event>(made.get());
    now.events.insert(std::move(made));
    return Code::kSuccess;
  });
}

FAKE_CUDA_DRIVER cuEventDestroy_v2(Event event) {
  return call("cuEventDestroy_v2", Needs::kContext, [&](State& now, Lock& /*lock*/) {
    const EventState* const found = find_object(now.events, event);
    if (found == nullptr) return Code::kInvalidHandle;
    std::erase_if(now.events, [&](const auto& each) { return each.get() == found; });
    return Code::kSuccess;
  });
}

FAKE_CUDA_DRIVER cuEventRecord(Event event, Stream stream) {
  return call("cuEventRecord", Needs::kContext, [&](State& now, Lock& /*lock*/) {
    EventState* const recorded = find_object(now.events, event);
    StreamState* const after = find_object(now.streams, stream);
    if (recorded == nullptr || after == nullptr || recorded->context != after->context) return Code::kInvalidHandle;
    recorded->stream = after;
    recorded->after = after->enqueued;
    return Code::kSuccess;
  });
}

FAKE_CUDA_DRIVER cuEventQuery(Event event) {
  return call("cuEventQuery", Needs::kContext, [&](State& now, Lock& /*lock*/) {
    EventState* const found = find_object(now.events, event);
    if (found == nullptr) return Code::kInvalidHandle;
    if (found->stream == nullptr || found->stream->done >= found->after) return Code::kSuccess;
    fake_cuda::want(now, *found->stream, found->after);
    return Code::kNotReady;
  });
}

FAKE_CUDA_DRIVER cuEventSynchronize(Event event) {
  return call("cuEventSynchronize", Needs::kContext, [&](State& now, Lock& lock) {
    EventState* const found = find_object(now.events, event);
    if (found == nullptr) return Code::kInvalidHandle;
    if (found->stream != nullptr) fake_cuda::wait_for(now, lock, *found->stream, found->after);
    return fake_cuda::current_context().lost;
  });
}
