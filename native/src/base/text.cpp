#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <system_error>

#include "base/bytes.hpp"

namespace windlass {

std::string bytes_text(uint64_t bytes) {
  struct Unit {
    uint64_t size;
    const char* name;
  };
  static constexpr std::array<Unit, 4> kUnits = {
      {{uint64_t{1} << 40, " TiB"}, {kGiB, " GiB"}, {kMiB, " MiB"}, {kKiB, " KiB"}}};
  for (const Unit& unit : kUnits) {
    if (bytes < unit.size) continue;
    const uint64_t whole = bytes / unit.size;
    const uint64_t tenths = bytes % unit.size * 10 / unit.size;
    return tenths == 0 ? text(whole, unit.name) : text(whole, '.', tenths, unit.name);
  }
  return text(bytes, " bytes");
}

std::string hex_text(uint64_t number) {
  std::array<char, 16> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number, 16).ptr;
  return "0x" + std::string(digits.data(), end);
}

std::string errno_text(int number) { return text(std::system_category().message(number), " (errno ", number, ")"); }

void copy_text(std::span<char> field, std::string_view text) noexcept {
  if (field.empty()) return;
  size_t length = std::min(text.size(), field.size() - 1);
  // A byte 10xxxxxx continues a UTF-8 character: do not cut before one.
  while (length > 0 && length < text.size() && (static_cast<unsigned char>(text[length]) & 0xC0U) == 0x80U) --length;
  std::copy_n(text.data(), length, field.data());
  std::fill(field.begin() + static_cast<std::ptrdiff_t>(length), field.end(), '\0');
}

}  // namespace windlass
