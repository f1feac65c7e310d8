// Bytes as they are written out in golden tests.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace windlass::test {

// golden("57 4C 46 31 'text'"): bytes in hexadecimal, and text between single quotes, as it is.
inline std::vector<std::byte> golden(std::string_view written) {
  const auto digit = [](char c) { return static_cast<unsigned>(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10); };
  std::vector<std::byte> bytes;
  for (size_t at = 0; at < written.size();) {
    if (written[at] == ' ') {
      ++at;
    } else if (written[at] == '\'') {
      for (++at; written[at] != '\''; ++at) bytes.push_back(static_cast<std::byte>(written[at]));
      ++at;
    } else {
      bytes.push_back(static_cast<std::byte>(digit(written[at]) * 16 + digit(written[at + 1])));
      at += 2;
    }
  }
  return bytes;
}

// "57 4C 46 31", to be compared and read.
inline std::string hex_of(std::span<const std::byte> bytes) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string out;
  for (const std::byte part : bytes) {
    if (!out.empty()) out += ' ';
    out += kDigits[std::to_integer<unsigned>(part) >> 4U];
    out += kDigits[std::to_integer<unsigned>(part) & 15U];
  }
  return out;
}

inline std::vector<std::byte> joined(std::initializer_list<std::vector<std::byte>> parts) {
  std::vector<std::byte> whole;
  for (const std::vector<std::byte>& part : parts) whole.insert(whole.end(), part.begin(), part.end());
  return whole;
}

}  // namespace windlass::test
