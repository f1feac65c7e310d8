// What the elements of a tensor are.
//
// The numbers are the ABI's, and what volumes keep: they never change their meaning.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/status.hpp"
#include "volume/entry.hpp"

namespace windlass {

enum class DType : int32_t {
  kNone = 0,  // of plain bytes
  kBool = 1,
  kU8 = 2,
  kI8 = 3,
  kU16 = 4,
  kI16 = 5,
  kU32 = 6,
  kI32 = 7,
  kU64 = 8,
  kI64 = 9,
  kF16 = 10,
  kBf16 = 11,
  kF32 = 12,
  kF64 = 13,
  kF8E4m3 = 14,
  kF8E5m2 = 15,
  kC64 = 16,  // two F32
  kI4 = 17,   // two to a byte, the first in the low half; a last one alone has a byte
  kU4 = 18,
};
inline constexpr int32_t kLastDType = 18;

// Errors: kInvalidArgument (no element type has that number).
Result<DType> dtype_of(int32_t number);

// Of one element; 0 for kNone.
uint32_t dtype_bits(DType dtype) noexcept;

std::string_view dtype_name(DType dtype) noexcept;  // "bf16"

// How many bytes so many elements take, the last byte filled up. Errors: kInvalidArgument (more than 2^57 elements).
Result<uint64_t> packed_bytes(DType dtype, const Shape& shape);

// The product of the sizes. Errors: kInvalidArgument (more than 2^57).
Result<uint64_t> element_count(const Shape& shape);

}  // namespace windlass
