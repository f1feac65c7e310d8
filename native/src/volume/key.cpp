#include "volume/key.hpp"

#include <cstdint>
#include <cstring>

#include "base/text.hpp"
#include "volume/entry.hpp"

namespace windlass {

namespace {

constexpr size_t kShownBytes = 120;

constexpr bool continues(unsigned char byte) noexcept { return (byte & 0xC0U) == 0x80U; }

// How many bytes the character at the front has; 0 if it is none. Follows the table of well-formed sequences: no
// overlong forms, no surrogates, nothing above U+10FFFF.
size_t character_bytes(std::string_view text) noexcept {
  const auto at = [&](size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
  const unsigned first = at(0);
  if (first < 0x80) return 1;
  const auto second = static_cast<unsigned char>(at(1));
  if (first >= 0xC2 && first <= 0xDF) return continues(second) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    const unsigned lowest = first == 0xE0 ? 0xA0 : 0x80;
    const unsigned highest = first == 0xED ? 0x9F : 0xBF;
    if (second < lowest || second > highest) return 0;
    return continues(static_cast<unsigned char>(at(2))) ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    const unsigned lowest = first == 0xF0 ? 0x90 : 0x80;
    const unsigned highest = first == 0xF4 ? 0x8F : 0xBF;
    if (second < lowest || second > highest) return 0;
    return continues(static_cast<unsigned char>(at(2))) && continues(static_cast<unsigned char>(at(3))) ? 4 : 0;
  }
  return 0;
}

// Where the first byte is that is no UTF-8, or the size.
size_t first_fault(std::string_view text) noexcept {
  size_t at = 0;
  while (at < text.size()) {
    uint64_t eight = 0;
    if (text.size() - at >= sizeof eight) {
      std::memcpy(&eight, text.data() + at, sizeof eight);
      if ((eight & 0x8080808080808080U) == 0) {
        at += sizeof eight;
        continue;
      }
    }
    const size_t bytes = character_bytes(text.substr(at));
    if (bytes == 0) return at;
    at += bytes;
  }
  return at;
}

}  // namespace

bool is_utf8(std::string_view text) noexcept { return first_fault(text) == text.size(); }

Status check_key(std::string_view key) {
  if (key.empty()) return Status::error(Code::kInvalidArgument, "an empty key; keys have at least one byte");
  if (key.size() > kMaxKeyBytes) {
    return Status::error(Code::kInvalidArgument, text("the key ", key_text(key), " has ", key.size(),
                                                      " bytes; keys have at most ", kMaxKeyBytes));
  }
  if (const size_t nul = key.find('\0'); nul != std::string_view::npos) {
    return Status::error(Code::kInvalidArgument,
                         text("the key ", key_text(key), " has a NUL at byte ", nul, "; keys have none"));
  }
  if (const size_t fault = first_fault(key); fault != key.size()) {
    return Status::error(Code::kInvalidArgument,
                         text("the key ", key_text(key), " is not UTF-8 from byte ", fault, " on; encode it"));
  }
  return Status();
}

std::string key_text(std::string_view key) {
  std::string shown = "\"";
  size_t at = 0;
  while (at < key.size() && at < kShownBytes) {
    const size_t bytes = character_bytes(key.substr(at));
    const auto first = static_cast<unsigned char>(key[at]);
    if (bytes == 0 || first < 0x20 || first == 0x7F) {
      shown += '?';
      ++at;
    } else {
      shown += key.substr(at, bytes);
      at += bytes;
    }
  }
  shown += at < key.size() ? "…\"" : "\"";
  return shown;
}

}  // namespace windlass
