// The fake driver's start, its GPUs and their contexts.
#include <algorithm>
#include <cstdio>

#include "fake_call.hpp"

namespace {

using fake_cuda::call;
using fake_cuda::Code;
using fake_cuda::ContextState;
using fake_cuda::Needs;
using fake_cuda::State;
using windlass::cuda::Attribute;
using windlass::cuda::Context;
using windlass::cuda::Gpu;

using Lock = std::unique_lock<std::mutex>;

bool exists(const State& now, Gpu gpu) { return gpu >= 0 && gpu < now.gpu_count; }

struct Named {
  Code code;
  const char* name;
  const char* description;
};

constexpr Named kNames[] = {
    {Code::kSuccess, "CUDA_SUCCESS", "no error"},
    {Code::kInvalidValue, "CUDA_ERROR_INVALID_VALUE", "invalid argument"},
    {Code::kOutOfMemory, "CUDA_ERROR_OUT_OF_MEMORY", "out of memory"},
    {Code::kNotInitialized, "CUDA_ERROR_NOT_INITIALIZED", "initialization error"},
    {Code::kNoDevice, "CUDA_ERROR_NO_DEVICE", "no CUDA-capable device is detected"},
    {Code::kInvalidDevice, "CUDA_ERROR_INVALID_DEVICE", "invalid device ordinal"},
    {Code::kInvalidContext, "CUDA_ERROR_INVALID_CONTEXT", "invalid device context"},
    {Code::kInvalidHandle, "CUDA_ERROR_INVALID_HANDLE", "invalid resource handle"},
    {Code::kIllegalAddress, "CUDA_ERROR_ILLEGAL_ADDRESS", "an illegal memory access was encountered"},
    {Code::kHostMemoryAlreadyRegistered, "CUDA_ERROR_HOST_MEMORY_ALREADY_REGISTERED", "already registered"},
    {Code::kHostMemoryNotRegistered, "CUDA_ERROR_HOST_MEMORY_NOT_REGISTERED", "not registered"},
    {Code::kLaunchFailed, "CUDA_ERROR_LAUNCH_FAILED", "unspecified launch failure"},
    {Code::kNotPermitted, "CUDA_ERROR_NOT_PERMITTED", "operation not permitted"},
    {Code::kNotSupported, "CUDA_ERROR_NOT_SUPPORTED", "operation not supported"},
    {Code::kUnknown, "CUDA_ERROR_UNKNOWN", "unknown error"},
};

Code describe(Code code, const char** out, const char* Named::*which) {
  const auto* const found =
      std::find_if(std::begin(kNames), std::end(kNames), [code](const Named& each) { return each.code == code; });
  *out = found != std::end(kNames) ? found->*which : nullptr;
  return found != std::end(kNames) ? Code::kSuccess : Code::kInvalidValue;
}

// What a GPU can do it does; and its compute capability is 9.0.
int32_t usual_attribute(Attribute attribute) {
  if (attribute == Attribute::kComputeCapabilityMajor) return 9;
  return attribute == Attribute::kComputeCapabilityMinor ? 0 : 1;
}

}  // namespace

FAKE_CUDA_DRIVER cuInit(uint32_t flags) {
  return call("cuInit", Needs::kNothing, [&](State& now, Lock& /*lock*/) {
    if (flags != 0) return Code::kInvalidValue;
    if (now.gpu_count == 0) return Code::kNoDevice;
    now.initialized = true;
    for (Gpu gpu = static_cast<Gpu>(now.contexts.size()); gpu < now.gpu_count; ++gpu) {
      now.contexts.push_back(std::make_unique<ContextState>());
      now.contexts.back()->gpu = gpu;
    }
    return Code::kSuccess;
  });
}

FAKE_CUDA_DRIVER cuDriverGetVersion(int32_t* version) {
  return call("cuDriverGetVersion", Needs::kNothing, [&](State& /*now*/, Lock& /*lock*/) {
    *version = 12040;
    return Code::kSuccess;
  });
}

FAKE_CUDA_DRIVER cuGetErrorName(Code code, const char** name) {
  return call("cuGetErrorName", Needs::kNothing,
              [&](State& /*now*/, Lock& /*lock*/) { return describe(code, name, &Named::name); });
}

FAKE_CUDA_DRIVER cuGetErrorString(Code code, const char** description) {
  return call("cuGetErrorString", Needs::kNothing,
              [&](State& /*now*/, Lock& /*lock*/) { return describe(code, description, &Named::description); });
}

FAKE_CUDA_DRIVER cuDeviceGetCount(int32_t* count) {
  return call("cuDeviceGetCount", Needs::kInit, [&](State& now, Lock& /*lock*/) {
    *count = now.gpu_count;
    return Code::kSuccess;
  });
}

FAKE_CUDA_DRIVER cuDeviceGet(Gpu* gpu, int32_t ordinal) {
  return call("cuDeviceGet", Needs::kInit, [&](State& now, Lock& /*lock*/) {
    if (!exists(now, ordinal)) return Code::kInvalidDevice;
    *gpu = ordinal;
    return Code::kSuccess;
  });
}

