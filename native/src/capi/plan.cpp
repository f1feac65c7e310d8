#include "windlass/plan.h"

#include <algorithm>
#include <memory>
#include <vector>

#include "capi/guard.hpp"
#include "capi/store_structs.hpp"
#include "store/pull_plan.hpp"
#include "store/tensor_store.hpp"

namespace {

using windlass::Code;
using windlass::DType;
using windlass::EntryKind;
using windlass::Kind;
using windlass::PullPlan;
using windlass::PullReport;
using windlass::PullTarget;
using windlass::Result;
using windlass::Shape;
using windlass::Status;
using windlass::TensorStore;
using windlass::text;

Result<PullTarget> take_item(const wl_pull_item& given) {
  if (given.key == nullptr) return Status::error(Code::kInvalidArgument, "its key is NULL; name the value");
  if (given.kind != WL_ENTRY_BYTES && given.kind != WL_ENTRY_TENSOR) {
    return Status::error(Code::kInvalidArgument, text("no kind of value has number ", given.kind));
  }
  if (given.reserved != 0) return Status::error(Code::kInvalidArgument, "reserved is not 0");
  PullTarget target;
  target.key = {given.key, given.key_bytes};
  target.kind = static_cast<EntryKind>(given.kind);
  Result<DType> dtype = windlass::dtype_of(given.dtype);
  if (!dtype.ok()) return dtype.status();
  target.dtype = *dtype;
  Result<Shape> shape = windlass::capi::take_shape("part", given.rank, given.shape);
  if (!shape.ok()) return shape.status();
  target.box.rank = shape->rank;
  target.box.sizes = shape->sizes;
  if (given.offsets != nullptr) std::copy_n(given.offsets, given.rank, target.box.offsets.begin());
  target.target = static_cast<std::byte*>(given.target);
  target.bytes = given.bytes;
  return target;
}

Result<std::vector<PullTarget>> take_items(const wl_pull_item* items, uint64_t count) {
  if ((count != 0 && items == nullptr) || count > windlass::kMaxBatch) {
    return Status::error(Code::kInvalidArgument,
                         text("plan: ", count, " items; pass as many as are counted, at most ", windlass::kMaxBatch));
  }
  std::vector<PullTarget> taken;
  taken.reserve(count);
  for (uint64_t index = 0; index < count; ++index) {
    Result<PullTarget> target = take_item(items[index]);
    if (!target.ok()) return target.status().with_prefix(text("plan: item ", index));
    taken.push_back(*std::move(target));
  }
  return taken;
}

}  // namespace

void wl_pull_report_init(wl_pull_report* report, uint32_t struct_size) {
  windlass::capi::init_struct(report, struct_size, wl_pull_report{});
}

wl_status wl_store_plan(wl_store store, const wl_pull_item* items, uint64_t count, wl_plan* plan, wl_error* error) {
  return windlass::capi::guard(error, [&] {
    if (Status given = windlass::capi::check_pointer("plan", plan); !given.ok()) return given;
    Result<std::shared_ptr<TensorStore>> found = windlass::capi::acquire<TensorStore>(store, Kind::kStore);
    if (!found.ok()) return found.status();
    Result<std::vector<PullTarget>> targets = take_items(items, count);
    if (!targets.ok()) return targets.status();
    Result<std::shared_ptr<PullPlan>> made = (*found)->plan(*targets);
    if (!made.ok()) return made.status();
    return windlass::capi::publish(Kind::kPlan, *std::move(made), plan);
  });
}

wl_status wl_plan_pull(wl_plan plan, uint64_t timeout_ns, wl_pull_report* report, wl_error* error) {
  return windlass::capi::guard(error, [&] {
    if (report != nullptr) {
      if (Status given = windlass::capi::check_output("pull report", report); !given.ok()) return given;
    }
    Result<std::shared_ptr<PullPlan>> found = windlass::capi::acquire<PullPlan>(plan, Kind::kPlan);
    if (!found.ok()) return found.status();
    Result<PullReport> done = (*found)->pull({{}, false, windlass::capi::take_timeout(timeout_ns)});
    if (!done.ok()) return done.status();
    if (report == nullptr) return Status();
    wl_pull_report values{};
    values.transport = static_cast<wl_transport>(done->transport);
    values.version = done->version;
    values.bytes = done->bytes;
    values.lease_ns = done->lease_ns;
    values.plan_ns = done->plan_ns;
    values.move_ns = done->move_ns;
    values.planned = done->planned;
    values.reused = done->reused;
    windlass::capi::put_output(report, values);
    return Status();
  });
}

wl_status wl_plan_close(wl_plan plan, wl_error* error) {
  return windlass::capi::guard(error, [&] {
    Result<std::shared_ptr<PullPlan>> removed = windlass::capi::remove<PullPlan>(plan, Kind::kPlan);
    if (removed.ok()) (*removed)->close();
    return removed.status();
  });
}
