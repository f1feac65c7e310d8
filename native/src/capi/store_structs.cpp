#include "capi/store_structs.hpp"

#include <algorithm>
#include <string>

#include "base/text.hpp"

namespace windlass::capi {

static_assert(WL_MAX_RANK == kMaxRank);
static_assert(sizeof(wl_entry::shape) == sizeof(Shape::sizes));
static_assert(sizeof(wl_entry_info::shape) == sizeof(Shape::sizes));

namespace {

Status check_count(const char* what, uint64_t count) {
  if (count <= kMaxBatch) return Status();
  return Status::error(Code::kInvalidArgument, text(what, ": ", count, " of them; at most ", kMaxBatch, " at a time"));
}

Status missing(const char* what, std::string_view array) {
  return Status::error(Code::kInvalidArgument, text(what, ": ", array, " is NULL; pass as many as are counted"));
}

Status take_numbers(const char* what, std::string_view array, const uint64_t* numbers, uint32_t rank, uint64_t* taken) {
  if (rank != 0 && numbers == nullptr) return missing(what, array);
  std::copy_n(numbers, rank, taken);
  return Status();
}

}  // namespace

Result<std::vector<std::string_view>> take_keys(const char* what, const char* const* keys, const uint64_t* key_bytes,
                                                uint64_t count) {
  if (Status few = check_count(what, count); !few.ok()) return few;
  std::vector<std::string_view> taken;
  if (count == 0) return taken;
  if (keys == nullptr) return missing(what, "the array of keys");
  if (key_bytes == nullptr) return missing(what, "the array of their lengths");
  taken.reserve(count);
  for (uint64_t index = 0; index < count; ++index) {
    if (keys[index] == nullptr) return missing(what, text("key ", index));
    taken.emplace_back(keys[index], key_bytes[index]);
  }
  return taken;
}

Result<std::vector<Condition>> take_conditions(const wl_condition* conditions, uint64_t count) {
  if (Status few = check_count("conditions", count); !few.ok()) return few;
  std::vector<Condition> taken;
  if (count == 0) return taken;
  if (conditions == nullptr) return missing("conditions", "the array");
  taken.reserve(count);
  for (uint64_t index = 0; index < count; ++index) {
    const wl_condition& condition = conditions[index];
    if (condition.key == nullptr) return missing("conditions", text("the key of number ", index));
    taken.push_back({{condition.key, condition.key_bytes}, condition.version});
  }
  return taken;
}

Result<Shape> take_shape(const char* what, uint32_t rank, const uint64_t* sizes) {
  if (rank > kMaxRank) {
    return Status::error(Code::kInvalidArgument, text(what, ": a rank of ", rank, "; at most ", kMaxRank));
  }
  Shape taken;
  taken.rank = rank;
  if (Status given = take_numbers(what, "the shape", sizes, rank, taken.sizes.data()); !given.ok()) return given;
  return taken;
}

Result<Slice> take_slice(const wl_slice& slice) {
  Slice taken;
  Result<Shape> global = take_shape("slice", slice.rank, slice.global_shape);
  if (!global.ok()) return global.status();
  Result<Shape> mesh = take_shape("slice", slice.mesh_rank, slice.mesh_shape);
  if (!mesh.ok()) return mesh.status();
  taken.global = *global;
  taken.mesh = *mesh;
  Status given = take_numbers("slice", "its offsets", slice.offsets, slice.rank, taken.offsets.data());
  if (given.ok()) {
    given = take_numbers("slice", "its coordinates", slice.coordinates, slice.mesh_rank, taken.coordinates.data());
  }
  if (!given.ok()) return given;
  return taken;
}

}  // namespace windlass::capi
