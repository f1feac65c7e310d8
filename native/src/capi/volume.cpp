#include "windlass/volume.h"

#include <chrono>
#include <memory>
#include <string>

#include "capi/guard.hpp"
#include "capi/store_structs.hpp"
#include "capi/volume_handle.hpp"

namespace windlass::capi {

Result<std::string> VolumeHandle::listen(std::string_view address, const ListenOptions& options) {
  std::shared_ptr<VolumeServer> server;
  {
    const std::lock_guard lock(mutex_);
    if (closed_) return Status::error(Code::kStaleHandle, "volume: it is closed; open another");
    if (!server_) {
      Result<std::unique_ptr<VolumeServer>> opened = VolumeServer::open(volume_);
      if (!opened.ok()) return opened.status();
      server_ = *std::move(opened);
    }
    server = server_;
  }
  return server->listen(address, options);
}

void VolumeHandle::close() noexcept {
  std::shared_ptr<VolumeServer> server;
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    server = std::move(server_);
  }
  if (server) server->close();
  volume_->close();
}

wl_volume_info info_of(const VolumeInfo& now) noexcept {
  wl_volume_info values{};
  values.limit_bytes = now.limit_bytes;
  values.held_bytes = now.held_bytes;
  values.used_bytes = now.used_bytes;
  values.value_bytes = now.value_bytes;
  values.entries = now.entries;
  values.segments = now.segments;
  values.sessions = now.sessions;
  values.leases = now.leases;
  values.prepared_slots = now.prepared_slots;
  values.orphaned_slots = now.orphaned_slots;
  values.commits = now.commits;
  values.committed_bytes = now.committed_bytes;
  values.acquires = now.acquires;
  values.acquired_bytes = now.acquired_bytes;
  values.misses = now.misses;
  values.removals = now.removals;
  values.evictions = now.evictions;
  values.evicted_bytes = now.evicted_bytes;
  values.refusals = now.refusals;
  values.nonce = now.nonce;
  return values;
}

}  // namespace windlass::capi

namespace {

using windlass::Code;
using windlass::Eviction;
using windlass::Kind;
using windlass::ListenOptions;
using windlass::Result;
using windlass::Status;
using windlass::text;
using windlass::Volume;
using windlass::VolumeOptions;
using windlass::capi::VolumeHandle;

static_assert(WL_EVICTION_NONE == static_cast<int32_t>(Eviction::kNone));
static_assert(WL_EVICTION_LRU == static_cast<int32_t>(Eviction::kLeastRecent));

constexpr uint32_t kDefaultClients = 4096;
constexpr uint64_t kDefaultSlowTimeoutNs = 10'000'000'000;

wl_volume_options default_volume_options() noexcept {
  wl_volume_options options{};
  options.struct_size = sizeof options;
  return options;
}

wl_listen_options default_listen_options() noexcept {
  wl_listen_options options{};
  options.struct_size = sizeof options;
  options.most_clients = kDefaultClients;
  options.slow_timeout_ns = kDefaultSlowTimeoutNs;
  return options;
}

Result<VolumeOptions> take(const wl_volume_options& options) {
  if (options.eviction != WL_EVICTION_NONE && options.eviction != WL_EVICTION_LRU) {
    return Status::error(Code::kInvalidArgument, text("volume: no eviction has number ", options.eviction));
  }
  VolumeOptions taken;
  taken.eviction = static_cast<Eviction>(options.eviction);
  taken.limit_bytes = options.limit_bytes;
  taken.segment_bytes = options.segment_bytes;
  taken.prepared_bytes = options.prepared_bytes;
  return taken;
}

}  // namespace

void wl_volume_options_init(wl_volume_options* options, uint32_t struct_size) {
  windlass::capi::init_struct(options, struct_size, default_volume_options());
}

void wl_listen_options_init(wl_listen_options* options, uint32_t struct_size) {
  windlass::capi::init_struct(options, struct_size, default_listen_options());
}

void wl_volume_info_init(wl_volume_info* info, uint32_t struct_size) {
  windlass::capi::init_struct(info, struct_size, wl_volume_info{});
}

wl_status wl_volume_open(const wl_volume_options* options, wl_volume* volume, wl_error* error) {
  return windlass::capi::guard(error, [&] {
    if (Status given = windlass::capi::check_pointer("volume", volume); !given.ok()) return given;
    wl_volume_options given{};
    if (Status known = windlass::capi::take_options("volume options", options, default_volume_options(), &given);
        !known.ok()) {
      return known;
    }
    Result<VolumeOptions> taken = take(given);
    if (!taken.ok()) return taken.status();
    Result<std::shared_ptr<Volume>> opened = Volume::open(*taken);
    if (!opened.ok()) return opened.status();
    return windlass::capi::publish(Kind::kVolume, std::make_shared<VolumeHandle>(*std::move(opened)), volume);
  });
}

wl_status wl_volume_listen(wl_volume volume, const char* address, const wl_listen_options* options, char* uri,
                           uint64_t capacity, wl_error* error) {
  return windlass::capi::guard(error, [&] {
    if (address == nullptr) return Status::error(Code::kInvalidArgument, "volume: address is NULL; name one");
    wl_listen_options given{};
    if (Status known = windlass::capi::take_options("listen options", options, default_listen_options(), &given);
        !known.ok()) {
      return known;
    }
    if (uri != nullptr && capacity < WL_URI_BYTES) {
      return Status::error(Code::kInvalidArgument,
                           text("volume: room for ", capacity, " bytes of its address; give ", uint32_t{WL_URI_BYTES}));
    }
    Result<std::shared_ptr<VolumeHandle>> found = windlass::capi::acquire<VolumeHandle>(volume, Kind::kVolume);
    if (!found.ok()) return found.status();
    ListenOptions taken;
    if (given.secret != nullptr) taken.secret = given.secret;
    taken.most_clients = given.most_clients;
    taken.slow_timeout_ns = given.slow_timeout_ns;
    Result<std::string> listening = (*found)->listen(address, taken);
    if (!listening.ok()) return listening.status();
    if (uri != nullptr) windlass::copy_text({uri, capacity}, *listening);
    return Status();
  });
}

wl_status wl_volume_get_info(wl_volume volume, wl_volume_info* info, wl_error* error) {
  return windlass::capi::guard(error, [&] {
    if (Status given = windlass::capi::check_output("volume info", info); !given.ok()) return given;
    Result<std::shared_ptr<VolumeHandle>> found = windlass::capi::acquire<VolumeHandle>(volume, Kind::kVolume);
    if (!found.ok()) return found.status();
    windlass::capi::put_output(info, windlass::capi::info_of((*found)->volume()->info()));
    return Status();
  });
}

wl_status wl_volume_close(wl_volume volume, wl_error* error) {
  return windlass::capi::guard(error, [&] {
    Result<std::shared_ptr<VolumeHandle>> removed = windlass::capi::remove<VolumeHandle>(volume, Kind::kVolume);
    if (removed.ok()) (*removed)->close();
    return removed.status();
  });
}
