// How many ranges are asked for at once: neighbours are registered together.
#include <algorithm>
#include <numeric>
#include <utility>

#include "transport/registration_cache.hpp"

namespace windlass {

namespace {

// Neighbours: what lies between them is padding.
constexpr uint64_t kPaddingBytes = 4096;

ByteRange range_of_request(const RegistrationRequest& request) noexcept {
  return range_of(request.data, request.bytes);
}

}  // namespace

Result<std::vector<RegistrationUse>> RegistrationCache::acquire_all(const std::shared_ptr<Registrar>& registrar,
                                                                    std::span<const RegistrationRequest> requests,
                                                                    uint32_t access) {
  for (const RegistrationRequest& each : requests) {
    if (Status sound = check_memory_range(each.data, each.bytes); !sound.ok()) return sound;
  }
  std::vector<size_t> order(requests.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) { return requests[a].data < requests[b].data; });
  std::vector<RegistrationUse> uses(requests.size());
  for (size_t first = 0; first < order.size();) {
    uint64_t end = range_of_request(requests[order[first]]).end;
    size_t next = first + 1;
    while (next < order.size() && range_of_request(requests[order[next]]).start - kPaddingBytes <= end) {
      end = std::max(end, range_of_request(requests[order[next++]]).end);
    }
    const std::span<const size_t> run = std::span<const size_t>(order).subspan(first, next - first);
    if (Status acquired = acquire_run(registrar, requests, run, access, uses); !acquired.ok()) return acquired;
    first = next;
  }
  return uses;
}

// Neighbours, in order. Where they do not belong together after all, or the whole fails, each is tried alone.
Status RegistrationCache::acquire_run(const std::shared_ptr<Registrar>& registrar,
                                      std::span<const RegistrationRequest> requests, std::span<const size_t> run,
                                      uint32_t access, std::vector<RegistrationUse>& uses) {
  RegistrationUse together;  // until each has its own
  RegistrationTally whole{.counted = false};
  if (run.size() > 1) {
    ByteRange range = range_of_request(requests[run.front()]);
    for (const size_t each : run) range.end = std::max(range.end, range_of_request(requests[each]).end);
    Result<RegistrationUse> acquired = acquire_known(registrar, range, access, whole);
    if (acquired.ok()) together = *std::move(acquired);
  }
  const bool as_one = !together.pieces().empty() && whole.missing != 0;
  for (const size_t each : run) {
    RegistrationTally tally{.counted = !as_one};
    Result<RegistrationUse> acquired = acquire_known(registrar, range_of_request(requests[each]), access, tally);
    if (!acquired.ok()) return acquired.status();
    uses[each] = *std::move(acquired);
  }
  if (!as_one) return Status();
  const Lock lock(mutex_);
  count(whole);
  return Status();
}

}  // namespace windlass
