// Puts and buffers.
#include <memory>
#include <string_view>
#include <vector>

#include "capi/guard.hpp"
#include "capi/store_structs.hpp"
#include "store/tensor_store.hpp"
#include "windlass/store.h"

namespace {

using windlass::Code;
using windlass::Condition;
using windlass::DType;
using windlass::EntryKind;
using windlass::Kind;
using windlass::PutItem;
using windlass::PutOptions;
using windlass::PutReport;
using windlass::Result;
using windlass::Shape;
using windlass::Slice;
using windlass::Status;
using windlass::TensorStore;
using windlass::text;
using windlass::TransportBuffer;
using windlass::TransportBufferInfo;

static_assert(WL_ENTRY_BYTES == static_cast<int32_t>(EntryKind::kBytes));
static_assert(WL_ENTRY_TENSOR == static_cast<int32_t>(EntryKind::kTensor));
static_assert(WL_DTYPE_NONE == static_cast<int32_t>(DType::kNone));
static_assert(WL_DTYPE_BOOL == static_cast<int32_t>(DType::kBool));
static_assert(WL_DTYPE_U8 == static_cast<int32_t>(DType::kU8));
static_assert(WL_DTYPE_I8 == static_cast<int32_t>(DType::kI8));
static_assert(WL_DTYPE_U16 == static_cast<int32_t>(DType::kU16));
static_assert(WL_DTYPE_I16 == static_cast<int32_t>(DType::kI16));
static_assert(WL_DTYPE_U32 == static_cast<int32_t>(DType::kU32));
static_assert(WL_DTYPE_I32 == static_cast<int32_t>(DType::kI32));
static_assert(WL_DTYPE_U64 == static_cast<int32_t>(DType::kU64));
static_assert(WL_DTYPE_I64 == static_cast<int32_t>(DType::kI64));
static_assert(WL_DTYPE_F16 == static_cast<int32_t>(DType::kF16));
static_assert(WL_DTYPE_BF16 == static_cast<int32_t>(DType::kBf16));
static_assert(WL_DTYPE_F32 == static_cast<int32_t>(DType::kF32));
static_assert(WL_DTYPE_F64 == static_cast<int32_t>(DType::kF64));
static_assert(WL_DTYPE_F8_E4M3 == static_cast<int32_t>(DType::kF8E4m3));
static_assert(WL_DTYPE_F8_E5M2 == static_cast<int32_t>(DType::kF8E5m2));
static_assert(WL_DTYPE_C64 == static_cast<int32_t>(DType::kC64));
static_assert(WL_DTYPE_I4 == static_cast<int32_t>(DType::kI4));
static_assert(WL_DTYPE_U4 == static_cast<int32_t>(DType::kU4));
static_assert(WL_DTYPE_U4 == windlass::kLastDType);

wl_put_options default_options() noexcept {
  wl_put_options options{};
  options.struct_size = sizeof options;
  return options;
}

// What a put was given, and what its views look at.
class TakenPut {
 public:
  Status take(const wl_put_item* items, uint64_t count, const wl_put_options* options) {
    if (count != 0 && items == nullptr) {
      return Status::error(Code::kInvalidArgument, "put: the array of items is NULL; pass as many as are counted");
    }
    if (count > windlass::kMaxBatch) {
      return Status::error(Code::kInvalidArgument,
                           text("put: ", count, " items; at most ", windlass::kMaxBatch, " at a time"));
    }
    items_.reserve(count);
    slices_.reserve(count);
    for (uint64_t index = 0; index < count; ++index) {
      if (Status taken = take_item(items[index]); !taken.ok()) return taken.with_prefix(text("put: item ", index));
    }
    return take_options(options);
  }

  const std::vector<PutItem>& items() const noexcept { return items_; }
  const PutOptions& options() const noexcept { return options_; }

 private:
  Status take_item(const wl_put_item& given) {
    if (given.key == nullptr) return Status::error(Code::kInvalidArgument, "its key is NULL; name the value");
    if (given.attributes_bytes != 0 && given.attributes == nullptr) {
      return Status::error(Code::kInvalidArgument, "its attributes are NULL; pass as many bytes as are counted");
    }
    PutItem item;
    item.key = {given.key, given.key_bytes};
    item.meta.kind = static_cast<EntryKind>(given.kind);
    item.meta.dtype = given.dtype;
    Result<Shape> shape = windlass::capi::take_shape("tensor", given.rank, given.shape);
    if (!shape.ok()) return shape.status();
    item.meta.shape = *shape;
    item.meta.attributes = {static_cast<const char*>(given.attributes), given.attributes_bytes};
    item.data = static_cast<const std::byte*>(given.data);
    item.bytes = given.bytes;
    if (given.slice != nullptr) {
      Result<Slice> slice = windlass::capi::take_slice(*given.slice);
      if (!slice.ok()) return slice.status();
      item.slice = &slices_.emplace_back(*slice);
    }
    if (given.buffer != 0) {
      Result<std::shared_ptr<TransportBuffer>> buffer =
          windlass::capi::acquire<TransportBuffer>(given.buffer, Kind::kBuffer);
      if (!buffer.ok()) return buffer.status();
      item.buffer = *std::move(buffer);
    }
    items_.push_back(std::move(item));
    return Status();
  }

