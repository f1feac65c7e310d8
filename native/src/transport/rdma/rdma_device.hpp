// The RDMA devices of this machine, as the kernel shows them, and which of them to take.
//
// Nothing here needs the verbs library: that a device is there is seen without what it takes to use it.
//
// Threads: any. Each call looks afresh.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.hpp"

namespace windlass {

enum class RdmaGidKind { kInfiniband, kRoceV1, kRoceV2 };

std::string_view gid_kind_name(RdmaGidKind kind) noexcept;  // "RoCE v2"

using RdmaGidBytes = std::array<std::byte, 16>;

// An address of a port.
struct RdmaGid {
  uint32_t index = 0;
  RdmaGidBytes bytes{};
  RdmaGidKind kind = RdmaGidKind::kInfiniband;
  std::string interface;  // of the network; may be empty

  bool is_ipv4() const noexcept;
  bool is_link_local() const noexcept;
  std::string address() const;  // "10.77.0.1", "fe80::1"
};

struct RdmaPort {
  uint32_t number = 0;  // from 1
  std::string state;    // "ACTIVE", "DOWN"
  bool ethernet = false;
  std::string rate;  // "100 Gb/sec (4X EDR)"; empty where it is not known
  std::vector<RdmaGid> gids;

  bool active() const noexcept { return state == "ACTIVE"; }
};

struct RdmaDevice {
  std::string name;        // "rxe0"
  int32_t numa_node = -1;  // -1: of none, or not known
  std::string firmware;
  std::vector<RdmaPort> ports;
};

// By name. root: where the kernel shows them.
std::vector<RdmaDevice> list_rdma_devices(const std::string& root = "/sys/class/infiniband");

// Whether a kernel module lets RDMA devices read and write NVIDIA GPUs' memory by its address alone (nvidia_peermem).
bool has_peer_memory(const std::string& system = "/sys");

// What a path should be; what is left out is not asked for.
struct RdmaWish {
  std::string device;      // its name, or "name:port"; must be
  std::string address;     // of this machine, that the port has; is preferred
  int32_t numa_node = -1;  // that the memory is on; is preferred
};

// A device's port, and its address there.
struct RdmaPath {
  std::string device;
  uint32_t port = 0;
  bool ethernet = false;
  RdmaGid gid;

  std::string to_string() const;  // "rxe0 port 1, RoCE v2 10.77.0.1"
};

// Errors: kNotFound (no device, or none of that name); kUnavailable (no port of it is active, or has an address: what
// each lacks).
Result<RdmaPath> choose_rdma_path(std::span<const RdmaDevice> devices, const RdmaWish& wish);

// Of this machine's devices. Where nobody says which memory it will be, it is taken to be near. Errors: as above.
Result<RdmaPath> find_rdma_path(RdmaWish wish);

}  // namespace windlass
