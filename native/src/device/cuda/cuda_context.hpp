// A GPU's primary context, which all users of the GPU in this process share.
//
// States: usable, then perhaps lost, for good. An error that the driver cannot recover from (a kernel that touched a
// wrong address, memory that failed) loses the context, whoever caused it. The first call of ours that learns of it
// remembers it, and all later ones fail at once with the cause.
//
// Threads: any. A Scope makes the context current in its thread while it exists, and then the caller's again.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

#include "base/contain.hpp"
#include "base/status.hpp"
#include "device/cuda/cuda_api.hpp"
#include "device/cuda/cuda_driver.hpp"

namespace windlass {

class CudaContext {
 public:
  class Scope {
   public:
    explicit Scope(CudaContext& context) noexcept;
    ~Scope();
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

    // Whether the context is current here. Errors: kDevice (among them: the context is lost).
    const Status& status() const noexcept { return status_; }
    bool ok() const noexcept { return status_.ok(); }

   private:
    CudaContext& context_;
    Status status_;
    bool pushed_ = false;
  };

  // Retains the primary context; name is what messages call the device. Errors: kNoMemory; kDevice.
  static Result<std::unique_ptr<CudaContext>> open(std::shared_ptr<CudaDriver> driver, cuda::Gpu gpu, std::string name);
  // For open().
  CudaContext(std::shared_ptr<CudaDriver> driver, cuda::Gpu gpu, std::string name) noexcept;
  ~CudaContext();
  CudaContext(const CudaContext&) = delete;
  CudaContext& operator=(const CudaContext&) = delete;

  // OK, or why the context is lost.
  Status lost() const noexcept;

  // What became of a driver's call, remembered if it has lost the context.
  Status check(cuda::Code code, std::string_view call) noexcept;

  // Makes one call of the driver with the context current: run("cuMemUnmap", [&] { return functions.mem_unmap(…); }).
  template <typename Call>
  Status run(std::string_view name, Call&& call) noexcept {
    const Scope scope(*this);
    if (!scope.ok()) return scope.status();
    return check(std::forward<Call>(call)(), name);
  }

  // The same where something is given up and nobody can be told: it is tried even if the context is lost, and what
  // goes wrong is logged.
  template <typename Call>
  void give_up(std::string_view name, Call&& call) noexcept {
    const bool pushed = push() == cuda::Code::kSuccess;
    const cuda::Code code = std::forward<Call>(call)();
    if (pushed) pop();
    if (code != cuda::Code::kSuccess) log_given_up(code, name);
  }

  const cuda::Functions& functions() const noexcept { return driver_->functions(); }
  const CudaDriver& driver() const noexcept { return *driver_; }
  cuda::Gpu gpu() const noexcept { return gpu_; }
  const std::string& name() const noexcept { return name_; }

 private:
  cuda::Code push() noexcept;
  void pop() noexcept;
  void log_given_up(cuda::Code code, std::string_view name) noexcept;

  const std::shared_ptr<CudaDriver> driver_;
  const cuda::Gpu gpu_;
  const std::string name_;
  cuda::Context context_ = nullptr;
  std::atomic<bool> is_lost_ = false;
  mutable std::mutex mutex_;
  Status lost_;
};

}  // namespace windlass