  Status take_options(const wl_put_options* options) {
    wl_put_options given{};
    if (Status known = windlass::capi::take_options("put options", options, default_options(), &given); !known.ok()) {
      return known;
    }
    Result<std::vector<Condition>> conditions =
        windlass::capi::take_conditions(given.conditions, given.condition_count);
    if (!conditions.ok()) return conditions.status();
    conditions_ = *std::move(conditions);
    Result<std::vector<std::string_view>> removals =
        windlass::capi::take_keys("removals", given.removals, given.removal_bytes, given.removal_count);
    if (!removals.ok()) return removals.status();
    removals_ = *std::move(removals);
    options_ = {conditions_, removals_, windlass::capi::take_timeout(given.timeout_ns)};
    return Status();
  }

  std::vector<PutItem> items_;
  std::vector<Slice> slices_;
  std::vector<Condition> conditions_;
  std::vector<std::string_view> removals_;
  PutOptions options_;
};

}  // namespace

void wl_put_options_init(wl_put_options* options, uint32_t struct_size) {
  windlass::capi::init_struct(options, struct_size, default_options());
}

void wl_put_report_init(wl_put_report* report, uint32_t struct_size) {
  windlass::capi::init_struct(report, struct_size, wl_put_report{});
}

void wl_buffer_info_init(wl_buffer_info* info, uint32_t struct_size) {
  windlass::capi::init_struct(info, struct_size, wl_buffer_info{});
}

wl_status wl_store_put(wl_store store, const wl_put_item* items, uint64_t count, const wl_put_options* options,
                       wl_put_report* report, wl_error* error) {
  return windlass::capi::guard(error, [&] {
    if (report != nullptr) {
      if (Status given = windlass::capi::check_output("put report", report); !given.ok()) return given;
    }
    Result<std::shared_ptr<TensorStore>> found = windlass::capi::acquire<TensorStore>(store, Kind::kStore);
    if (!found.ok()) return found.status();
    TakenPut taken;
    if (Status valid = taken.take(items, count, options); !valid.ok()) return valid;
    Result<PutReport> done = (*found)->put(taken.items(), taken.options());
    if (!done.ok()) return done.status();
    if (report == nullptr) return Status();
    wl_put_report values{};
    values.transport = static_cast<wl_transport>(done->transport);
    values.version = done->version;
    values.bytes = done->bytes;
    values.prepare_ns = done->prepare_ns;
    values.move_ns = done->move_ns;
    values.commit_ns = done->commit_ns;
    values.reused = done->reused;
    windlass::capi::put_output(report, values);
    return Status();
  });
}

wl_status wl_buffer_open(wl_store store, uint64_t bytes, wl_buffer* buffer, wl_error* error) {
  return windlass::capi::guard(error, [&] {
    if (Status given = windlass::capi::check_pointer("buffer", buffer); !given.ok()) return given;
    Result<std::shared_ptr<TensorStore>> found = windlass::capi::acquire<TensorStore>(store, Kind::kStore);
    if (!found.ok()) return found.status();
    Result<std::shared_ptr<TransportBuffer>> opened = (*found)->open_buffer(bytes);
    if (!opened.ok()) return opened.status();
    return windlass::capi::publish(Kind::kBuffer, *std::move(opened), buffer);
  });
}

wl_status wl_buffer_get_info(wl_buffer buffer, wl_buffer_info* info, wl_error* error) {
  return windlass::capi::guard(error, [&] {
    if (Status given = windlass::capi::check_output("buffer info", info); !given.ok()) return given;
    Result<std::shared_ptr<TransportBuffer>> found = windlass::capi::acquire<TransportBuffer>(buffer, Kind::kBuffer);
    if (!found.ok()) return found.status();
    const TransportBufferInfo now = (*found)->info();
    wl_buffer_info values{};
    values.transport = static_cast<wl_transport>(now.transport);
    values.bytes = now.bytes;
    values.generation = now.generation;
    values.address = now.address;
    windlass::capi::put_output(info, values);
    return Status();
  });
}

wl_status wl_buffer_close(wl_buffer buffer, wl_error* error) {
  return windlass::capi::guard(error, [&] {
    Result<std::shared_ptr<TransportBuffer>> found = windlass::capi::acquire<TransportBuffer>(buffer, Kind::kBuffer);
    if (!found.ok()) return found.status();
    if (Status closed = (*found)->close(); !closed.ok()) return closed;
    return windlass::capi::remove<TransportBuffer>(buffer, Kind::kBuffer).status();
  });
}
