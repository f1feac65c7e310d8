#include "transport/rdma/rdma_device.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>
#include <optional>

#include "base/owned_descriptor.hpp"
#include "base/text.hpp"

namespace windlass {

namespace {

// Of a file in which there is little. A port may have a thousand of them.
std::string first_line(const std::filesystem::path& file) {
  const OwnedDescriptor opened(open(file.c_str(), O_RDONLY | O_CLOEXEC));
  std::array<char, 256> bytes{};
  const ssize_t count = opened.valid() ? read(opened.number(), bytes.data(), bytes.size()) : 0;
  const std::string_view all(bytes.data(), static_cast<size_t>(std::max<ssize_t>(count, 0)));
  return std::string(all.substr(0, all.find('\n')));
}

// The names in a folder, numbers by their size.
std::vector<std::string> names_in(const std::filesystem::path& folder) {
  std::vector<std::string> names;
  std::error_code none;
  for (const auto& entry : std::filesystem::directory_iterator(folder, none)) {
    names.push_back(entry.path().filename().string());
  }
  std::sort(names.begin(), names.end(), [](const std::string& one, const std::string& other) {
    return one.size() != other.size() ? one.size() < other.size() : one < other;
  });
  return names;
}

template <typename Number>
Number number_of(std::string_view digits, Number otherwise) noexcept {
  Number number = otherwise;
  std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return number;
}

RdmaGidKind kind_of(std::string_view type) noexcept {
  if (type == "RoCE v2") return RdmaGidKind::kRoceV2;
  return type == "IB/RoCE v1" ? RdmaGidKind::kRoceV1 : RdmaGidKind::kInfiniband;
}

std::vector<RdmaGid> gids_of(const std::filesystem::path& port, bool ethernet) {
  std::vector<RdmaGid> gids;
  for (const std::string& name : names_in(port / "gids")) {
    const std::string address = first_line(port / "gids" / name);
    RdmaGid gid;
    if (inet_pton(AF_INET6, address.c_str(), gid.bytes.data()) != 1) continue;
    // Where the table has nothing there are zeros.
    if (std::all_of(gid.bytes.begin() + 8, gid.bytes.end(), [](std::byte byte) { return byte == std::byte{0}; })) {
      continue;
    }
    gid.index = number_of<uint32_t>(name, 0);
    gid.kind = ethernet ? kind_of(first_line(port / "gid_attrs/types" / name)) : RdmaGidKind::kInfiniband;
    gid.interface = first_line(port / "gid_attrs/ndevs" / name);
    gids.push_back(std::move(gid));
  }
  return gids;
}

RdmaPort port_of(const std::filesystem::path& folder) {
  RdmaPort port;
  port.number = number_of<uint32_t>(folder.filename().string(), 0);
  const std::string state = first_line(folder / "state");  // "4: ACTIVE"
  const size_t colon = state.find(": ");
  port.state = colon == std::string::npos ? state : state.substr(colon + 2);
  port.ethernet = first_line(folder / "link_layer") == "Ethernet";
  port.rate = first_line(folder / "rate");
  port.gids = gids_of(folder, port.ethernet);
  return port;
}

// The larger, the rather.
int rank_of(const RdmaGid& gid, const RdmaWish& wish) {
  int rank = gid.kind == RdmaGidKind::kRoceV2 ? 8 : 0;
  if (!gid.is_link_local()) rank += 4;
  if (gid.is_ipv4()) rank += 2;
  if (!wish.address.empty() && gid.address() == wish.address) rank += 16;
  return rank;
}

const RdmaGid* best_gid(const RdmaPort& port, const RdmaWish& wish) {
  const RdmaGid* best = nullptr;
  for (const RdmaGid& gid : port.gids) {
    if (best == nullptr || rank_of(gid, wish) > rank_of(*best, wish)) best = &gid;
  }
  return best;
}

// "name:port", or only a name.
bool is_wanted(const RdmaDevice& device, const RdmaPort& port, std::string_view wanted) {
  return wanted.empty() || wanted == device.name || wanted == text(device.name, ':', port.number);
}

}  // namespace

std::string_view gid_kind_name(RdmaGidKind kind) noexcept {
  switch (kind) {
    case RdmaGidKind::kInfiniband:
      return "InfiniBand";
    case RdmaGidKind::kRoceV1:
      return "RoCE v1";
    case RdmaGidKind::kRoceV2:
      return "RoCE v2";
  }
  return "unknown";
}

bool RdmaGid::is_ipv4() const noexcept {
  const bool zeros =
      std::all_of(bytes.begin(), bytes.begin() + 10, [](std::byte byte) { return byte == std::byte{0}; });
  return zeros && bytes[10] == std::byte{0xFF} && bytes[11] == std::byte{0xFF};
}

bool RdmaGid::is_link_local() const noexcept {
  return bytes[0] == std::byte{0xFE} && (bytes[1] & std::byte{0xC0}) == std::byte{0x80};
}

std::string RdmaGid::address() const {
  std::array<char, INET6_ADDRSTRLEN> name{};
  if (is_ipv4()) {
    inet_ntop(AF_INET, bytes.data() + 12, name.data(), name.size());
  } else {
    inet_ntop(AF_INET6, bytes.data(), name.data(), name.size());
  }
  return name.data();
}

std::vector<RdmaDevice> list_rdma_devices(const std::string& root) {
  std::vector<RdmaDevice> devices;
  for (const std::string& name : names_in(root)) {
    const std::filesystem::path folder = std::filesystem::path(root) / name;
    RdmaDevice device;
    device.name = name;
    device.numa_node = number_of<int32_t>(first_line(folder / "device/numa_node"), -1);
    device.firmware = first_line(folder / "fw_ver");
    for (const std::string& port : names_in(folder / "ports")) device.ports.push_back(port_of(folder / "ports" / port));
    devices.push_back(std::move(device));
  }
  return devices;
}

bool has_peer_memory(const std::string& system) {
  constexpr std::array<const char*, 3> kSigns = {"module/nvidia_peermem", "module/nv_peer_mem",
                                                 "kernel/mm/memory_peers/nv_mem"};
  std::error_code none;
  return std::any_of(kSigns.begin(), kSigns.end(), [&](const char* sign) {
    return std::filesystem::exists(std::filesystem::path(system) / sign, none);
  });
}

std::string RdmaPath::to_string() const {
  return text(device, " port ", port, ", ", gid_kind_name(gid.kind), ' ', gid.address());
}

Result<RdmaPath> choose_rdma_path(std::span<const RdmaDevice> devices, const RdmaWish& wish) {
  if (devices.empty()) {
    return Status::error(Code::kNotFound,
                         "this machine has no RDMA device: there is nothing in /sys/class/infiniband; load the "
                         "driver of its adapter, or in a container pass /dev/infiniband on");
  }
  std::optional<RdmaPath> best;
  int best_rank = 0;
  std::string lacking;
  for (const RdmaDevice& device : devices) {
    for (const RdmaPort& port : device.ports) {
      if (!is_wanted(device, port, wish.device)) continue;
      const RdmaGid* const gid = best_gid(port, wish);
      if (!port.active() || gid == nullptr) {
        lacking += text(lacking.empty() ? "" : "; ", device.name, " port ", port.number, " is ", port.state,
                        gid == nullptr ? " and has no address" : "");
        continue;
      }
      const bool near = wish.numa_node >= 0 && device.numa_node == wish.numa_node;
      const int rank = 1 + rank_of(*gid, wish) + (near ? 1 : 0);
      if (rank <= best_rank) continue;
      best_rank = rank;
      best = RdmaPath{device.name, port.number, port.ethernet, *gid};
    }
  }
  if (best.has_value()) return *best;
  if (lacking.empty()) {
    std::string names;
    for (const RdmaDevice& device : devices) names += text(names.empty() ? "" : ", ", device.name);
    return Status::error(Code::kNotFound, text("there is no RDMA device ", wish.device, "; there are ", names));
  }
  return Status::error(Code::kUnavailable,
                       text("no RDMA port can be used: ", lacking, "; bring its link up, and give it an address"));
}

Result<RdmaPath> find_rdma_path(RdmaWish wish) {
  unsigned processor = 0;
  unsigned node = 0;
  if (wish.numa_node < 0 && getcpu(&processor, &node) == 0) wish.numa_node = static_cast<int32_t>(node);
  return choose_rdma_path(list_rdma_devices(), wish);
}

}  // namespace windlass
