// Pulling the same values into the same memory again and again.
//
// What has to be read from where (which runs of bytes of which shard) is kept for each key. It stays right as long as
// the value looks the same: the same shards of the same boxes, type and size, and for memory that is offered also the
// same offer. A new version of the same layout is read with the plan that there is.
//
// Threads: any; one pull at a time, another waits.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/live_count.hpp"
#include "base/status.hpp"
#include "store/box.hpp"
#include "store/dtype.hpp"
#include "store/lease.hpp"
#include "store/store_connection.hpp"
#include "store/store_types.hpp"

namespace windlass {

// The key lasts for the call that it is passed to, the target as long as the plan.
struct PullTarget {
  std::string_view key;
  EntryKind kind = EntryKind::kBytes;
  DType dtype = DType::kNone;
  Box box;  // of a tensor: the part that is wanted
  std::byte* target = nullptr;
  uint64_t bytes = 0;  // exactly what that takes
};

struct PullReport {
  TransportKind transport = TransportKind::kAuto;
  uint64_t version = 0;  // the latest of the values'
  uint64_t bytes = 0;
  uint64_t lease_ns = 0;
  uint64_t plan_ns = 0;
  uint64_t move_ns = 0;
  uint64_t planned = 0;  // keys
  uint64_t reused = 0;
};

class PullPlan {
 public:
  // Asks nothing of the volume. Errors: kInvalidArgument (no targets; a key twice; a target of the wrong size).
  static Result<std::shared_ptr<PullPlan>> open(std::shared_ptr<StoreConnection> connection,
                                                std::span<const PullTarget> targets);

  // For open().
  PullPlan(std::shared_ptr<StoreConnection> connection, std::span<const PullTarget> targets);
  PullPlan(const PullPlan&) = delete;
  PullPlan& operator=(const PullPlan&) = delete;

  // Fills all targets with what was there in one instant; on an error they have anything. Errors: those of a lease and
  // its reads; kMismatch (a value that is of another kind or type, or does not have what is wanted).
  Result<PullReport> pull(const LeaseOptions& options = {});

  // Waits for a pull under way; those that come later are kStaleHandle.
  void close() noexcept;

 private:
  // What a plan depends on, of one entry of the lease.
  struct Source {
    ShardPlace shard;
    int32_t dtype = 0;
    uint64_t bytes = 0;
    uint64_t offer = 0;  // its segment; 0: it lies in the volume
    Slice slice;
    Shape shape;
    friend bool operator==(const Source&, const Source&) = default;
  };
  struct Run {
    uint64_t source = 0;  // of the key's entries
    uint64_t source_offset = 0;
    uint64_t target_offset = 0;
    uint64_t bytes = 0;
  };
  struct Item {
    std::string key;
    EntryKind kind = EntryKind::kBytes;
    DType dtype = DType::kNone;
    Box box;
    std::byte* target = nullptr;
    uint64_t bytes = 0;
    std::vector<Source> sources;  // that runs were planned for; none: not planned
    std::vector<Run> runs;
  };

  Status plan_item(Lease& lease, Item& item, uint64_t first, uint64_t end, PullReport& report);
  static Result<std::vector<Source>> sources_of(Lease& lease, const Item& item, uint64_t first, uint64_t end);
  static Status plan_runs(Item& item, const std::vector<Source>& sources);

  const LiveCount live_{Kind::kPlan};
  const std::shared_ptr<StoreConnection> connection_;
  std::mutex mutex_;  // guards what follows
  std::vector<Item> items_;
  bool closed_ = false;
};

}  // namespace windlass
