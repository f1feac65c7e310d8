#include "transport/registration_ranges.hpp"

#include <algorithm>
#include <cassert>
#include <iterator>
#include <limits>
#include <utility>

#include "base/text.hpp"

namespace windlass {

namespace {

uint64_t end_of(const RegisteredSpan* span) noexcept { return span->range.end; }
uint64_t end_of(uint64_t end) noexcept { return end; }

// Where what lies before an address ends, and what lies behind another begins.
template <typename Map>
void clip(const Map& ranges, const ByteRange& gap, ByteRange& wide) noexcept {
  const auto behind = ranges.lower_bound(gap.end);
  if (behind != ranges.end()) wide.end = std::min(wide.end, behind->first);
  const auto after = ranges.lower_bound(gap.start);
  if (after != ranges.begin()) wide.start = std::max(wide.start, end_of(std::prev(after)->second));
}

}  // namespace

Status check_memory_range(const std::byte* data, uint64_t bytes) {
  const ByteRange start = range_of(data, 0);
  if (data != nullptr && bytes != 0 && bytes <= std::numeric_limits<uint64_t>::max() - start.start) return Status();
  return Status::error(Code::kInvalidArgument, text("registering ", bytes, " bytes at ", hex_text(start.start),
                                                    ": pass memory, and how many bytes of it"));
}

void RegistrationRanges::add(RegisteredSpan& span) {
  const bool added = spans_.emplace(span.range.start, &span).second;
  assert(added);
  span.listed = added;
}

void RegistrationRanges::remove(const RegisteredSpan& span) noexcept { spans_.erase(span.range.start); }

RegisteredSpan* RegistrationRanges::first() const noexcept { return spans_.empty() ? nullptr : spans_.begin()->second; }

bool RegistrationRanges::is_pending(const ByteRange& range) const noexcept {
  const auto behind = pending_.lower_bound(range.end);
  return behind != pending_.begin() && std::prev(behind)->second > range.start;
}

void RegistrationRanges::begin(const ByteRange& range) { pending_.emplace(range.start, range.end); }

void RegistrationRanges::end(const ByteRange& range) noexcept { pending_.erase(range.start); }

std::optional<ByteRange> RegistrationRanges::first_gap(const ByteRange& range) const noexcept {
  uint64_t at = range.start;
  auto next = spans_.upper_bound(at);
  if (next != spans_.begin()) at = std::max(at, std::prev(next)->second->range.end);
  while (at < range.end && next != spans_.end() && next->first == at) {
    at = next->second->range.end;
    ++next;
  }
  if (at >= range.end) return std::nullopt;
  return ByteRange{at, next == spans_.end() ? range.end : std::min(range.end, next->first)};
}

std::vector<RegisteredSpan*> RegistrationRanges::covering(const ByteRange& range) const {
  std::vector<RegisteredSpan*> found;
  auto at = spans_.upper_bound(range.start);
  if (at != spans_.begin()) --at;
  for (; at != spans_.end() && at->first < range.end; ++at) {
    if (at->second->range.overlaps(range)) found.push_back(at->second);
  }
  return found;
}

ByteRange RegistrationRanges::widened(const ByteRange& gap, uint64_t window_bytes,
                                      const ByteRange& within) const noexcept {
  if (window_bytes == 0) return gap;
  ByteRange wide = gap;
  wide.start -= (gap.start - within.start) % window_bytes;
  const uint64_t into_last = (gap.end - within.start) % window_bytes;
  const uint64_t missing = into_last == 0 ? 0 : window_bytes - into_last;
  wide.end = within.end - gap.end < missing ? within.end : gap.end + missing;
  clip(spans_, gap, wide);
  clip(pending_, gap, wide);
  return wide;
}

ByteRange RegistrationRanges::merged(const ByteRange& gap, uint64_t most_bytes,
                                     std::vector<RegisteredSpan*>& neighbours) const {
  ByteRange whole = gap;
  const auto takes = [&](const RegisteredSpan& span) {
    return span.uses == 0 && span.range.bytes() <= whole.bytes() && span.range.bytes() + whole.bytes() <= most_bytes;
  };
  for (bool grew = true; grew;) {
    grew = false;
    const auto behind = spans_.lower_bound(whole.end);
    if (behind != spans_.end() && behind->first == whole.end && takes(*behind->second)) {
      neighbours.push_back(behind->second);
      whole.end = behind->second->range.end;
      grew = true;
    }
    const auto after = spans_.lower_bound(whole.start);
    if (after == spans_.begin()) continue;
    RegisteredSpan* const before = std::prev(after)->second;
    if (before->range.end != whole.start || !takes(*before)) continue;
    neighbours.push_back(before);
    whole.start = before->range.start;
    grew = true;
  }
  return whole;
}

void RegistrationRanges::remember_failure(const ByteRange& range, Status failure, uint64_t refusals, uint64_t ended) {
  std::erase_if(failures_, [&](const Failure& each) { return each.range == range; });
  if (refusals == 0) return;
  if (failures_.size() >= kMostFailures) failures_.erase(failures_.begin());
  failures_.push_back({range, std::move(failure), refusals, ended});
}

Status RegistrationRanges::refusal(const ByteRange& range, uint64_t ended) {
  std::erase_if(failures_, [&](const Failure& each) {
    return range.holds(each.range) &&
           (each.refusals_left == 0 || (each.status.code() == Code::kNoMemory && each.ended != ended));
  });
  const auto found =
      std::find_if(failures_.begin(), failures_.end(), [&](const Failure& each) { return range.holds(each.range); });
  if (found == failures_.end()) return Status();
  --found->refusals_left;
  return found->status.with_prefix("it failed before, and is not tried again yet");
}

}  // namespace windlass
