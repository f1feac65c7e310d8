// What a volume answers to the requests of a client: from the frame that came to the frame that goes back.
//
// Threads: any; each has a scratch of its own.
#pragma once

#include <cstddef>
#include <vector>

#include "base/owned_descriptor.hpp"
#include "base/status.hpp"
#include "transport/frame.hpp"
#include "volume/messages.hpp"
#include "volume/volume_session.hpp"

namespace windlass {

// Where requests are read into, again and again, so that reading takes no memory.
struct RequestScratch {
  PrepareRequest prepare;
  CommitRequest commit;
  PutInlineRequest put_inline;
  NumbersRequest numbers;
  AcquireRequest acquire;
  KeysRequest keys;
};

struct Answer {
  enum class What {
    kReply,      // it has been appended
    kNone,       // the client waits for none
    kWouldWait,  // nothing has been done: ask again where waiting is allowed
    kGoodbye,    // a reply has been appended, and the client ends
  };
  What what = What::kReply;
  OwnedDescriptor descriptor;  // goes with the reply's first byte, if valid
};

// Requests of more bytes are worth another thread.
inline constexpr size_t kLargeRequestBytes = size_t{1} << 20U;

// Carries out what a frame asks for, and appends the reply to out. What the volume says no to is a reply too. Errors:
// kCorrupt (no client that keeps to the protocol sends this: what is wrong).
Result<Answer> answer_request(const Frame& frame, VolumeSession& session, RequestScratch& scratch, bool may_wait,
                              std::vector<std::byte>& out);

}  // namespace windlass
