#include "gpu_limit.hpp"

#include <utility>

namespace windlass::bench {

Result<std::unique_ptr<GpuLimit>> GpuLimit::open(std::shared_ptr<CudaDriver> driver, int ordinal) {
  Result<std::unique_ptr<CudaContext>> context = CudaContext::open(std::move(driver), ordinal, "plain copies");
  if (!context.ok()) return context.status();
  auto limit = std::make_unique<GpuLimit>(*std::move(context));
  Status made = limit->context_->run(
      "cuStreamCreate", [&] { return limit->functions().stream_create(&limit->stream_, cuda::kStreamNonBlocking); });
  if (!made.ok()) return made;
  return limit;
}

GpuLimit::~GpuLimit() {
  if (stream_ == nullptr) return;
  context_->give_up("cuStreamDestroy", [this] { return functions().stream_destroy(stream_); });
}

template <typename Enqueue>
Status GpuLimit::copy_all(std::span<const CopyPiece> pieces, const char* name, Enqueue&& enqueue) {
  const CudaContext::Scope scope(*context_);
  if (!scope.ok()) return scope.status();
  Status enqueued;
  for (const CopyPiece& piece : pieces) {
    enqueued = context_->check(enqueue(piece), name);
    if (!enqueued.ok()) break;
  }
  // What is on its way must have arrived before anybody can let go of the memory.
  Status arrived = context_->check(functions().stream_synchronize(stream_), "cuStreamSynchronize");
  return enqueued.ok() ? arrived : enqueued;
}

Status GpuLimit::copy_out(std::span<const CopyPiece> pieces) {
  return copy_all(pieces, "cuMemcpyDtoHAsync", [this](const CopyPiece& piece) {
    return functions().memcpy_device_to_host_async(piece.host, piece.address, piece.bytes, stream_);
  });
}

Status GpuLimit::copy_in(std::span<const CopyPiece> pieces) {
  return copy_all(pieces, "cuMemcpyHtoDAsync", [this](const CopyPiece& piece) {
    return functions().memcpy_host_to_device_async(piece.address, piece.host, piece.bytes, stream_);
  });
}

Status GpuLimit::pin(std::span<std::byte> memory) {
  return context_->run("cuMemHostRegister", [&] {
    return functions().mem_host_register(memory.data(), memory.size(), cuda::kHostRegisterPortable);
  });
}

Status GpuLimit::unpin(std::span<std::byte> memory) {
  return context_->run("cuMemHostUnregister", [&] { return functions().mem_host_unregister(memory.data()); });
}

}  // namespace windlass::bench
