#include "store/assembly.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "base/text.hpp"

namespace windlass {

namespace {

// More than any mesh leaves open in between; only parts that overlap without order come near it.
constexpr size_t kMostOpenBoxes = size_t{1} << 20U;

}  // namespace

Result<std::vector<Piece>> cover(const Box& wanted, std::span<const Part> parts) {
  std::vector<Piece> pieces;
  if (wanted.empty()) return pieces;
  std::vector<Part> overlapping;
  for (const Part& part : parts) {
    if (part.box.rank == wanted.rank && intersection(part.box, wanted)) overlapping.push_back(part);
  }
  // In row-major order what is left open stays in few boxes, and pieces are as large as the parts are.
  std::stable_sort(overlapping.begin(), overlapping.end(),
                   [](const Part& one, const Part& other) { return one.box.offsets < other.box.offsets; });
  std::vector<Box> open = {wanted};
  std::vector<Box> still_open;
  for (const Part& part : overlapping) {
    still_open.clear();
    for (const Box& box : open) {
      const std::optional<Box> both = intersection(box, part.box);
      if (!both) {
        still_open.push_back(box);
        continue;
      }
      pieces.push_back({part, *both});
      subtract(box, *both, &still_open);
    }
    open.swap(still_open);
    if (open.empty()) return pieces;
    if (open.size() > kMostOpenBoxes) {
      return Status::error(Code::kUnsupported, "the shards overlap in too many ways to be put together");
    }
  }
  return Status::error(Code::kIncomplete,
                       text("no shard has elements ", open.front().to_string(), " of the tensor",
                            open.size() > 1 ? text(", nor those of ", open.size() - 1, " more boxes") : std::string(),
                            "; put shards that leave nothing out"));
}

Result<Assembly> Assembly::plan(DType dtype, const Box& wanted, std::span<const Part> parts) {
  Result<std::vector<Piece>> pieces = cover(wanted, parts);
  if (!pieces.ok()) return pieces.status();
  Assembly planned(dtype_bits(dtype), wanted, *std::move(pieces));
  if (planned.bits_ % 8 != 0) {
    if (Status whole = planned.check_whole_bytes(); !whole.ok()) {
      return whole.with_prefix(text("elements of ", dtype_name(dtype)));
    }
  }
  return planned;
}

Status Assembly::check_whole_bytes() const {
  const uint64_t per_byte = 8 / bits_;
  const uint64_t wanted_elements = wanted_.volume();
  for (const Piece& piece : pieces_) {
    const uint64_t source_elements = piece.from.box.volume();
    RunCursor runs(piece.from.box, wanted_, piece.box);
    while (const std::optional<ElementRun> run = runs.next()) {
      const bool ends_both = run->source_element + run->elements == source_elements &&
                             run->target_element + run->elements == wanted_elements;
      if (run->source_element % per_byte == 0 && run->target_element % per_byte == 0 &&
          (run->elements % per_byte == 0 || ends_both)) {
        continue;
      }
      return Status::error(Code::kInvalidArgument,
                           text(per_byte, " to a byte: ", piece.box.to_string(), " does not begin and end with whole ",
                                "bytes in every row; ask for offsets and sizes that are multiples of ", per_byte));
    }
  }
  return Status();
}

std::vector<ByteRun> Assembly::next(size_t most) {
  std::vector<ByteRun> runs;
  while (runs.size() < most && piece_ < pieces_.size()) {
    const Piece& piece = pieces_[piece_];
    if (!cursor_) cursor_.emplace(piece.from.box, wanted_, piece.box);
    const std::optional<ElementRun> run = cursor_->next();
    if (!run) {
      cursor_.reset();
      ++piece_;
      continue;
    }
    runs.push_back({piece.from.entry, run->source_element * bits_ / 8, run->target_element * bits_ / 8,
                    (run->elements * bits_ + 7) / 8});
  }
  return runs;
}

}  // namespace windlass
