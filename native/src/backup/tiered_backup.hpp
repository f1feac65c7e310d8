// Backup over several others, the tiers: the image goes to the first as far as that has room, then to the next.
//
// prepare() splits the image, at multiples of kHugePageBytes. A tier is given as much as its budget allows, and less
// where it says that it has no room: half of that, and so on, down to nothing. The last tier takes what is left, within
// its budget, or prepare fails and all tiers are as before, save that one which retains keeps its room for the next
// time.
//
// A tier that retains keeps its share, so that an image of the same size is split as it was before.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "backup/backup.hpp"

namespace windlass {

// How much of all images together may be in a tier: shared by the backups that have such a tier.
//
// Threads: any.
class TierBudget {
 public:
  explicit TierBudget(uint64_t limit_bytes) noexcept : limit_bytes_(limit_bytes) {}

  // Takes bytes, or what is left if that is less, in multiples of kHugePageBytes. Returns how much it took.
  uint64_t take(uint64_t bytes) noexcept;
  void give_back(uint64_t bytes) noexcept;

  uint64_t limit_bytes() const noexcept { return limit_bytes_; }
  uint64_t taken_bytes() const noexcept { return taken_bytes_; }

 private:
  const uint64_t limit_bytes_;
  std::atomic<uint64_t> taken_bytes_ = 0;
};

struct Tier {
  std::unique_ptr<Backup> backup;
  std::shared_ptr<TierBudget> budget;  // null: as much as the backup has room for
};

class TieredBackup final : public Backup {
 public:
  // Errors: kInvalidArgument (no tiers, or one that keeps no bytes).
  static Result<std::unique_ptr<TieredBackup>> open(std::vector<Tier> tiers);
  // For open().
  explicit TieredBackup(std::vector<Tier> tiers);
  ~TieredBackup() override;
  TieredBackup(const TieredBackup&) = delete;
  TieredBackup& operator=(const TieredBackup&) = delete;

  std::string_view name() const noexcept override { return "tiered"; }
  bool keeps_bytes() const noexcept override { return true; }
  Status prepare(uint64_t bytes) override;
  Status save(Device& device, uint64_t address, uint64_t offset, uint64_t bytes) override;
  uint64_t settled_bytes() const noexcept override;
  Status settle() override;
  Status restore(Device& device, uint64_t address, uint64_t offset, uint64_t bytes) override;
  Status read(uint64_t offset, void* target, uint64_t bytes) override;
  std::span<const std::byte> view(uint64_t offset) const noexcept override;
  void release() noexcept override;
  // Only if every tier does.
  bool retains() const noexcept override { return retains_; }
  uint64_t held_bytes() const noexcept override;
  uint64_t stored_bytes() const noexcept override;

  // How much of the image each tier has, in order. Any thread may ask.
  std::vector<uint64_t> share_bytes() const;

 private:
  struct Part {
    Tier tier;
    uint64_t share_bytes = 0;   // of the image
    uint64_t budget_bytes = 0;  // taken from the budget
  };

  // What a call does with the part of its range that lies in a tier: at is the offset in the tier's own image.
  using Visit = std::function<Status(Backup& backup, uint64_t offset, uint64_t at, uint64_t bytes)>;

  bool is_split_for(uint64_t bytes) const noexcept;
  Status prepare_again();
  Status split(uint64_t bytes);
  Status prepare_part(Part& part, uint64_t bytes);
  Status prepare_last(Part& part, uint64_t bytes);
  void set_share(Part& part, uint64_t bytes) noexcept;
  void give_up_shares() noexcept;
  Status for_each_part(uint64_t offset, uint64_t bytes, const char* verb, const Visit& visit);
  Status in_tier(const Part& part, const Status& status) const;

  std::vector<Part> parts_;
  bool retains_ = true;
  mutable std::mutex shares_mutex_;  // guards the shares against changes while other threads ask
};

}  // namespace windlass
