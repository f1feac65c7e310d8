#include "transport/registration_maker.hpp"

#include <algorithm>
#include <utility>

#include "base/clock.hpp"

namespace windlass {

namespace {

constexpr uint64_t kSizeUnitBytes = 4096;  // sizes that are searched for are multiples
constexpr int kRefinements = 3;            // the size that is found is within an eighth of the largest

constexpr uint64_t whole_units(uint64_t bytes) noexcept { return bytes / kSizeUnitBytes * kSizeUnitBytes; }

}  // namespace

// For a size between one that is refused and one that works.
struct RegistrationMaker::Search {
  uint64_t refused = 0;
  uint64_t works = 0;
  std::unique_ptr<Registration> registration;  // of the size that works
};

RegistrationMaker::RegistrationMaker(std::shared_ptr<Registrar> registrar)
    : registrar_(std::move(registrar)),
      told_bytes_(std::max(whole_units(registrar_->most_bytes()), kSizeUnitBytes)),
      most_bytes_(told_bytes_) {}

Result<std::unique_ptr<Registration>> RegistrationMaker::try_size(std::byte* data, uint64_t bytes, uint32_t access,
                                                                  MadeRegistrations& made) {
  const uint64_t start_ns = now_ns();
  Result<std::unique_ptr<Registration>> tried = registrar_->register_memory(data, bytes, access);
  made.nanoseconds += now_ns() - start_ns;
  ++(tried.ok() ? made.made : made.failures);
  return tried;
}

Status RegistrationMaker::make_whole(std::byte* data, uint64_t bytes, uint32_t access, MadeRegistrations& made) {
  made.pieces.reserve(1);
  Result<std::unique_ptr<Registration>> whole = try_size(data, bytes, access, made);
  if (!whole.ok()) return whole.status();
  made.pieces.push_back({data, bytes, *std::move(whole)});
  return Status();
}

// Halves what is refused until it works, then comes nearer to what does not.
Status RegistrationMaker::find_size(std::byte* data, uint32_t access, Search& search, MadeRegistrations& made) {
  Status refusal;
  for (uint64_t size = whole_units(search.refused / 2); size >= kSmallestBytes; size = whole_units(size / 2)) {
    Result<std::unique_ptr<Registration>> half = try_size(data, size, access, made);
    if (half.ok()) {
      search.works = size;
      search.registration = *std::move(half);
      break;
    }
    refusal = half.status();
    if (refusal.code() != Code::kNoMemory) return refusal;
    search.refused = size;
  }
  if (search.works == 0) return refusal;
  for (int step = 0; step < kRefinements; ++step) {
    const uint64_t middle = whole_units(search.works + (search.refused - search.works) / 2);
    if (middle <= search.works) break;
    Result<std::unique_ptr<Registration>> larger = try_size(data, middle, access, made);
    if (!larger.ok()) {
      search.refused = middle;
      continue;
    }
    search.works = middle;
    search.registration = *std::move(larger);
    ++made.given_up;
  }
  return Status();
}

// A piece larger than was found out. Where it works, so much works from now on.
Status RegistrationMaker::try_more(std::byte* data, uint64_t bytes, uint32_t access, MadeRegistrations& made) {
  const uint64_t most = most_bytes_;
  if (bytes <= most || most == told_bytes_ || ++cuts_ % kCutsBeforeMore != 0) return Status();
  const uint64_t more = std::min(told_bytes_, bytes);
  Status tried = make_whole(data, more, access, made);
  if (tried.ok()) most_bytes_ = more;
  return tried.code() == Code::kNoMemory ? Status() : tried;
}

Status RegistrationMaker::make(std::byte* data, uint64_t bytes, uint32_t access, const MakeRoom& make_room,
                               MadeRegistrations& made) {
  if (Status tried = try_more(data, bytes, access, made); !tried.ok()) return tried;
  uint64_t most = most_bytes_;
  uint64_t found = 0;
  bool asked_for_room = false;
  uint64_t done = made.pieces.empty() ? 0 : made.pieces.front().bytes;
  const auto fail = [&](Status failure) {
    made.given_up += made.pieces.size();
    made.pieces.clear();
    return failure;
  };
  while (done < bytes) {
    Search search;
    search.refused = std::min(most, bytes - done);
    made.pieces.emplace_back(MadeRegistration{data + done, search.refused, nullptr});
    Result<std::unique_ptr<Registration>> piece = try_size(data + done, search.refused, access, made);
    if (!piece.ok() && piece.status().code() == Code::kNoMemory && !std::exchange(asked_for_room, true) &&
        make_room(bytes - done)) {
      piece = try_size(data + done, search.refused, access, made);
    }
    if (piece.ok()) {
      search.works = search.refused;
      search.registration = *std::move(piece);
    } else {
      Status failure = piece.status();
      const bool too_large = failure.code() == Code::kNoMemory && whole_units(search.refused / 2) >= kSmallestBytes;
      if (too_large) failure = find_size(data + done, access, search, made);
      if (search.registration == nullptr) {
        made.pieces.pop_back();
        return fail(std::move(failure));
      }
      most = search.works;
      found = std::max(found, search.works);
    }
    made.pieces.back().bytes = search.works;
    made.pieces.back().registration = std::move(search.registration);
    done += search.works;
  }
  // Only where all went well: else memory was short, and not the size too large.
  if (found != 0) most_bytes_ = found;
  return Status();
}

}  // namespace windlass
