#include "base/vigil.hpp"

#include <algorithm>
#include <thread>

namespace windlass {

namespace {

constexpr uint32_t kMostTrust = 16;
constexpr uint32_t kTrustInVain = 4;  // lost by one in vain: no more than one in five is borne

uint32_t processors_here() noexcept {
  static const uint32_t count = std::thread::hardware_concurrency();
  return count;
}

}  // namespace

Vigil::Vigil(Patience patience) noexcept : Vigil(processors_here(), patience) {}

bool Vigil::looks_on_at(uint64_t now) noexcept {
  if (now >= begun_ns_ + span_ns_) return false;
  if (now - looked_ns_ >= kInterruptionNs) {
    give_up(kLongRestWaits);
    return false;
  }
  looked_ns_ = now;
  return true;
}

void Vigil::end_at(uint64_t now) noexcept {
  if (!allowed_) return;
  if (rest_ != 0) {
    --rest_;
    return;
  }
  const uint64_t waited = now - begun_ns_;
  if (span_ns_ != 0 && waited <= span_ns_) {
    trust_ = std::min(trust_ + 1, kMostTrust);
  } else if (span_ns_ != patience_.longest_ns && waited <= patience_.soon_ns) {
    span_ns_ = std::clamp(2 * span_ns_, kShortestNs, patience_.longest_ns);
  } else if (span_ns_ != 0) {
    in_vain();
  }
}

void Vigil::in_vain() noexcept {
  if (trust_ >= kTrustInVain) {
    trust_ -= kTrustInVain;
  } else {
    give_up(kRestWaits);
  }
}

void Vigil::give_up(uint32_t rest) noexcept {
  trust_ = 0;
  span_ns_ = 0;
  rest_ = rest;
}

}  // namespace windlass
