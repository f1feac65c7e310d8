#include "windlass/offer.h"

#include <memory>
#include <string>
#include <vector>

#include "capi/guard.hpp"
#include "capi/taken_put.hpp"
#include "capi/volume_handle.hpp"
#include "region/region.hpp"
#include "store/put_item.hpp"
#include "volume/offer.hpp"

namespace {

using windlass::AllocationRecord;
using windlass::Code;
using windlass::Deadline;
using windlass::Kind;
using windlass::Offer;
using windlass::OfferInfo;
using windlass::OfferItem;
using windlass::OfferOptions;
using windlass::OfferState;
using windlass::PutItem;
using windlass::Region;
using windlass::Result;
using windlass::Status;
using windlass::text;
using windlass::capi::TakenPut;
using windlass::capi::VolumeHandle;

static_assert(WL_OFFER_OFFERED == static_cast<int32_t>(OfferState::kOffered));
static_assert(WL_OFFER_UPDATING == static_cast<int32_t>(OfferState::kUpdating));
static_assert(WL_OFFER_STALE == static_cast<int32_t>(OfferState::kStale));

constexpr uint64_t kPauseTimeoutNs = 5'000'000'000;
constexpr uint32_t kMostRegions = 1U << 20U;

wl_offer_options default_offer_options() noexcept {
  wl_offer_options options{};
  options.struct_size = sizeof options;
  options.pause_timeout_ns = kPauseTimeoutNs;
  return options;
}

std::chrono::nanoseconds time_of(uint64_t timeout_ns) noexcept {
  return windlass::capi::take_timeout(timeout_ns).value_or(std::chrono::nanoseconds(0));
}

// The items as the volume wants them. joined: what their views look at.
Result<std::vector<OfferItem>> offered_items(const std::vector<PutItem>& items, std::vector<std::string>* joined) {
  if (items.empty()) return Status::error(Code::kInvalidArgument, "offer: no items; give at least one");
  std::vector<OfferItem> offered;
  offered.reserve(items.size());
  joined->reserve(items.size());
  for (const PutItem& item : items) {
    if (Status valid = windlass::check_put_item(item); !valid.ok()) return valid;
    if (item.buffer != nullptr) return windlass::invalid_item(item, "it is offered where it lies, and has no buffer");
    OfferItem& taken = offered.emplace_back();
    taken.key = item.key;
    taken.meta = item.meta;
    taken.data = item.data;
    taken.bytes = item.bytes;
    if (item.slice == nullptr) continue;
    taken.shard = windlass::shard_place(*item.slice);
    taken.meta.attributes = joined->emplace_back(windlass::join_attributes(*item.slice, item.meta.attributes));
  }
  return offered;
}

Status take_regions(const wl_offer_options& given, OfferOptions* taken) {
  if (given.region_count > kMostRegions || (given.region_count != 0 && given.regions == nullptr)) {
    return Status::error(Code::kInvalidArgument, text("offer: ", given.region_count,
                                                      " regions; pass as many as are counted, at most ", kMostRegions));
  }
  for (uint32_t i = 0; i < given.region_count; ++i) {
    Result<std::shared_ptr<Region>> region = windlass::capi::acquire<Region>(given.regions[i], Kind::kRegion);
    if (!region.ok()) return region.status();
    if (!(*region)->device().host_accessible()) {
      return Status::error(Code::kUnsupported, "offer: the host cannot read this region's memory; put copies of it");
    }
    const windlass::RegionInfo info = (*region)->info();
    Result<std::shared_ptr<AllocationRecord>> record =
        (*region)->device().allocations().find(info.address, info.size_bytes);
    if (!record.ok()) return record.status().with_prefix("offer");
    taken->of.push_back(*std::move(record));
    taken->keep.push_back(*std::move(region));
  }
  return Status();
}

template <typename Work>
wl_status with_offer(wl_offer handle, wl_error* error, Work&& work) noexcept {
  return windlass::capi::guard(error, [&] {
    Result<std::shared_ptr<Offer>> found = windlass::capi::acquire<Offer>(handle, Kind::kOffer);
    return found.ok() ? work(**found) : found.status();
  });
}

}  // namespace

void wl_offer_options_init(wl_offer_options* options, uint32_t struct_size) {
  windlass::capi::init_struct(options, struct_size, default_offer_options());
}

void wl_offer_info_init(wl_offer_info* info, uint32_t struct_size) {
  windlass::capi::init_struct(info, struct_size, wl_offer_info{});
}

wl_status wl_volume_offer(wl_volume volume, const wl_put_item* items, uint64_t count, const wl_offer_options* options,
                          wl_offer* offer, wl_error* error) {
  return windlass::capi::guard(error, [&] {
    if (Status given = windlass::capi::check_pointer("offer", offer); !given.ok()) return given;
    wl_offer_options given{};
    if (Status known = windlass::capi::take_options("offer options", options, default_offer_options(), &given);
        !known.ok()) {
      return known;
    }
    Result<std::shared_ptr<VolumeHandle>> found = windlass::capi::acquire<VolumeHandle>(volume, Kind::kVolume);
    if (!found.ok()) return found.status();
    TakenPut put;
    if (Status valid = put.take(items, count, given.publish); !valid.ok()) return valid;
    std::vector<std::string> joined;
    Result<std::vector<OfferItem>> offered = offered_items(put.items(), &joined);
    if (!offered.ok()) return offered.status();
    OfferOptions taken;
    taken.commit = {put.options().conditions, put.options().removals};
    taken.pause_timeout = time_of(given.pause_timeout_ns);
    if (Status regions = take_regions(given, &taken); !regions.ok()) return regions;
    Result<std::shared_ptr<Offer>> opened = (*found)->volume()->offer(*offered, taken);
    if (!opened.ok()) return opened.status();
    return windlass::capi::publish(Kind::kOffer, *std::move(opened), offer);
  });
}

wl_status wl_offer_begin_update(wl_offer offer, uint64_t timeout_ns, int32_t force, wl_error* error) {
  return with_offer(offer, error, [&](Offer& open) {
    if (force == 0 || force == 1) return open.begin_update(Deadline::after(time_of(timeout_ns)), force == 1);
    return Status::error(Code::kInvalidArgument, text("offer: force takes 0 or 1, not ", force));
  });
}

wl_status wl_offer_publish(wl_offer offer, uint64_t* version, wl_error* error) {
  return with_offer(offer, error, [&](Offer& open) {
    Result<uint64_t> published = open.publish();
    if (!published.ok()) return published.status();
    if (version != nullptr) *version = *published;
    return Status();
  });
}

wl_status wl_offer_get_info(wl_offer offer, wl_offer_info* info, wl_error* error) {
  return with_offer(offer, error, [&](Offer& open) {
    if (Status given = windlass::capi::check_output("offer info", info); !given.ok()) return given;
    const OfferInfo now = open.info();
    wl_offer_info values{};
    values.state = static_cast<wl_offer_state>(now.state);
    values.version = now.version;
    values.values = now.values;
    values.bytes = now.bytes;
    values.published = now.published;
    values.readers = now.readers;
    values.taken_back = now.taken_back;
    windlass::capi::put_output(info, values);
    return Status();
  });
}

wl_status wl_offer_close(wl_offer offer, uint64_t timeout_ns, wl_error* error) {
  return windlass::capi::guard(error, [&] {
    Result<std::shared_ptr<Offer>> removed = windlass::capi::remove<Offer>(offer, Kind::kOffer);
    if (removed.ok()) (*removed)->close(Deadline::after(time_of(timeout_ns)));
    return removed.status();
  });
}
