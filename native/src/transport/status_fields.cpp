#include "transport/status_fields.hpp"

#include <string>

namespace windlass {

namespace {

// Cut between characters of UTF-8.
std::string_view shortened(std::string_view message) noexcept {
  if (message.size() <= kMaxMessageBytes) return message;
  size_t end = kMaxMessageBytes;
  while (end > 0 && (static_cast<unsigned char>(message[end]) & 0xC0U) == 0x80U) --end;
  return message.substr(0, end);
}

}  // namespace

void encode_status(Encoder& out, const Status& status) {
  out.u32(static_cast<uint32_t>(status.code()));
  if (status.ok()) return;
  out.i32(status.system_code());
  out.string(shortened(status.message()));
}

Status decode_status(Decoder& in) {
  const uint32_t number = in.u32();
  if (number == 0) return Status();
  const int32_t system_code = in.i32();
  const std::string_view message = in.string(kMaxMessageBytes);
  if (!in.ok()) return Status();
  const bool known = number <= static_cast<uint32_t>(Code::kIncomplete);
  return Status::error(known ? static_cast<Code>(number) : Code::kUnavailable, std::string(message), system_code);
}

}  // namespace windlass
