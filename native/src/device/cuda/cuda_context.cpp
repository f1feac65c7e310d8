#include "device/cuda/cuda_context.hpp"

#include "base/log.hpp"
#include "base/text.hpp"

namespace windlass {

CudaContext::Scope::Scope(CudaContext& context) noexcept : context_(context), status_(context.lost()) {
  if (!status_.ok()) return;
  status_ = context_.check(context_.push(), "cuCtxPushCurrent");
  pushed_ = status_.ok();
}

CudaContext::Scope::~Scope() {
  if (pushed_) context_.pop();
}

Result<std::unique_ptr<CudaContext>> CudaContext::open(std::shared_ptr<CudaDriver> driver, cuda::Gpu gpu,
                                                       std::string name) {
  auto context = std::make_unique<CudaContext>(std::move(driver), gpu, std::move(name));
  const cuda::Code retained = context->functions().device_primary_ctx_retain(&context->context_, gpu);
  if (Status got = context->check(retained, "cuDevicePrimaryCtxRetain"); !got.ok()) {
    context->context_ = nullptr;
    return got;
  }
  return context;
}

CudaContext::CudaContext(std::shared_ptr<CudaDriver> driver, cuda::Gpu gpu, std::string name) noexcept
    : driver_(std::move(driver)), gpu_(gpu), name_(std::move(name)) {}

CudaContext::~CudaContext() {
  if (context_ == nullptr) return;
  const cuda::Code released = functions().device_primary_ctx_release(gpu_);
  if (released != cuda::Code::kSuccess) log_given_up(released, "cuDevicePrimaryCtxRelease");
}

Status CudaContext::lost() const noexcept {
  if (!is_lost_.load(std::memory_order_acquire)) return Status();
  const std::lock_guard lock(mutex_);
  return lost_;
}

Status CudaContext::check(cuda::Code code, std::string_view call) noexcept {
  if (code == cuda::Code::kSuccess) return Status();
  return contain([&] {
    if (!CudaDriver::loses_context(code)) return driver_->status(code, name_, call);
    const std::lock_guard lock(mutex_);
    if (lost_.ok()) {
      lost_ = Status::error(windlass::Code::kDevice,
                            text(name_, ": the GPU's context is lost: ", call, " says ", driver_->describe(code),
                                 ". Nothing of this GPU can be used or saved in this process any more; restart it"),
                            static_cast<int>(code));
      is_lost_.store(true, std::memory_order_release);
      log(LogLevel::kError, "device", lost_.message());
    }
    return lost_;
  });
}

cuda::Code CudaContext::push() noexcept { return functions().ctx_push_current(context_); }

void CudaContext::pop() noexcept {
  cuda::Context popped = nullptr;
  const cuda::Code code = functions().ctx_pop_current(&popped);
  if (code != cuda::Code::kSuccess) log_given_up(code, "cuCtxPopCurrent");
}

void CudaContext::log_given_up(cuda::Code code, std::string_view name) noexcept {
  // Of a lost context the cause has been told, and that its things cannot be given back is what to expect; and at the
  // end of the process the driver may have gone before us, with all it held.
  const bool expected = is_lost_.load(std::memory_order_acquire) || code == cuda::Code::kDeinitialized;
  const LogLevel level = expected ? LogLevel::kDebug : LogLevel::kError;
  Status logged = contain([&] {
    log(level, "device", text(name_, ": ", name, " says ", driver_->describe(code)));
    return Status();
  });
  if (!logged.ok()) log(LogLevel::kError, "device", logged.message());
}

}  // namespace windlass
