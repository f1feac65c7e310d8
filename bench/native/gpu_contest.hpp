// Everybody who takes part in a round on a GPU: regions of ours, the limit, and a peer that pins inside its pause.
//
// All of them copy the same device memory, so that one lot of it is enough: ours first, then the limit, then the peer.
// Each writes back what it has read, so that content which is right after a round has been right in all of them.
//
// Threads: one.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/status.hpp"
#include "device/cuda/cuda_device.hpp"
#include "device/cuda/cuda_driver.hpp"
#include "gpu_limit.hpp"
#include "host_memory.hpp"
#include "measure.hpp"
#include "memory/page_pool.hpp"
#include "region/region_set.hpp"

namespace windlass::bench {

enum class GpuBackup {
  kNone,
  kPageable,          // fresh host memory in each pause
  kPageableRetained,  // host memory that is kept
  kPooled,            // lent by a pool whose pages are prepared and pinned
};

struct GpuSetup {
  GpuBackup backup = GpuBackup::kPooled;
  uint64_t chunk_bytes = 0;  // 0: the usual
  uint64_t regions = 1;      // fewer where they would be smaller than the GPU's granularity
  bool with_peer = false;
};

// What pausing and resuming all cost.
struct BothCosts {
  Cost pause;
  Cost resume;
};

class GpuContest {
 public:
  // Errors: kLibrary, kNotFound, kUnsupported (no GPU that can be used); kNoMemory; kNoSpace; kDevice.
  static Result<std::shared_ptr<GpuContest>> open(const GpuSetup& setup);

  Status pause_and_resume(BothCosts& costs);
  // The plain copies of the same bytes, to pinned pages of the same pool and back.
  Status limit(BothCosts& costs);
  // Fresh memory, pinned in the pause and let go in the resume. Giving the device memory back and taking it again is
  // left out in its favour.
  Status peer(BothCosts& costs);

  // Fills the regions with what check() then expects: without a backup, that is zeros.
  Status fill_content();
  Status check();

  uint64_t bytes() const noexcept { return regions_.size() * region_bytes_; }
  uint64_t regions() const noexcept { return regions_.size(); }
  bool keeps_bytes() const noexcept { return setup_.backup != GpuBackup::kNone; }
  bool has_peer() const noexcept { return setup_.with_peer; }
  // The GPU, and the versions of CUDA and of the kernel's module.
  std::string machine() const;

 private:
  Status open_device();
  Status choose_size();
  Status open_limit();
  Status open_regions();
  std::unique_ptr<Backup> make_backup() const;
  std::vector<CopyPiece> pieces_to(std::vector<std::span<std::byte>> host) const;
  // Calls visit(region, offset, bytes) for each block of all regions, in order.
  template <typename Visit>
  Status for_each_block(Visit&& visit) const;

  GpuSetup setup_;
  uint64_t region_bytes_ = 0;
  uint64_t region_count_ = 0;
  std::shared_ptr<CudaDriver> driver_;
  std::shared_ptr<CudaDevice> device_;
  std::shared_ptr<PagePool> pool_;
  std::unique_ptr<GpuLimit> limit_;
  PageLoan loan_;  // where the limit copies to
  std::shared_ptr<RegionSet> set_ = RegionSet::open({});
  std::vector<std::shared_ptr<Region>> regions_;
  std::vector<CopyPiece> limit_pieces_;
  HostMemory block_;
  std::vector<Hash128> wanted_;  // of each block
};

}  // namespace windlass::bench
