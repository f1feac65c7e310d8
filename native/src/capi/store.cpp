#include "windlass/store.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "capi/guard.hpp"
#include "capi/store_structs.hpp"
#include "capi/volume_handle.hpp"
#include "store/tensor_store.hpp"

namespace {

using windlass::Code;
using windlass::EntryInfo;
using windlass::KeyPage;
using windlass::Kind;
using windlass::Result;
using windlass::Status;
using windlass::StoreInfo;
using windlass::StoreOptions;
using windlass::TensorStore;
using windlass::text;
using windlass::TransportKind;
using windlass::VolumeInfo;
using windlass::capi::VolumeHandle;

static_assert(WL_TRANSPORT_AUTO == static_cast<int32_t>(TransportKind::kAuto));
static_assert(WL_TRANSPORT_LOCAL == static_cast<int32_t>(TransportKind::kLocal));
static_assert(WL_TRANSPORT_SHM == static_cast<int32_t>(TransportKind::kShm));
static_assert(WL_TRANSPORT_TCP == static_cast<int32_t>(TransportKind::kTcp));
static_assert(WL_TRANSPORT_RDMA == static_cast<int32_t>(TransportKind::kRdma));

constexpr uint64_t kDefaultConnectTimeoutNs = 5'000'000'000;
constexpr uint64_t kDefaultCallTimeoutNs = 60'000'000'000;
constexpr uint32_t kMostLanes = 64;
constexpr int32_t kNothing = -1;
constexpr uint32_t kKeysAtOnce = 4096;

wl_store_options default_store_options() noexcept {
  wl_store_options options{};
  options.struct_size = sizeof options;
  options.connect_timeout_ns = kDefaultConnectTimeoutNs;
  options.call_timeout_ns = kDefaultCallTimeoutNs;
  return options;
}

Result<StoreOptions> take(const wl_store_options* options) {
  wl_store_options given{};
  if (Status known = windlass::capi::take_options("store options", options, default_store_options(), &given);
      !known.ok()) {
    return known;
  }
  if (given.transport < WL_TRANSPORT_AUTO || given.transport > WL_TRANSPORT_RDMA) {
    return Status::error(Code::kInvalidArgument, text("store: no transport has number ", given.transport));
  }
  if (given.lanes > kMostLanes) {
    return Status::error(Code::kInvalidArgument,
                         text("store: ", given.lanes, " lanes; it takes 1 to ", kMostLanes, ", or 0 to choose"));
  }
  if (given.reserved != 0) return Status::error(Code::kInvalidArgument, "store: reserved is not 0");
  StoreOptions taken;
  taken.transport = static_cast<TransportKind>(given.transport);
  if (given.secret != nullptr) taken.secret = given.secret;
  taken.lanes = given.lanes;
  taken.connect_timeout = *windlass::capi::take_timeout(std::max<uint64_t>(given.connect_timeout_ns, 1));
  taken.call_timeout = *windlass::capi::take_timeout(std::max<uint64_t>(given.call_timeout_ns, 1));
  return taken;
}

// Runs a call's work on the store that a handle names.
template <typename Work>
wl_status with_store(wl_store handle, wl_error* error, Work&& work) noexcept {
  return windlass::capi::guard(error, [&] {
    Result<std::shared_ptr<TensorStore>> found = windlass::capi::acquire<TensorStore>(handle, Kind::kStore);
    return found.ok() ? work(**found) : found.status();
  });
}

Status check_flag(const char* name, int32_t value) {
  if (value == 0 || value == 1) return Status();
  return Status::error(Code::kInvalidArgument, text(name, " takes 0 or 1, not ", value));
}

wl_entry_info info_of(const EntryInfo& entry) noexcept {
  wl_entry_info values{};
  values.kind = entry.exists ? static_cast<wl_entry_kind>(entry.kind) : kNothing;
  values.dtype = entry.dtype;
  values.rank = entry.shape.rank;
  values.shard_count = entry.shards;
  values.missing_count = static_cast<uint32_t>(entry.missing.size());
  values.pinned = entry.pinned ? 1 : 0;
  values.bytes = entry.bytes;
  values.version = entry.version;
  std::copy(entry.shape.sizes.begin(), entry.shape.sizes.end(), values.shape);
  return values;
}

// Writes keys one after another, as many as there is room for. Whether all of them were written.
bool append_names(const std::vector<std::string>& keys, std::span<char> names, uint64_t* used, uint64_t* count) {
  return std::all_of(keys.begin(), keys.end(), [&](const std::string& key) {
    if (key.size() + 1 > names.size() - *used) return false;
    std::memcpy(names.data() + *used, key.c_str(), key.size() + 1);
    *used += key.size() + 1;
    ++*count;
    return true;
  });
}

Status check_listing(const char* names, uint64_t capacity, const uint64_t* count, const int32_t* more) {
  if (Status given = windlass::capi::check_pointer("names", names); !given.ok()) return given;
  if (Status given = windlass::capi::check_pointer("count", count); !given.ok()) return given;
  if (Status given = windlass::capi::check_pointer("more", more); !given.ok()) return given;
  if (capacity > windlass::kMaxKeyBytes) return Status();
  return Status::error(Code::kInvalidArgument, text("list keys: room for ", capacity, " bytes; the longest key takes ",
                                                    windlass::kMaxKeyBytes + 1));
}

}  // namespace

