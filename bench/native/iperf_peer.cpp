#include "iperf_peer.hpp"

#include <unistd.h>

#include <cstdlib>
#include <string>

#include "base/bytes.hpp"
#include "base/text.hpp"
#include "command.hpp"

namespace windlass::bench {

namespace {

constexpr int kFirstPort = 20000;
constexpr int kPorts = 20000;

// The server takes one client and ends; whoever comes before it listens tries again.
std::string script(uint32_t lanes) {
  const int port = kFirstPort + getpid() % kPorts;
  return text("iperf3 -s -1 -B 127.0.0.1 -p ", port, " >/dev/null 2>&1 & server=$!; ",
              "for ((i = 0; i < 50; i++)); do out=$(iperf3 -c 127.0.0.1 -p ", port, " -P ", lanes, " -l 1M -n ", kGiB,
              " -J 2>/dev/null) && break; sleep 0.1; done; kill $server 2>/dev/null || true; ",
              "sed -n '/\"sum_received\"/,/}/s/.*\"bits_per_second\":[^0-9]*\\([0-9.e+]*\\).*/\\1/p' <<<\"$out\"");
}

}  // namespace

std::optional<Cost> run_iperf(uint32_t lanes, uint64_t bytes) {
  const std::string told = output_of(text("command -v iperf3 >/dev/null || exit 0; ", script(lanes)));
  const double bits_per_second = told.empty() ? 0 : std::strtod(told.c_str(), nullptr);
  if (bits_per_second <= 0) return std::nullopt;
  return Cost{static_cast<double>(bytes) * 8 / bits_per_second, 0};
}

}  // namespace windlass::bench
