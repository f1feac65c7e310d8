// How a status travels: code u32, 0 for OK; if it is not, the system's code i32, and the message.
#pragma once

#include "base/status.hpp"
#include "transport/wire.hpp"

namespace windlass {

inline constexpr uint32_t kMaxMessageBytes = 4096;                                    // longer ones are cut
inline constexpr uint32_t kMaxStatusBytes = 3 * sizeof(uint32_t) + kMaxMessageBytes;  // of all its fields

void encode_status(Encoder& out, const Status& status);

// What a peer said. A code that is not known here counts as kUnavailable. The decoder tells whether it was well-formed;
// if it was not, the status is OK.
Status decode_status(Decoder& in);

}  // namespace windlass
