#include "windlass/rdma.h"

#include <sys/resource.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <string_view>
#include <utility>
#include <vector>

#include "capi/guard.hpp"
#include "transport/rdma/rdma_device.hpp"
#include "transport/rdma/rdma_ends.hpp"

namespace {

using windlass::Code;
using windlass::RdmaDevice;
using windlass::RdmaGid;
using windlass::RdmaGidKind;
using windlass::RdmaLimits;
using windlass::RdmaPath;
using windlass::RdmaPort;
using windlass::RdmaWish;
using windlass::Result;
using windlass::Status;
using windlass::text;

uint64_t memory_lock_bytes() noexcept {
  rlimit limit{};
  if (getrlimit(RLIMIT_MEMLOCK, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) {
    return std::numeric_limits<uint64_t>::max();
  }
  return limit.rlim_cur;
}

wl_rdma_info rdma_info() {
  const std::vector<RdmaDevice> devices = windlass::list_rdma_devices();
  wl_rdma_info values{};
  values.devices = static_cast<int32_t>(devices.size());
  values.peer_memory = windlass::has_peer_memory() ? 1 : 0;
  values.memory_lock_bytes = memory_lock_bytes();
  const Result<RdmaPath> path = windlass::choose_rdma_path(devices, {});
  const Status usable = path.ok() ? windlass::query_rdma_limits(path->device).status() : path.status();
  values.usable = usable.ok() ? 1 : 0;
  if (!usable.ok()) windlass::copy_text(values.reason, usable.message());
  return values;
}

wl_rdma_device describe(const std::vector<RdmaDevice>& devices, const RdmaDevice& device) {
  wl_rdma_device values{};
  values.numa_node = device.numa_node;
  values.ports = static_cast<int32_t>(device.ports.size());
  windlass::copy_text(values.name, device.name);
  windlass::copy_text(values.firmware, device.firmware);
  const Result<RdmaLimits> limits = windlass::query_rdma_limits(device.name);
  if (limits.ok()) {
    values.most_registration_bytes = limits->most_registration_bytes;
    values.registrations = limits->registrations;
    values.queue_pairs = limits->queue_pairs;
    values.queue_pair_depth = limits->queue_pair_depth;
  }
  const Status dmabuf = limits.ok() ? limits->dmabuf : limits.status();
  values.dmabuf = dmabuf.ok() ? 1 : 0;
  if (!dmabuf.ok()) windlass::copy_text(values.dmabuf_reason, dmabuf.message());
  RdmaWish wish;
  wish.device = device.name;
  const Status usable = limits.ok() ? windlass::choose_rdma_path(devices, wish).status() : limits.status();
  values.usable = usable.ok() ? 1 : 0;
  if (!usable.ok()) windlass::copy_text(values.reason, usable.message());
  return values;
}

wl_rdma_port describe(const RdmaPort& port) {
  wl_rdma_port values{};
  values.number = port.number;
  values.link = port.ethernet ? WL_RDMA_LINK_ETHERNET : WL_RDMA_LINK_INFINIBAND;
  values.active = port.active() ? 1 : 0;
  values.gids = static_cast<uint32_t>(port.gids.size());
  windlass::copy_text(values.state, port.state);
  windlass::copy_text(values.rate, port.rate);
  return values;
}

wl_rdma_gid_kind gid_kind_of(RdmaGidKind kind) noexcept {
  switch (kind) {
    case RdmaGidKind::kInfiniband:
      return WL_RDMA_GID_INFINIBAND;
    case RdmaGidKind::kRoceV1:
      return WL_RDMA_GID_ROCE_V1;
    case RdmaGidKind::kRoceV2:
      return WL_RDMA_GID_ROCE_V2;
  }
  return WL_RDMA_GID_INFINIBAND;
}

wl_rdma_gid describe(const RdmaGid& gid) {
  wl_rdma_gid values{};
  values.index = gid.index;
  values.kind = gid_kind_of(gid.kind);
  std::memcpy(values.bytes, gid.bytes.data(), sizeof values.bytes);
  windlass::copy_text(values.address, gid.address());
  windlass::copy_text(values.interface_name, gid.interface);
  return values;
}

// Where the caller has room for a list's elements, which are as large as he says.
template <typename Element>
struct Room {
  const char* name;
  Element* elements;
  uint32_t element_size;
  uint64_t capacity;

  Status check(const uint64_t* count) const {
    if (Status given = windlass::capi::check_pointer("count", count); !given.ok()) return given;
    if (elements == nullptr && capacity == 0) return Status();
    if (Status given = windlass::capi::check_pointer(name, elements); !given.ok()) return given;
    return windlass::capi::check_struct_size(name, element_size, sizeof(Element));
  }

  template <typename Listed, typename Describe>
  // Returns how many there are.
  uint64_t fill(const std::vector<Listed>& listed, Describe&& describe_one) const {
    for (size_t index = 0; index < std::min<uint64_t>(listed.size(), capacity); ++index) {
      const Element values = describe_one(listed[index]);
      std::memcpy(reinterpret_cast<std::byte*>(elements) + index * element_size, &values, sizeof values);
    }
    return listed.size();
  }
};

Result<RdmaDevice> find_device(const char* name) {
  if (Status given = windlass::capi::check_pointer("device", name); !given.ok()) return given;
  std::vector<RdmaDevice> devices = windlass::list_rdma_devices();
  for (RdmaDevice& each : devices) {
    if (each.name == std::string_view(name)) return std::move(each);
  }
  return Status::error(Code::kNotFound, text("this machine has no RDMA device ", name, "; list its devices anew"));
}

Result<RdmaPort> find_port(const RdmaDevice& device, uint32_t number) {
  const auto found = std::find_if(device.ports.begin(), device.ports.end(),
                                  [&](const RdmaPort& each) { return each.number == number; });
  if (found != device.ports.end()) return *found;
  return Status::error(Code::kNotFound,
                       text("RDMA device ", device.name, " has no port ", number, "; it has ", device.ports.size()));
}

}  // namespace

void wl_rdma_info_init(wl_rdma_info* info, uint32_t struct_size) {
  windlass::capi::init_struct(info, struct_size, wl_rdma_info{});
}

wl_status wl_rdma_get_info(wl_rdma_info* info, wl_error* error) {
  return windlass::capi::guard(error, [&] {
    if (Status given = windlass::capi::check_output("rdma info", info); !given.ok()) return given;
    windlass::capi::put_output(info, rdma_info());
    return Status();
  });
}

wl_status wl_rdma_list_devices(wl_rdma_device* devices, uint32_t device_size, uint64_t capacity, uint64_t* count,
                               wl_error* error) {
  return windlass::capi::guard(error, [&] {
    const Room<wl_rdma_device> room{"devices", devices, device_size, capacity};
    if (Status given = room.check(count); !given.ok()) return given;
    const std::vector<RdmaDevice> all = windlass::list_rdma_devices();
    *count = room.fill(all, [&](const RdmaDevice& each) { return describe(all, each); });
    return Status();
  });
}

wl_status wl_rdma_list_ports(const char* device, wl_rdma_port* ports, uint32_t port_size, uint64_t capacity,
                             uint64_t* count, wl_error* error) {
  return windlass::capi::guard(error, [&] {
    const Room<wl_rdma_port> room{"ports", ports, port_size, capacity};
    if (Status given = room.check(count); !given.ok()) return given;
    Result<RdmaDevice> found = find_device(device);
    if (!found.ok()) return found.status();
    *count = room.fill(found->ports, [](const RdmaPort& each) { return describe(each); });
    return Status();
  });
}

wl_status wl_rdma_list_gids(const char* device, uint32_t port, wl_rdma_gid* gids, uint32_t gid_size, uint64_t capacity,
                            uint64_t* count, wl_error* error) {
  return windlass::capi::guard(error, [&] {
    const Room<wl_rdma_gid> room{"gids", gids, gid_size, capacity};
    if (Status given = room.check(count); !given.ok()) return given;
    Result<RdmaDevice> found = find_device(device);
    if (!found.ok()) return found.status();
    Result<RdmaPort> its = find_port(*found, port);
    if (!its.ok()) return its.status();
    *count = room.fill(its->gids, [](const RdmaGid& each) { return describe(each); });
    return Status();
  });
}
