// One message of each kind, with every field in use, for tests that read and write them all.
#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "volume/messages.hpp"
#include "volume/replies.hpp"

namespace windlass::test {

// A payload, and how it is read: again() reads a payload of the kind and writes what it has read.
struct MessageSample {
  std::string name;  // of its golden frame
  uint16_t type = 0;
  std::vector<std::byte> payload;
  std::function<Result<std::vector<std::byte>>(std::span<const std::byte>)> again;
};

inline void PrintTo(const MessageSample& sample, std::ostream* out) { *out << sample.name; }

// All of them, requests and replies.
std::vector<MessageSample> message_samples();

}  // namespace windlass::test
