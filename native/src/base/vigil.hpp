// How long one who waits keeps looking before it goes to sleep.
//
// Waking a processor that has fallen asleep can cost ten times what the answer takes; looking costs a processor. So a
// vigil is kept only by one whose waits have been short lately, and for tens of microseconds at most. One that is kept
// in vain more often than rarely is given up for a while, and whoever is idle sleeps; so is one that somebody else's
// work interrupts: where processors are in demand none of them has fallen asleep.
//
//   begin() ──▶ looks_on()?  ──yes──▶ look; nothing there: ask again
//                    └──no──▶ sleep ──▶ end()
//
// Threads: one at a time.
#pragma once

#include <cstdint>

#include "base/clock.hpp"

namespace windlass {

class Vigil {
 public:
  // How long a vigil is at most, and how soon a wait has to be over, being woken included, to say that it might have
  // been over within one.
  struct Patience {
    uint64_t longest_ns;
    uint64_t soon_ns;
  };
  // Of one who waits for what somebody else is at.
  static constexpr Patience kUsual{50'000, 150'000};
  // Of one who waits for what comes between two copies of some 100 KiB to MiB, and keeps nobody from them.
  static constexpr Patience kPatient{150'000, 300'000};
  static constexpr uint64_t kShortestNs = 10'000;
  // Between two looks so much time passes only where another has had the processor.
  static constexpr uint64_t kInterruptionNs = 20'000;
  // After vigils in vain, so many waits are slept through; after an interruption, more.
  static constexpr uint32_t kRestWaits = 16;
  static constexpr uint32_t kLongRestWaits = 48;

  explicit Vigil(Patience patience = kUsual) noexcept;
  // processors: where there is one only, looking would keep it from whoever is waited for.
  explicit Vigil(uint32_t processors, Patience patience = kUsual) noexcept
      : patience_(patience), allowed_(processors > 1) {}

  // A wait begins.
  void begin() noexcept { begin_at(now_ns()); }
  // Whether to look once more.
  bool looks_on() noexcept { return span_ns_ != 0 && looks_on_at(now_ns()); }
  // What was waited for is there.
  void end() noexcept { end_at(now_ns()); }

  // The same, at a time.
  void begin_at(uint64_t now) noexcept {
    begun_ns_ = now;
    looked_ns_ = now;
  }
  bool looks_on_at(uint64_t now) noexcept;
  void end_at(uint64_t now) noexcept;

 private:
  void in_vain() noexcept;
  void give_up(uint32_t rest) noexcept;

  const Patience patience_;
  const bool allowed_;
  uint64_t span_ns_ = 0;
  uint64_t begun_ns_ = 0;
  uint64_t looked_ns_ = 0;
  uint32_t trust_ = 0;  // won by vigils that were of use
  uint32_t rest_ = 0;   // waits that are slept through
};

}  // namespace windlass
