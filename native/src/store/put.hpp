// One put under way: all of its items, or none.
//
//   small, and no mapped buffer   put_inline: one message
//   else                          room ─▶ move ─▶ commit ─▶ the buffers get their next room
//
// Whatever fails, slots without a buffer are given back. A buffer keeps its slot, unless somebody else may have it in
// hand: after a move that failed half-way, and after a commit of which nobody knows what became.
//
// Threads: one.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/deadline.hpp"
#include "base/status.hpp"
#include "store/store_connection.hpp"
#include "store/store_types.hpp"
#include "store/transport_buffer.hpp"
#include "volume/volume_control.hpp"

namespace windlass {

class Put {
 public:
  // Everything passed in outlives it.
  Put(StoreConnection& connection, std::span<const PutItem> items, const PutOptions& options);
  ~Put();
  Put(const Put&) = delete;
  Put& operator=(const Put&) = delete;

  // Once. Errors: as TensorStore::put.
  Result<PutReport> run();

 private:
  // An item, on its way.
  struct Step {
    EntryMeta meta;
    ShardPlace shard;
    RemoteRange slot;    // that the put got for it; token 0: it needs none, or has its buffer's
    bool fresh = false;  // the buffer's room is new, and has nothing that was filled in
  };

  Status check();
  Status check_item(const PutItem& item, Step* step);
  Status claim_buffers();
  bool goes_inline() const;
  Result<PutReport> run_inline();
  // Room, move, commit.
  Status try_once();
  Status get_room();
  Status move();
  Status add_move(const PutItem& item, const Step& step, std::vector<StoreConnection::Copy>* copies,
                  std::vector<WriteMove>* moves);
  Status commit();
  // After an error: gives back what has no buffer.
  void give_up() noexcept;
  void quarantine_buffers() noexcept;
  // Whether a commit that failed so may have happened all the same.
  bool is_uncertain(const Status& failure) const noexcept;
  Status tell_uncertain(const Status& failure) const;

  StoreConnection& connection_;
  const std::span<const PutItem> items_;
  const PutOptions options_;
  const Deadline deadline_;
  Stopwatch watch_;
  uint64_t session_ = 0;    // of all slots of this try
  bool retriable_ = false;  // the try met a connection that had broken, and published nothing
  std::vector<Step> steps_;
  std::vector<std::string> joined_;        // attributes of shards
  std::vector<uint64_t> tokens_;           // for give_up(), which needs no memory
  bool in_doubt_ = false;                  // the volume may have the buffers' slots
  std::vector<TransportBuffer*> claimed_;  // the items keep them alive
  PutReport report_;
};

}  // namespace windlass
