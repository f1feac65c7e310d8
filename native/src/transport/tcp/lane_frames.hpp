// What is said over a lane, in frames whose id is the batch's.
//
//   WRITE  count u32 | reserved u32, 0 | slices | the slices' bytes, back to back
//   END    (nothing): all of the batch has been sent
//   DONE   status: whether all of the batch was taken
//   READ   count u32 | reserved u32, 0 | slices
//   BYTES  status | if it is OK, the slices' bytes, back to back
//
//   a slice: token u64 | segment u64 | offset u64 | bytes u64
//
// A batch of writes is any number of WRITE and one END, answered by one DONE. A READ is answered by one BYTES; several
// may be under way, and are answered in their order. A frame carries at most 256 slices, and at most 2 MiB of bytes, so
// that lanes share out what is to be moved, and none has to wait for long.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/bytes.hpp"
#include "base/status.hpp"
#include "transport/frame.hpp"
#include "transport/transport.hpp"

namespace windlass {

enum class LaneFrame : uint16_t { kWrite = 0x0201, kEnd = 0x0202, kRead = 0x0203, kDone = 0x8202, kBytes = 0x8203 };

inline constexpr uint32_t kMaxSlices = 256;
inline constexpr uint64_t kMaxFrameDataBytes = 2 * kMiB;
inline constexpr size_t kSliceBytes = 32;
inline constexpr size_t kTableHeadBytes = 8;
inline constexpr size_t kMaxTableBytes = kTableHeadBytes + kMaxSlices * kSliceBytes;
inline constexpr uint32_t kMaxLanePayloadBytes = static_cast<uint32_t>(kMaxTableBytes + kMaxFrameDataBytes);
inline constexpr size_t kStatusBytes = 4;  // of one that is OK

// What one frame moves: ranges, and the local memory of each.
struct SliceBatch {
  std::vector<RemoteRange> ranges;
  std::vector<std::span<std::byte>> parts;
  uint64_t bytes = 0;

  void clear() noexcept {
    ranges.clear();
    parts.clear();
    bytes = 0;
  }
};

// Appends a WRITE's header and slices, behind which the bytes follow; or a READ.
void append_slices(std::vector<std::byte>& out, LaneFrame type, uint64_t batch, std::span<const RemoteRange> ranges);
// Appends a frame without a payload: END.
void append_end(std::vector<std::byte>& out, uint64_t batch);
void append_done(std::vector<std::byte>& out, uint64_t batch, const Status& status);
// Appends a BYTES' header, behind which data_bytes follow if the status is OK.
void append_bytes_head(std::vector<std::byte>& out, uint64_t batch, const Status& status, uint64_t data_bytes);

// How many bytes the slices of a WRITE or READ take, from the first kTableHeadBytes of its payload. Errors: kCorrupt.
Result<size_t> parse_table_bytes(const FrameHeader& header, std::span<const std::byte> head);
// Reads the slices, of which table has all, into ranges; returns the sum of their bytes. Errors: kCorrupt (an empty
// slice, too many bytes, a payload that is not as long as they say).
Result<uint64_t> parse_slices(const FrameHeader& header, std::span<const std::byte> table,
                              std::vector<RemoteRange>& ranges);

}  // namespace windlass
