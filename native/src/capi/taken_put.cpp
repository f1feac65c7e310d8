#include "capi/taken_put.hpp"

#include "capi/guard.hpp"

namespace windlass::capi {

Status TakenPut::take(const wl_put_item* items, uint64_t count, const wl_put_options* options) {
  if (count != 0 && items == nullptr) {
    return Status::error(Code::kInvalidArgument, "put: the array of items is NULL; pass as many as are counted");
  }
  if (count > kMaxBatch) {
    return Status::error(Code::kInvalidArgument, text("put: ", count, " items; at most ", kMaxBatch, " at a time"));
  }
  items_.reserve(count);
  slices_.reserve(count);
  for (uint64_t index = 0; index < count; ++index) {
    if (Status taken = take_item(items[index]); !taken.ok()) return taken.with_prefix(text("put: item ", index));
  }
  return take_options(options);
}

Status TakenPut::take_item(const wl_put_item& given) {
  if (given.key == nullptr) return Status::error(Code::kInvalidArgument, "its key is NULL; name the value");
  if (given.attributes_bytes != 0 && given.attributes == nullptr) {
    return Status::error(Code::kInvalidArgument, "its attributes are NULL; pass as many bytes as are counted");
  }
  PutItem item;
  item.key = {given.key, given.key_bytes};
  item.meta.kind = static_cast<EntryKind>(given.kind);
  item.meta.dtype = given.dtype;
  Result<Shape> shape = take_shape("tensor", given.rank, given.shape);
  if (!shape.ok()) return shape.status();
  item.meta.shape = *shape;
  item.meta.attributes = {static_cast<const char*>(given.attributes), given.attributes_bytes};
  item.data = static_cast<const std::byte*>(given.data);
  item.bytes = given.bytes;
  if (given.slice != nullptr) {
    Result<Slice> slice = take_slice(*given.slice);
    if (!slice.ok()) return slice.status();
    item.slice = &slices_.emplace_back(*slice);
  }
  if (given.buffer != 0) {
    Result<std::shared_ptr<TransportBuffer>> buffer = acquire<TransportBuffer>(given.buffer, Kind::kBuffer);
    if (!buffer.ok()) return buffer.status();
    item.buffer = *std::move(buffer);
  }
  items_.push_back(std::move(item));
  return Status();
}

Status TakenPut::take_options(const wl_put_options* options) {
  wl_put_options given{};
  if (Status known = capi::take_options("put options", options, default_put_options(), &given); !known.ok()) {
    return known;
  }
  Result<std::vector<Condition>> conditions = take_conditions(given.conditions, given.condition_count);
  if (!conditions.ok()) return conditions.status();
  conditions_ = *std::move(conditions);
  Result<std::vector<std::string_view>> removals =
      take_keys("removals", given.removals, given.removal_bytes, given.removal_count);
  if (!removals.ok()) return removals.status();
  removals_ = *std::move(removals);
  options_ = {conditions_, removals_, take_timeout(given.timeout_ns)};
  return Status();
}

}  // namespace windlass::capi
