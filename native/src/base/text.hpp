// Text for messages: pieces put together, and byte counts as people read them.
#pragma once

#include <concepts>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace windlass {

namespace text_detail {
inline void append(std::string& out, std::string_view piece) { out += piece; }
inline void append(std::string& out, const char* piece) { out += piece; }
inline void append(std::string& out, char piece) { out += piece; }
template <std::integral N>
void append(std::string& out, N number) {
  out += std::to_string(number);
}
}  // namespace text_detail

// text("region of ", 3, " bytes") is "region of 3 bytes".
template <typename... Pieces>
std::string text(const Pieces&... pieces) {
  std::string out;
  (text_detail::append(out, pieces), ...);
  return out;
}

// "512 MiB", "1.5 GiB", "17 bytes".
std::string bytes_text(uint64_t bytes);

// "0x7f0012345000".
std::string hex_text(uint64_t number);

// What the operating system calls an errno: "Cannot allocate memory (errno 12)".
std::string errno_text(int number);

// Copies text into a fixed field, NUL-terminated, cut between characters where it is too long.
void copy_text(std::span<char> field, std::string_view text) noexcept;

}  // namespace windlass
