// Which ranges of one memory are registered with one device for one access; of one memory there may be several of
// these.
//
// The ranges never overlap. One that is being registered at this moment is there too, so that nobody else registers it;
// and so are those whose registration failed, so that it is not tried again and again.
//
// Threads: whoever owns it serialises calls.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "base/status.hpp"
#include "transport/registrar.hpp"

namespace windlass {

struct RegisteringDevice;
struct RegisterableMemory;

// [start, end) of addresses.
struct ByteRange {
  uint64_t start = 0;
  uint64_t end = 0;
  friend bool operator==(const ByteRange&, const ByteRange&) = default;

  uint64_t bytes() const noexcept { return end - start; }
  bool holds(const ByteRange& other) const noexcept { return start <= other.start && other.end <= end; }
  bool overlaps(const ByteRange& other) const noexcept { return start < other.end && other.start < end; }
};

inline ByteRange range_of(const std::byte* data, uint64_t bytes) noexcept {
  const auto start = reinterpret_cast<uint64_t>(data);
  return {start, start + bytes};
}

// Errors: kInvalidArgument (no memory, or no bytes; more than there are addresses).
Status check_memory_range(const std::byte* data, uint64_t bytes);

// A registered range. It is in exactly one of its owner's lists, between which it moves without taking memory.
struct RegisteredSpan {
  std::shared_ptr<RegisterableMemory> memory;
  std::shared_ptr<RegisteringDevice> device;
  uint32_t access = 0;
  ByteRange range;
  uint64_t number = 0;      // never used again
  uint64_t generation = 0;  // of the memory's pages
  std::unique_ptr<Registration> registration;
  uint64_t uses = 0;
  bool listed = false;  // who asks for it finds it
  std::list<std::shared_ptr<RegisteredSpan>>::iterator place;
};

class RegistrationRanges {
 public:
  static constexpr size_t kMostFailures = 64;

  // A span that overlaps none. It is the owner's to keep.
  void add(RegisteredSpan& span);
  void remove(const RegisteredSpan& span) noexcept;
  // Any of those that are registered, or null.
  RegisteredSpan* first() const noexcept;

  // Whether some of the range is being registered by somebody.
  bool is_pending(const ByteRange& range) const noexcept;
  void begin(const ByteRange& range);
  void end(const ByteRange& range) noexcept;

  // The first part of the range that is not registered. None of it is pending.
  std::optional<ByteRange> first_gap(const ByteRange& range) const noexcept;
  // The spans that the range lies in, in order. There is no gap in it.
  std::vector<RegisteredSpan*> covering(const ByteRange& range) const;

  // A gap, made larger: to the bounds of windows of so many bytes (0: not at all) that are counted from within.start;
  // but not beyond within, nor into what is registered or pending.
  ByteRange widened(const ByteRange& gap, uint64_t window_bytes, const ByteRange& within) const noexcept;
  // A gap, together with neighbours that nobody uses: those that are no larger than what has come together before, so
  // that each byte is registered again only a few times; no more than most_bytes in all.
  ByteRange merged(const ByteRange& gap, uint64_t most_bytes, std::vector<RegisteredSpan*>& neighbours) const;

  // Registering the range failed. Whoever asks for it, or for more, is refused so many times. ended: how often the
  // device has given memory back so far.
  void remember_failure(const ByteRange& range, Status failure, uint64_t refusals, uint64_t ended);
  // Why the range is not to be tried now; OK if it is. Where memory was short and the device has given some back since,
  // it is.
  Status refusal(const ByteRange& range, uint64_t ended);
  void forget_failures() noexcept { failures_.clear(); }

 private:
  struct Failure {
    ByteRange range;
    Status status;
    uint64_t refusals_left = 0;
    uint64_t ended = 0;
  };

  std::map<uint64_t, RegisteredSpan*> spans_;  // by start
  std::map<uint64_t, uint64_t> pending_;       // end by start
  std::vector<Failure> failures_;              // the oldest first
};

}  // namespace windlass