void wl_store_options_init(wl_store_options* options, uint32_t struct_size) {
  windlass::capi::init_struct(options, struct_size, default_store_options());
}

void wl_store_info_init(wl_store_info* info, uint32_t struct_size) {
  windlass::capi::init_struct(info, struct_size, wl_store_info{});
}

wl_status wl_store_open(const char* uri, const wl_store_options* options, wl_store* store, wl_error* error) {
  return windlass::capi::guard(error, [&] {
    if (uri == nullptr) return Status::error(Code::kInvalidArgument, "store: the address is NULL; name one");
    if (Status given = windlass::capi::check_pointer("store", store); !given.ok()) return given;
    Result<StoreOptions> taken = take(options);
    if (!taken.ok()) return taken.status();
    Result<std::shared_ptr<TensorStore>> opened = TensorStore::open(uri, *taken);
    if (!opened.ok()) return opened.status();
    return windlass::capi::publish(Kind::kStore, *std::move(opened), store);
  });
}

wl_status wl_store_open_local(wl_volume volume, const wl_store_options* options, wl_store* store, wl_error* error) {
  return windlass::capi::guard(error, [&] {
    if (Status given = windlass::capi::check_pointer("store", store); !given.ok()) return given;
    Result<StoreOptions> taken = take(options);
    if (!taken.ok()) return taken.status();
    Result<std::shared_ptr<VolumeHandle>> found = windlass::capi::acquire<VolumeHandle>(volume, Kind::kVolume);
    if (!found.ok()) return found.status();
    Result<std::shared_ptr<TensorStore>> opened = TensorStore::open_local((*found)->volume(), *taken);
    if (!opened.ok()) return opened.status();
    return windlass::capi::publish(Kind::kStore, *std::move(opened), store);
  });
}

wl_status wl_store_get_info(wl_store store, wl_store_info* info, wl_error* error) {
  return with_store(store, error, [&](TensorStore& found) {
    if (Status given = windlass::capi::check_output("store info", info); !given.ok()) return given;
    const StoreInfo now = found.info();
    wl_store_info values{};
    values.transport = static_cast<wl_transport>(now.transport);
    values.volume_nonce = now.volume_nonce;
    values.connections = now.connections;
    values.written_bytes = now.written_bytes;
    values.read_bytes = now.read_bytes;
    values.mapped_bytes = now.mapped_bytes;
    windlass::copy_text(values.reason, now.reason);
    windlass::capi::put_output(info, values);
    return Status();
  });
}

wl_status wl_store_get_volume_info(wl_store store, wl_volume_info* info, wl_error* error) {
  return with_store(store, error, [&](TensorStore& found) {
    if (Status given = windlass::capi::check_output("volume info", info); !given.ok()) return given;
    Result<VolumeInfo> now = found.volume_info();
    if (!now.ok()) return now.status();
    windlass::capi::put_output(info, windlass::capi::info_of(*now));
    return Status();
  });
}

