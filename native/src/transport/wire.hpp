// How messages are written and read: little-endian numbers, and strings behind their length.
//
// An Encoder appends to a buffer of its caller's. A Decoder reads one of somebody else's, trusts nothing in it, and
// makes no memory: what it returns are views. After the first fault (a number beyond the end, a length beyond its
// limit) it gives zeros and empty views, and ok() stays false, so that a message is read first and judged once.
//
// Threads: one at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <vector>

namespace windlass {

// A number's bytes, the lowest first, on any machine.
template <typename Number>
inline void store_number(std::byte* target, Number number) noexcept {
  for (size_t at = 0; at < sizeof(Number); ++at) {
    target[at] = static_cast<std::byte>(static_cast<uint64_t>(number) >> (8 * at));
  }
}
template <typename Number>
inline Number load_number(const std::byte* source) noexcept {
  uint64_t number = 0;
  for (size_t at = 0; at < sizeof(Number); ++at) number |= std::to_integer<uint64_t>(source[at]) << (8 * at);
  return static_cast<Number>(number);
}

class Encoder {
 public:
  explicit Encoder(std::vector<std::byte>& out) noexcept : out_(out) {}

  void u8(uint8_t number) { append(number); }
  void u16(uint16_t number) { append(number); }
  void u32(uint32_t number) { append(number); }
  void u64(uint64_t number) { append(number); }
  void i32(int32_t number) { append(static_cast<uint32_t>(number)); }
  void i64(int64_t number) { append(static_cast<uint64_t>(number)); }
  void boolean(bool truth) { append(static_cast<uint8_t>(truth ? 1 : 0)); }

  // As they are, without a length.
  void raw(std::span<const std::byte> bytes) { out_.insert(out_.end(), bytes.begin(), bytes.end()); }
  // Behind their length, 32 bits.
  void bytes(std::span<const std::byte> bytes) {
    u32(static_cast<uint32_t>(bytes.size()));
    raw(bytes);
  }
  void string(std::string_view text) { bytes(std::as_bytes(std::span(text))); }

  // For a number that is known only later: where it will be, and then itself.
  size_t position() const noexcept { return out_.size(); }
  void set_u32(size_t position, uint32_t number) noexcept { store_number(out_.data() + position, number); }

 private:
  template <typename Number>
  void append(Number number) {
    const size_t at = out_.size();
    out_.resize(at + sizeof(Number));
    store_number(out_.data() + at, number);
  }

  std::vector<std::byte>& out_;
};

class Decoder {
 public:
  explicit Decoder(std::span<const std::byte> in) noexcept : in_(in) {}

  // Whether all that was read was there, and within its limits.
  bool ok() const noexcept { return ok_; }
  // Whether besides nothing is left.
  bool finished() const noexcept { return ok_ && in_.empty(); }
  size_t left() const noexcept { return in_.size(); }
  // For a caller that finds what it has read to be wrong.
  void fail() noexcept {
    ok_ = false;
    in_ = {};
  }

  uint8_t u8() noexcept { return take<uint8_t>(); }
  uint16_t u16() noexcept { return take<uint16_t>(); }
  uint32_t u32() noexcept { return take<uint32_t>(); }
  uint64_t u64() noexcept { return take<uint64_t>(); }
  int32_t i32() noexcept { return static_cast<int32_t>(take<uint32_t>()); }
  int64_t i64() noexcept { return static_cast<int64_t>(take<uint64_t>()); }
  // Anything but 0 and 1 is a fault.
  bool boolean() noexcept {
    const uint8_t number = u8();
    if (number > 1) fail();
    return ok_ && number == 1;
  }

  // So many bytes; empty on a fault.
  std::span<const std::byte> raw(uint64_t count) noexcept {
    if (count > in_.size()) {
      fail();
      return {};
    }
    const std::span<const std::byte> taken = in_.first(static_cast<size_t>(count));
    in_ = in_.subspan(static_cast<size_t>(count));
    return taken;
  }
  // What stands behind a length of at most limit.
  std::span<const std::byte> bytes(uint64_t limit) noexcept {
    const uint32_t count = u32();
    if (count > limit) fail();
    return raw(ok_ ? count : 0);
  }
  std::string_view string(uint64_t limit) noexcept {
    const std::span<const std::byte> found = bytes(limit);
    return {reinterpret_cast<const char*>(found.data()), found.size()};
  }

  // How many items follow: at most limit, and no more than can be there if each takes at least least_bytes (not 0), so
  // that whoever reserves memory for them reserves no more than was sent.
  uint32_t count(uint64_t limit, uint64_t least_bytes) noexcept {
    const uint32_t number = u32();
    if (number > limit || number > in_.size() / least_bytes) fail();
    return ok_ ? number : 0;
  }

 private:
  template <typename Number>
  Number take() noexcept {
    const std::span<const std::byte> taken = raw(sizeof(Number));
    return taken.empty() ? Number{0} : load_number<Number>(taken.data());
  }

  std::span<const std::byte> in_;
  bool ok_ = true;
};

}  // namespace windlass
