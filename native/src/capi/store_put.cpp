// Puts and buffers.
#include <memory>

#include "capi/guard.hpp"
#include "capi/taken_put.hpp"
#include "store/tensor_store.hpp"
#include "windlass/store.h"

namespace {

using windlass::DType;
using windlass::EntryKind;
using windlass::Kind;
using windlass::PutReport;
using windlass::Result;
using windlass::Status;
using windlass::TensorStore;
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

}  // namespace

void wl_put_options_init(wl_put_options* options, uint32_t struct_size) {
  windlass::capi::init_struct(options, struct_size, windlass::capi::default_put_options());
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
    windlass::capi::TakenPut taken;
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
