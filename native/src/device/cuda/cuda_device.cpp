#include "device/cuda/cuda_device.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "base/bytes.hpp"
#include "base/contain.hpp"
#include "base/log.hpp"
#include "base/text.hpp"

namespace windlass {

namespace {

// Asks a GPU what it can do. Attributes that a driver does not know are ones that it does not have.
bool has(const CudaDriver& driver, cuda::Gpu gpu, cuda::Attribute attribute) {
  int32_t value = 0;
  return driver.functions().device_get_attribute(&value, attribute, gpu) == cuda::Code::kSuccess && value != 0;
}

std::string numbered(cuda::Gpu gpu) { return text("CUDA device ", gpu); }

// What its maker calls it.
Result<std::string> model_name_of(const CudaDriver& driver, cuda::Gpu gpu) {
  std::array<char, 96> model{};
  const cuda::Code named =
      driver.functions().device_get_name(model.data(), static_cast<int32_t>(model.size()) - 1, gpu);
  if (Status known = driver.status(named, numbered(gpu), "cuDeviceGetName"); !known.ok()) return known;
  return std::string(model.data());
}

Result<std::string> name_of(const CudaDriver& driver, cuda::Gpu gpu) {
  Result<std::string> model = model_name_of(driver, gpu);
  if (!model.ok()) return model.status();
  size_t bytes = 0;
  const cuda::Code sized = driver.functions().device_total_mem(&bytes, gpu);
  if (Status known = driver.status(sized, numbered(gpu), "cuDeviceTotalMem"); !known.ok()) return known;
  return text(numbered(gpu), " (", *model, ", ", bytes_text(bytes), ")");
}

Result<int32_t> attribute_of(const CudaDriver& driver, cuda::Gpu gpu, cuda::Attribute attribute) {
  int32_t value = 0;
  const cuda::Code asked = driver.functions().device_get_attribute(&value, attribute, gpu);
  if (Status known = driver.status(asked, numbered(gpu), "cuDeviceGetAttribute"); !known.ok()) return known;
  return value;
}

struct FoundGpu {
  cuda::Gpu gpu = 0;
  int count = 0;  // of all GPUs
};

// The one with a number. Errors: kNotFound; kDevice.
Result<FoundGpu> find_gpu(const CudaDriver& driver, int ordinal) {
  Result<int> count = driver.device_count();
  if (!count.ok()) return count.status();
  if (ordinal < 0 || ordinal >= *count) {
    return Status::error(Code::kNotFound, text(numbered(ordinal), " does not exist: the driver shows ", *count,
                                               " to this process, counted from 0 (see CUDA_VISIBLE_DEVICES)"));
  }
  FoundGpu found{0, *count};
  const cuda::Code got = driver.functions().device_get(&found.gpu, ordinal);
  if (Status known = driver.status(got, numbered(ordinal), "cuDeviceGet"); !known.ok()) return known;
  return found;
}

// The GPU itself, and the others that can reach its memory.
std::vector<cuda::AccessDescription> access_for(const CudaDriver& driver, cuda::Gpu gpu, int count, CudaPeers peers) {
  std::vector<cuda::AccessDescription> access{{{cuda::kLocationDevice, gpu}, cuda::kAccessReadWrite}};
  for (int other = 0; peers == CudaPeers::kAll && other < count; ++other) {
    int32_t can = 0;
    if (other == gpu) continue;
    const cuda::Code asked = driver.functions().device_can_access_peer(&can, other, gpu);
    if (asked == cuda::Code::kSuccess && can != 0) {
      access.push_back({{cuda::kLocationDevice, other}, cuda::kAccessReadWrite});
    }
  }
  return access;
}

Result<CudaTraits> traits_of(const CudaDriver& driver, const CudaDeviceOptions& options) {
  Result<FoundGpu> found = find_gpu(driver, options.ordinal);
  if (!found.ok()) return found.status();
  const cuda::Gpu gpu = found->gpu;
  Result<std::string> name = name_of(driver, gpu);
  if (!name.ok()) return name.status();
  if (!has(driver, gpu, cuda::Attribute::kVirtualMemoryManagementSupported)) {
    return Status::error(Code::kUnsupported, text(*name,
                                                  " has no virtual memory management, so that its memory cannot "
                                                  "be paused; use a newer GPU or driver, without vGPU"));
  }
  CudaTraits traits;
  traits.name = *name;
  traits.properties.type = cuda::kAllocationPinned;
  traits.properties.location = {cuda::kLocationDevice, gpu};
  const bool exports = has(driver, gpu, cuda::Attribute::kPosixFileDescriptorSupported);
  traits.properties.requested_handle_types = exports ? cuda::kHandlePosixFileDescriptor : cuda::kHandleNone;
  // Network cards can only ever reach memory that was created for it.
  const bool rdma = has(driver, gpu, cuda::Attribute::kGpuDirectRdmaWithVmmSupported);
  traits.properties.flags.gpu_direct_rdma_capable = rdma ? 1 : 0;
  traits.dmabuf = rdma && has(driver, gpu, cuda::Attribute::kDmaBufSupported);
  traits.access = access_for(driver, gpu, found->count, options.peers);
  return traits;
}

Result<uint64_t> granularity_of(CudaContext& context, const cuda::AllocationProperties& properties) {
  size_t minimum = 0;
  size_t recommended = 0;
  Status asked = context.run("cuMemGetAllocationGranularity", [&] {
    const auto ask = context.functions().mem_get_allocation_granularity;
    const cuda::Code first = ask(&minimum, &properties, cuda::kGranularityMinimum);
    return first != cuda::Code::kSuccess ? first : ask(&recommended, &properties, cuda::kGranularityRecommended);
  });
  if (!asked.ok()) return asked;
  const uint64_t granularity = std::max<uint64_t>(minimum, recommended);
  if (is_power_of_two(granularity) && granularity % kHugePageBytes == 0) return granularity;
  return Status::error(Code::kUnsupported, text(context.name(), " gives memory in units of ", granularity,
                                                " bytes, which is no multiple of 2 MiB; please report it"));
}

}  // namespace

Result<CudaModel> CudaDevice::model(const CudaDriver& driver, int ordinal) {
  Result<FoundGpu> found = find_gpu(driver, ordinal);
  if (!found.ok()) return found.status();
  const cuda::Gpu gpu = found->gpu;
  Result<std::string> name = model_name_of(driver, gpu);
  if (!name.ok()) return name.status();
  Result<int32_t> major = attribute_of(driver, gpu, cuda::Attribute::kComputeCapabilityMajor);
  if (!major.ok()) return major.status();
  Result<int32_t> minor = attribute_of(driver, gpu, cuda::Attribute::kComputeCapabilityMinor);
  if (!minor.ok()) return minor.status();
  return CudaModel{*std::move(name), *major, *minor};
}

Result<std::shared_ptr<CudaDevice>> CudaDevice::open(const CudaDeviceOptions& options) {
  std::shared_ptr<CudaDriver> driver = options.driver;
  if (driver == nullptr) {
    Result<std::shared_ptr<CudaDriver>> loaded = CudaDriver::load();
    if (!loaded.ok()) return loaded.status();
    driver = *std::move(loaded);
  }
  Result<CudaTraits> traits = traits_of(*driver, options);
  if (!traits.ok()) return traits.status();
  Result<std::unique_ptr<CudaContext>> context =
      CudaContext::open(driver, traits->properties.location.id, traits->name);
  if (!context.ok()) return context.status();
  Result<uint64_t> granularity = granularity_of(**context, traits->properties);
  if (!granularity.ok()) return granularity.status();
  traits->granularity_bytes = *granularity;
  const uint32_t threads = options.worker_threads != 0 ? options.worker_threads : WorkerPool::default_thread_count();
  auto device = std::make_shared<CudaDevice>(*std::move(context), *std::move(traits), threads);
  if (Status opened = device->open_lanes(options.staging); !opened.ok()) return opened;
  return device;
}

CudaDevice::CudaDevice(std::unique_ptr<CudaContext> context, CudaTraits traits, uint32_t worker_threads) noexcept
    : traits_(std::move(traits)),
      context_(std::move(context)),
      workers_(worker_threads),
      extents_(traits_.name, traits_.granularity_bytes),
      pinned_(*context_) {}

CudaDevice::~CudaDevice() {
  Status gone = contain([&] {
    give_up_leftovers();
    return Status();
  });
  if (!gone.ok()) log(LogLevel::kError, "device", gone.message());
}

Status CudaDevice::open_lanes(const CudaStagingOptions& staging) {
  const CudaContext::Scope scope(*context_);
  if (!scope.ok()) return scope.status();
  const auto open = [&](CudaLane::Direction direction, std::unique_ptr<CudaLane>& lane) {
    Result<std::unique_ptr<CudaLane>> opened = CudaLane::open(*context_, pinned_, workers_, direction, staging);
    if (!opened.ok()) return opened.status();
    lane = *std::move(opened);
    return Status();
  };
  if (Status opened = open(CudaLane::Direction::kIn, in_); !opened.ok()) return opened;
  return open(CudaLane::Direction::kOut, out_);
}

std::vector<int> CudaDevice::peers() const {
  std::vector<int> others;
  for (const cuda::AccessDescription& each : traits_.access) {
    if (each.location.id != context_->gpu()) others.push_back(each.location.id);
  }
  return others;
}

// The owner should have given everything back. What he has not is given up here, as the process may live on.
void CudaDevice::give_up_leftovers() {
  const CudaExtents::Leftovers left = extents_.take_all();
  if (!left.mapped.empty()) (void)drain();
  for (const CudaExtents::Run& run : left.mapped) {
    context_->give_up("cuMemUnmap", [&] { return functions().mem_unmap(run.address, run.bytes); });
  }
  for (const cuda::MemoryHandle handle : left.handles) {
    context_->give_up("cuMemRelease", [&] { return functions().mem_release(handle); });
  }
  for (const CudaExtents::Run& range : left.ranges) {
    context_->give_up("cuMemAddressFree", [&] { return functions().mem_address_free(range.address, range.bytes); });
  }
}

}  // namespace windlass
