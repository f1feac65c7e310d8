// Putting a part of a tensor together from the shards that hold it.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/status.hpp"
#include "store/box.hpp"
#include "store/dtype.hpp"

namespace windlass {

// A shard, or the whole: which box of the tensor it holds.
struct Part {
  uint64_t entry = 0;  // the caller's name for it
  Box box;
};

// What of a part goes into what is wanted.
struct Piece {
  Part from;
  Box box;
};

// Chooses pieces that together are exactly what is wanted, each element once, even if parts overlap. Errors:
// kIncomplete (elements that no part has: which).
Result<std::vector<Piece>> cover(const Box& wanted, std::span<const Part> parts);

// Bytes that go from an entry into the target.
struct ByteRun {
  uint64_t entry = 0;
  uint64_t source_offset = 0;
  uint64_t target_offset = 0;
  uint64_t bytes = 0;
};

// Tells the byte runs of a cover, as few as there can be.
class Assembly {
 public:
  // Errors: of cover(); kInvalidArgument (runs of elements smaller than a byte that do not begin and end with one).
  static Result<Assembly> plan(DType dtype, const Box& wanted, std::span<const Part> parts);

  // The next runs, at most so many; none once all have been told.
  std::vector<ByteRun> next(size_t most);

 private:
  Assembly(uint32_t bits, const Box& wanted, std::vector<Piece> pieces)
      : bits_(bits), wanted_(wanted), pieces_(std::move(pieces)) {}

  Status check_whole_bytes() const;

  uint32_t bits_;
  Box wanted_;
  std::vector<Piece> pieces_;
  size_t piece_ = 0;  // the one that cursor_ walks
  std::optional<RunCursor> cursor_;
};

}  // namespace windlass
