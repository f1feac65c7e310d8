// What others measure TCP with: iperf3 over loopback, where it is installed.
#pragma once

#include <cstdint>
#include <optional>

#include "measure.hpp"

namespace windlass::bench {

// What it would take iperf3 to send so many bytes, at the rate at which it sends 1 GiB over as many connections. Its
// own clock; what it needs to start is not in it. Nothing where there is no iperf3, or it fails.
std::optional<Cost> run_iperf(uint32_t lanes, uint64_t bytes);

}  // namespace windlass::bench
