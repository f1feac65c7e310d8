#include "gpu_contest.hpp"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <span>
#include <utility>

#include "backup/host_backup.hpp"
#include "backup/no_backup.hpp"
#include "base/bytes.hpp"
#include "base/text.hpp"
#include "device/host_pinner.hpp"
#include "memory/machine_memory.hpp"

namespace windlass::bench {

namespace {

constexpr uint64_t kMostBytes = 4 * kGiB;
constexpr uint64_t kBlockBytes = 64 * kMiB;  // what is filled and checked at once

// Another driver library than the machine's own, such as the tests' fake one, to try the benchmarks without a GPU.
std::string library() {
  const char* const named = std::getenv("WINDLASS_TEST_CUDA_LIBRARY");  // NOLINT(concurrency-mt-unsafe): only read
  return named != nullptr ? named : CudaDriver::kDefaultPath;
}

// Of the kernel's module: "570.86.15"; nothing where it cannot be read.
std::string module_version() {
  std::ifstream file("/proc/driver/nvidia/version");
  std::string word;
  while (file >> word) {
    if (std::isdigit(static_cast<unsigned char>(word.front())) != 0 && word.find('.') != std::string::npos) return word;
  }
  return "";
}

}  // namespace

Result<std::shared_ptr<GpuContest>> GpuContest::open(const GpuSetup& setup) {
  auto contest = std::make_shared<GpuContest>();
  contest->setup_ = setup;
  if (Status opened = contest->open_device(); !opened.ok()) return opened;
  if (Status chosen = contest->choose_size(); !chosen.ok()) return chosen;
  if (contest->keeps_bytes()) {
    if (Status opened = contest->open_limit(); !opened.ok()) return opened;
  }
  if (Status opened = contest->open_regions(); !opened.ok()) return opened;
  if (contest->keeps_bytes()) {
    contest->limit_pieces_ = contest->pieces_to(contest->loan_.extents());
    if (Status filled = contest->fill_content(); !filled.ok()) return filled;
  }
  // What is retained has its memory from here on.
  BothCosts first;
  if (Status went = contest->pause_and_resume(first); !went.ok()) return went;
  return contest;
}

Status GpuContest::open_device() {
  Result<std::shared_ptr<CudaDriver>> driver = CudaDriver::load(library());
  if (!driver.ok()) return driver.status();
  driver_ = *std::move(driver);
  CudaDeviceOptions options;
  options.driver = driver_;
  Result<std::shared_ptr<CudaDevice>> device = CudaDevice::open(options);
  if (!device.ok()) return device.status();
  device_ = *std::move(device);
  return Status();
}

// At most half of what the GPU has free, and an eighth of what the machine has, as ours, the limit and the peer take as
// much of it each.
Status GpuContest::choose_size() {
  Result<DeviceMemory> gpu = device_->memory();
  if (!gpu.ok()) return gpu.status();
  Result<MachineMemory> machine = machine_memory();
  if (!machine.ok()) return machine.status();
  const uint64_t granularity = device_->granularity_bytes();
  const uint64_t bytes = std::min({kMostBytes, gpu->free_bytes / 2, machine->available_bytes / 8});
  region_count_ = std::min(setup_.regions, bytes / granularity);
  if (region_count_ == 0) {
    return Status::error(Code::kNoMemory, text(device_->name(),
                                               ": too little of its memory is free to measure "
                                               "anything; end whatever else uses the GPU"));
  }
  region_bytes_ = bytes / region_count_ / granularity * granularity;
  return Status();
}

Status GpuContest::open_limit() {
  Result<std::shared_ptr<PagePool>> pool = PagePool::open({});
  if (!pool.ok()) return pool.status();
  pool_ = *std::move(pool);
  const uint64_t bytes = region_count_ * region_bytes_;
  const uint64_t lots = setup_.backup == GpuBackup::kPooled ? 2 : 1;
  if (Status prepared = pool_->prepare(lots * bytes); !prepared.ok()) return prepared;
  if (Status begun = pool_->pin_with(std::make_shared<HostPinner>(device_)); !begun.ok()) return begun;
  if (Status pinned = pool_->wait_pinned(); !pinned.ok()) return pinned;
  Result<PageLoan> loan = pool_->lend(bytes);
  if (!loan.ok()) return loan.status();
  loan_ = *std::move(loan);
  Result<std::unique_ptr<GpuLimit>> limit = GpuLimit::open(driver_, device_->ordinal());
  if (!limit.ok()) return limit.status();
  limit_ = *std::move(limit);
  return Status();
}

std::unique_ptr<Backup> GpuContest::make_backup() const {
  HostBackupOptions options;
  options.retain = setup_.backup == GpuBackup::kPageableRetained;
  if (setup_.backup == GpuBackup::kNone) return std::make_unique<NoBackup>();
  return std::make_unique<HostBackup>(setup_.backup == GpuBackup::kPooled ? pool_ : nullptr, options,
                                      device_->helpers());
}

Status GpuContest::open_regions() {
  RegionPlan plan;
  plan.make_backup = [this](const std::shared_ptr<Device>& /*device*/) {
    return Result<std::unique_ptr<Backup>>(make_backup());
  };
  plan.options.chunk_bytes = setup_.chunk_bytes;
  const auto shared = std::make_shared<const RegionPlan>(std::move(plan));
  while (regions_.size() < region_count_) {
    Result<std::shared_ptr<Region>> region = set_->open_region(region_bytes_, {std::nullopt, device_, shared, true});
    if (!region.ok()) return region.status();
    regions_.push_back(*std::move(region));
  }
  block_ = HostMemory(std::min(kBlockBytes, round_up(region_bytes_, 2 * kMiB)), Pages::kHuge);
  block_.populate();
  return Status();
}

// The regions' memory beside the host's, cut where either of them ends.
std::vector<CopyPiece> GpuContest::pieces_to(std::vector<std::span<std::byte>> host) const {
  std::vector<CopyPiece> pieces;
  size_t extent = 0;
  for (const std::shared_ptr<Region>& region : regions_) {
    const uint64_t address = region->info().address;
    for (uint64_t offset = 0; offset < region_bytes_;) {
      std::span<std::byte>& left = host[extent];
      const uint64_t part = std::min<uint64_t>(left.size(), region_bytes_ - offset);
      pieces.push_back({address + offset, left.data(), part});
      left = left.subspan(part);
      if (left.empty()) ++extent;
      offset += part;
    }
  }
  return pieces;
}

Status GpuContest::pause_and_resume(BothCosts& costs) {
  Status failure;
  costs.pause = cost_of([&] { failure = set_->pause(std::nullopt, false).status; });
  if (failure.ok()) {
    costs.resume = cost_of([&] { failure = set_->resume(std::nullopt, false).status; });
  }
  return failure;
}

Status GpuContest::limit(BothCosts& costs) {
  Status failure;
  costs.pause = cost_of([&] { failure = limit_->copy_out(limit_pieces_); });
  if (failure.ok()) {
    costs.resume = cost_of([&] { failure = limit_->copy_in(limit_pieces_); });
  }
  return failure;
}

Status GpuContest::peer(BothCosts& costs) {
  Status failure;
  HostMemory memory;
  std::vector<CopyPiece> pieces;
  costs.pause = cost_of([&] {
    memory = HostMemory(bytes(), Pages::kSmall);
    failure = limit_->pin({memory.data(), memory.bytes()});
    if (!failure.ok()) return;
    pieces = pieces_to({{memory.data(), memory.bytes()}});
    failure = limit_->copy_out(pieces);
  });
  if (pieces.empty()) return failure;
  costs.resume = cost_of([&] {
    if (failure.ok()) failure = limit_->copy_in(pieces);
    const Status unpinned = limit_->unpin({memory.data(), memory.bytes()});
    if (failure.ok()) failure = unpinned;
    memory.unmap();
  });
  return failure;
}

template <typename Visit>
Status GpuContest::for_each_block(Visit&& visit) const {
  for (const std::shared_ptr<Region>& region : regions_) {
    for (uint64_t offset = 0; offset < region_bytes_; offset += block_.bytes()) {
      const uint64_t part = std::min(block_.bytes(), region_bytes_ - offset);
      if (Status done = visit(*region, offset, std::span(block_.data(), part)); !done.ok()) return done;
    }
  }
  return Status();
}

Status GpuContest::fill_content() {
  wanted_.clear();
  return for_each_block([this](Region& region, uint64_t offset, std::span<std::byte> block) {
    fill(block, wanted_.size() + 1);
    Status written = region.write(offset, block.data(), block.size());
    if (!keeps_bytes()) std::memset(block.data(), 0, block.size());
    wanted_.push_back(reference_hash(block));
    return written;
  });
}

Status GpuContest::check() {
  size_t index = 0;
  return for_each_block([&](Region& region, uint64_t offset, std::span<std::byte> block) {
    if (Status read = region.read(offset, block.data(), block.size()); !read.ok()) return read;
    if (reference_hash(block) == wanted_[index++]) return Status();
    return Status::error(Code::kCorrupt, text("the content at offset ", offset, " of a region came back changed"));
  });
}

std::string GpuContest::machine() const {
  const std::string module = module_version();
  return text(device_->name(), ", CUDA ", driver_->version_text(), module.empty() ? "" : ", driver ", module);
}

}  // namespace windlass::bench
