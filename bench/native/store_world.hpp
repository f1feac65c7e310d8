// What the benchmarks of the store need: a volume in another process, stores on it, and memory to put and get.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/status.hpp"
#include "host_memory.hpp"
#include "measure.hpp"
#include "store/tensor_store.hpp"
#include "volume_process.hpp"

namespace windlass::bench {

class StoreWorld {
 public:
  // limit_bytes: of the volume; bytes: what is put and got at once.
  static Result<std::shared_ptr<StoreWorld>> open(TransportKind kind, uint64_t limit_bytes, uint64_t bytes);

  StoreWorld(std::unique_ptr<VolumeProcess> volume, uint64_t bytes);

  // Another client of the volume.
  Result<std::shared_ptr<TensorStore>> connect(TransportKind kind) const;

  TensorStore& store() const noexcept { return *store_; }
  const VolumeProcess& volume() const noexcept { return *volume_; }
  const HostMemory& source() const noexcept { return source_; }
  const HostMemory& target() const noexcept { return target_; }
  uint64_t bytes() const noexcept { return source_.bytes(); }

  // Puts the first bytes of the source under a key.
  Status put(std::string_view key, uint64_t bytes, const std::shared_ptr<TransportBuffer>& buffer = nullptr) const;
  // Reads a key's value into the target.
  Status get(std::string_view key) const;
  // Whether the target has what the source has.
  bool arrived(uint64_t bytes) const;

  // What work costs, with the volume's processor time.
  template <typename Work>
  Cost cost_with_volume(Work&& work) const {
    const double before = volume_->cpu_seconds();
    Cost cost = cost_of(std::forward<Work>(work));
    cost.cpu_seconds += volume_->cpu_seconds() - before;
    return cost;
  }

 private:
  std::unique_ptr<VolumeProcess> volume_;
  std::shared_ptr<TensorStore> store_;
  HostMemory source_;
  HostMemory target_;
};

}  // namespace windlass::bench
