// A GPU of NVIDIA's, through the driver's virtual memory management: addresses that stay, memory that comes and goes.
//
// The device works in the GPU's primary context, so that what frameworks allocate in this process lives beside it, and
// leaves the caller's current context as it was. Once the context is lost (see CudaContext), calls fail at once.
//
// Imported memory counts as used, and keeps its content. drain() waits for this GPU's work in this process; work of
// other GPUs on memory that they were given access to is theirs to wait for.
//
// Threads: any.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/live_count.hpp"
#include "base/worker_pool.hpp"
#include "device/cuda/cuda_context.hpp"
#include "device/cuda/cuda_driver.hpp"
#include "device/cuda/cuda_extents.hpp"
#include "device/cuda/cuda_lane.hpp"
#include "device/cuda/cuda_pinned.hpp"
#include "device/device.hpp"

namespace windlass {

// Which other GPUs get access to the memory.
enum class CudaPeers {
  kAll,  // those that can reach it
  kNone,
};

struct CudaDeviceOptions {
  int ordinal = 0;
  CudaPeers peers = CudaPeers::kAll;
  CudaStagingOptions staging;
  uint32_t worker_threads = 0;         // 0: WorkerPool::default_thread_count()
  std::shared_ptr<CudaDriver> driver;  // null: CudaDriver::load()
};

// What a GPU can do, and how it is asked for memory; found out once.
struct CudaTraits {
  std::string name;
  cuda::AllocationProperties properties;
  uint64_t granularity_bytes = 0;
  bool dmabuf = false;                          // its driver makes descriptors that other devices take
  std::vector<cuda::AccessDescription> access;  // this GPU first, then its peers
};

// Which GPU it is: what its maker calls it, and its compute capability, such as 9.0.
struct CudaModel {
  std::string name;
  int32_t compute_major = 0;
  int32_t compute_minor = 0;
};

class CudaDevice final : public Device {
 public:
  // How many GPUs the driver shows to this process. Errors: kDevice.
  static Result<int> count(const CudaDriver& driver) { return driver.device_count(); }

  // What the driver tells of a GPU without making a context on it. Errors: kNotFound (no such GPU); kDevice.
  static Result<CudaModel> model(const CudaDriver& driver, int ordinal);

  // Errors: kLibrary; kNotFound (no such GPU); kUnsupported (it has no virtual memory management); kNoMemory; kDevice.
  static Result<std::shared_ptr<CudaDevice>> open(const CudaDeviceOptions& options);
  // For open().
  CudaDevice(std::unique_ptr<CudaContext> context, CudaTraits traits, uint32_t worker_threads) noexcept;
  ~CudaDevice() override;

  std::string name() const override { return traits_.name; }
  uint64_t granularity_bytes() const noexcept override { return traits_.granularity_bytes; }
  bool host_accessible() const noexcept override { return false; }
  Result<DeviceMemory> memory() const override;
  Result<uint64_t> reserve(uint64_t bytes) override;
  Status unreserve(uint64_t address, uint64_t bytes) override;
  Result<PhysicalId> create(uint64_t bytes) override;
  Status release(PhysicalId physical) override;
  Status map(uint64_t address, uint64_t bytes, PhysicalId physical) override;
  Status unmap(uint64_t address, uint64_t bytes) override;
  Status set_access(uint64_t address, uint64_t bytes) override;
  Status drain() override;
  Status copy_in(uint64_t target_address, const void* source, uint64_t bytes) override;
  Status copy_out(void* target, uint64_t source_address, uint64_t bytes) override;
  Result<Hash128> copy_in_hashed(uint64_t target_address, const void* source, uint64_t bytes) override;
  Result<Hash128> copy_out_hashed(void* target, uint64_t source_address, uint64_t bytes) override;
  Status pin_host(void* address, uint64_t bytes) override;
  Status unpin_host(void* address, uint64_t bytes) override;
  Result<int> export_memory(PhysicalId physical) override;
  Result<PhysicalId> import_memory(int descriptor, uint64_t bytes) override;
  Result<int> export_dmabuf(uint64_t address, uint64_t bytes) override;
  Status gives_dmabuf() const override;
  Result<uint64_t> resident_bytes(uint64_t address, uint64_t bytes) const override;

  // Its number among those that the driver shows.
  int ordinal() const noexcept { return context_->gpu(); }
  // The GPUs that get access besides this one.
  std::vector<int> peers() const;

 private:
  // Runs copy between the checks that its range is usable, and stays so.
  template <typename Copy>
  auto with_range(uint64_t address, uint64_t bytes, Copy&& copy) -> decltype(copy());
  Status open_lanes(const CudaStagingOptions& staging);
  Result<PhysicalId> keep(cuda::MemoryHandle handle, uint64_t bytes, bool fresh);
  Status give_access(uint64_t address, uint64_t bytes, const std::vector<CudaExtents::Run>& runs);
  void take_access(const std::vector<CudaExtents::Run>& runs) noexcept;
  void give_up_leftovers();
  const cuda::Functions& functions() const noexcept { return context_->functions(); }

  const LiveCount live_{Kind::kDevice};
  const CudaTraits traits_;
  const std::unique_ptr<CudaContext> context_;
  WorkerPool workers_;
  CudaExtents extents_;
  CudaPinned pinned_;
  std::unique_ptr<CudaLane> in_;
  std::unique_ptr<CudaLane> out_;
};

}  // namespace windlass