FAKE_CUDA_DRIVER cuDeviceGetName(char* name, int32_t bytes, Gpu gpu) {
  return call("cuDeviceGetName", Needs::kInit, [&](State& now, Lock& /*lock*/) {
    if (!exists(now, gpu) || bytes <= 0) return Code::kInvalidDevice;
    std::snprintf(name, static_cast<size_t>(bytes), "Fake GPU");
    return Code::kSuccess;
  });
}

FAKE_CUDA_DRIVER cuDeviceTotalMem_v2(size_t* bytes, Gpu gpu) {
  return call("cuDeviceTotalMem_v2", Needs::kInit, [&](State& now, Lock& /*lock*/) {
    if (!exists(now, gpu)) return Code::kInvalidDevice;
    *bytes = now.gpu_bytes;
    return Code::kSuccess;
  });
}

FAKE_CUDA_DRIVER cuDeviceGetAttribute(int32_t* value, Attribute attribute, Gpu gpu) {
  return call("cuDeviceGetAttribute", Needs::kInit, [&](State& now, Lock& /*lock*/) {
    if (!exists(now, gpu)) return Code::kInvalidDevice;
    const auto set = now.attributes.find(static_cast<int32_t>(attribute));
    *value = set != now.attributes.end() ? set->second : usual_attribute(attribute);
    return Code::kSuccess;
  });
}

FAKE_CUDA_DRIVER cuDeviceCanAccessPeer(int32_t* can, Gpu gpu, Gpu peer) {
  return call("cuDeviceCanAccessPeer", Needs::kInit, [&](State& now, Lock& /*lock*/) {
    if (!exists(now, gpu) || !exists(now, peer)) return Code::kInvalidDevice;
    *can = now.peer_access && gpu != peer ? 1 : 0;
    return Code::kSuccess;
  });
}

FAKE_CUDA_DRIVER cuDevicePrimaryCtxRetain(Context* context, Gpu gpu) {
  return call("cuDevicePrimaryCtxRetain", Needs::kInit, [&](State& now, Lock& /*lock*/) {
    if (!exists(now, gpu)) return Code::kInvalidDevice;
    ContextState& primary = *now.contexts[static_cast<size_t>(gpu)];
    if (primary.lost != Code::kSuccess) return primary.lost;
    ++primary.retained;
    *context = reinterpret_cast<Context>(&primary);
    return Code::kSuccess;
  });
}

FAKE_CUDA_DRIVER cuDevicePrimaryCtxRelease_v2(Gpu gpu) {
  return call("cuDevicePrimaryCtxRelease_v2", Needs::kInit, [&](State& now, Lock& lock) {
    if (!exists(now, gpu)) return Code::kInvalidDevice;
    ContextState& primary = *now.contexts[static_cast<size_t>(gpu)];
    if (primary.retained == 0) return Code::kInvalidContext;
    if (--primary.retained == 0) end_context(now, lock, primary);
    return Code::kSuccess;
  });
}

FAKE_CUDA_DRIVER cuCtxPushCurrent_v2(Context context) {
  return call("cuCtxPushCurrent_v2", Needs::kInit, [&](State& /*now*/, Lock& /*lock*/) {
    auto* const pushed = reinterpret_cast<ContextState*>(context);
    if (pushed == nullptr || pushed->retained == 0) return Code::kInvalidContext;
    fake_cuda::context_stack().push_back(pushed);
    return Code::kSuccess;
  });
}

FAKE_CUDA_DRIVER cuCtxPopCurrent_v2(Context* context) {
  return call("cuCtxPopCurrent_v2", Needs::kInit, [&](State& /*now*/, Lock& /*lock*/) {
    if (fake_cuda::context_stack().empty()) return Code::kInvalidContext;
    *context = reinterpret_cast<Context>(fake_cuda::context_stack().back());
    fake_cuda::context_stack().pop_back();
    return Code::kSuccess;
  });
}

FAKE_CUDA_DRIVER cuCtxGetCurrent(Context* context) {
  return call("cuCtxGetCurrent", Needs::kInit, [&](State& /*now*/, Lock& /*lock*/) {
    const auto& stack = fake_cuda::context_stack();
    *context = stack.empty() ? nullptr : reinterpret_cast<Context>(stack.back());
    return Code::kSuccess;
  });
}

FAKE_CUDA_DRIVER cuCtxSynchronize() {
  return call("cuCtxSynchronize", Needs::kContext, [&](State& now, Lock& lock) {
    const ContextState& context = fake_cuda::current_context();
    std::map<const fake_cuda::StreamState*, uint64_t> goals;
    for (const auto& stream : now.streams) {
      if (stream->context != &context) continue;
      goals.emplace(stream.get(), stream->enqueued);
      fake_cuda::want(now, *stream, stream->enqueued);
    }
    // Streams may come and go meanwhile.
    now.changed.wait(lock, [&] {
      return std::all_of(now.streams.begin(), now.streams.end(), [&](const auto& stream) {
        const auto goal = goals.find(stream.get());
        return goal == goals.end() || stream->done >= goal->second;
      });
    });
    return context.lost;
  });
}
