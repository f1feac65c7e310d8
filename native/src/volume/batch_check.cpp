#include "volume/batch_check.hpp"

#include "base/text.hpp"
#include "volume/key.hpp"

namespace windlass {

namespace {

Status check_item(const CommitItem& item) {
  if (Status key = check_key(item.key); !key.ok()) return key;
  const EntryMeta& meta = item.meta;
  if (meta.kind != EntryKind::kBytes && meta.kind != EntryKind::kTensor) {
    return Status::error(Code::kInvalidArgument,
                         text("the key ", key_text(item.key), ": there is no kind ", static_cast<int32_t>(meta.kind)));
  }
  if (meta.shape.rank > kMaxRank) {
    return Status::error(Code::kInvalidArgument, text("the key ", key_text(item.key), ": a rank of ", meta.shape.rank,
                                                      "; tensors have at most ", kMaxRank));
  }
  if (meta.attributes.size() > kMaxAttributesBytes) {
    return Status::error(Code::kInvalidArgument, text("the key ", key_text(item.key), ": ", meta.attributes.size(),
                                                      " bytes of attributes; give at most ", kMaxAttributesBytes));
  }
  const ShardPlace shard = item.shard;
  if (shard.count == 0 ? shard.index == 0 : shard.index < shard.count && shard.count <= kMaxShards) return Status();
  return Status::error(Code::kInvalidArgument, text("the key ", key_text(item.key), ": shard ", shard.index, " of ",
                                                    shard.count, "; give 0 to count - 1 of at most ", kMaxShards));
}

}  // namespace

Status check_batch(std::span<const CommitItem> items, const CommitOptions& options) {
  if (items.size() > kMaxBatch || options.removals.size() > kMaxBatch || options.conditions.size() > kMaxBatch) {
    return Status::error(Code::kInvalidArgument,
                         text("a batch of ", items.size(), " values, ", options.removals.size(), " removals and ",
                              options.conditions.size(), " conditions; give at most ", kMaxBatch, " of each"));
  }
  for (const CommitItem& item : items) {
    if (Status sound = check_item(item); !sound.ok()) return sound;
  }
  return Status();
}

}  // namespace windlass