wl_status wl_store_close(wl_store store, wl_error* error) {
  return windlass::capi::guard(error,
                               [&] { return windlass::capi::remove<TensorStore>(store, Kind::kStore).status(); });
}

wl_status wl_store_describe(wl_store store, const char* const* keys, const uint64_t* key_bytes, uint64_t count,
                            wl_entry_info* infos, uint32_t info_size, wl_error* error) {
  return with_store(store, error, [&](TensorStore& found) {
    if (Status given = windlass::capi::check_pointer("infos", infos); !given.ok()) return given;
    if (Status sized = windlass::capi::check_struct_size("entry info", info_size, sizeof(wl_entry_info)); !sized.ok()) {
      return sized;
    }
    Result<std::vector<std::string_view>> taken = windlass::capi::take_keys("describe", keys, key_bytes, count);
    if (!taken.ok()) return taken.status();
    Result<std::vector<EntryInfo>> described = found.describe(*taken);
    if (!described.ok()) return described.status();
    for (size_t index = 0; index < described->size(); ++index) {
      const wl_entry_info values = info_of((*described)[index]);
      std::memcpy(reinterpret_cast<std::byte*>(infos) + index * info_size, &values, sizeof values);
    }
    return Status();
  });
}

wl_status wl_store_remove(wl_store store, const char* const* keys, const uint64_t* key_bytes, uint64_t count,
                          int32_t must_exist, uint64_t* removed, wl_error* error) {
  return with_store(store, error, [&](TensorStore& found) {
    if (Status valid = check_flag("remove: must_exist", must_exist); !valid.ok()) return valid;
    Result<std::vector<std::string_view>> taken = windlass::capi::take_keys("remove", keys, key_bytes, count);
    if (!taken.ok()) return taken.status();
    Result<uint64_t> gone = found.remove(*taken, must_exist == 1);
    if (!gone.ok()) return gone.status();
    if (removed != nullptr) *removed = *gone;
    return Status();
  });
}

// A query and a target in C are as many arguments. NOLINTNEXTLINE(readability-function-size)
wl_status wl_store_list_keys(wl_store store, const char* prefix, int32_t by_component, const char* after, char* names,
                             uint64_t capacity, uint64_t* count, int32_t* more, wl_error* error) {
  return with_store(store, error, [&](TensorStore& found) {
    if (Status given = check_listing(names, capacity, count, more); !given.ok()) return given;
    if (Status valid = check_flag("list keys: by_component", by_component); !valid.ok()) return valid;
    const std::string_view wanted = prefix != nullptr ? prefix : "";
    std::string last = after != nullptr ? after : "";
    uint64_t used = 0;
    uint64_t listed = 0;
    bool fits = true;
    bool further = true;
    while (fits && further) {
      const uint64_t most = std::min<uint64_t>((capacity - used) / 2 + 1, kKeysAtOnce);
      Result<KeyPage> page = found.keys({wanted, by_component == 1, last, static_cast<uint32_t>(most)});
      if (!page.ok()) return page.status();
      fits = append_names(page->keys, {names, capacity}, &used, &listed);
      further = page->more && !page->keys.empty();
      if (!page->keys.empty()) last = std::move(page->keys.back());
    }
    *count = listed;
    *more = fits ? 0 : 1;
    return Status();
  });
}

wl_status wl_store_pin(wl_store store, const char* const* keys, const uint64_t* key_bytes, uint64_t count,
                       int32_t pinned, wl_error* error) {
  return with_store(store, error, [&](TensorStore& found) {
    if (Status valid = check_flag("pin: pinned", pinned); !valid.ok()) return valid;
    Result<std::vector<std::string_view>> taken = windlass::capi::take_keys("pin", keys, key_bytes, count);
    if (!taken.ok()) return taken.status();
    return found.pin(*taken, pinned == 1);
  });
}
