#include "content.hpp"

#include <array>
#include <cstring>

#include "base/bytes.hpp"
#include "base/text.hpp"

namespace windlass::torture {

namespace {

constexpr std::array<uint64_t, 5> kSizes = {sizeof(Origin), 5000, 70'001, 256 * kKiB, kMiB + 3};

uint64_t mix(uint64_t number) noexcept {
  number = (number ^ (number >> 30)) * 0xbf58476d1ce4e5b9;
  number = (number ^ (number >> 27)) * 0x94d049bb133111eb;
  return number ^ (number >> 31);
}

uint64_t size_of(uint64_t sequence, uint64_t item) noexcept {
  return kSizes[mix(sequence * 64 + item) % kSizes.size()];
}

std::byte byte_at(uint64_t sequence, uint64_t item, uint64_t index) noexcept {
  return static_cast<std::byte>(mix(sequence * 64 + item + (index / 8) * 0x9e3779b97f4a7c15) >> (8 * (index % 8)));
}

}  // namespace

std::vector<std::byte> content_of(uint64_t sequence, uint64_t group, uint64_t item) {
  std::vector<std::byte> content(size_of(sequence, item));
  const Origin origin{sequence, group, item, content.size()};
  std::memcpy(content.data(), &origin, sizeof origin);
  for (uint64_t i = sizeof origin; i < content.size(); ++i) content[i] = byte_at(sequence, item, i);
  return content;
}

std::optional<Origin> check_content(std::span<const std::byte> content, uint64_t group, uint64_t item,
                                    std::string* wrong) {
  Origin origin;
  if (content.size() < sizeof origin) {
    *wrong = text("a value of ", content.size(), " bytes, which nobody put");
    return std::nullopt;
  }
  std::memcpy(&origin, content.data(), sizeof origin);
  if (origin.group != group || origin.item != item || origin.bytes != content.size() ||
      size_of(origin.sequence, item) != content.size()) {
    *wrong = text("a value of put ", origin.sequence, " with ", content.size(), " bytes, put as item ", origin.item,
                  " of group ", origin.group, " with ", origin.bytes);
    return std::nullopt;
  }
  for (uint64_t i = sizeof origin; i < content.size(); ++i) {
    if (content[i] == byte_at(origin.sequence, item, i)) continue;
    *wrong = text("a value of put ", origin.sequence, " with another byte at ", i, " of ", content.size());
    return std::nullopt;
  }
  return origin;
}

}  // namespace windlass::torture
