#include "store/dtype.hpp"

#include <array>

#include "base/text.hpp"

namespace windlass {

namespace {

struct DTypeFacts {
  uint32_t bits;
  std::string_view name;
};

constexpr std::array<DTypeFacts, kLastDType + 1> kFacts = {{
    {0, "none"},    {8, "bool"},    {8, "u8"},   {8, "i8"},   {16, "u16"},  {16, "i16"}, {32, "u32"},
    {32, "i32"},    {64, "u64"},    {64, "i64"}, {16, "f16"}, {16, "bf16"}, {32, "f32"}, {64, "f64"},
    {8, "f8_e4m3"}, {8, "f8_e5m2"}, {64, "c64"}, {4, "i4"},   {4, "u4"},
}};

// So many elements of any type are far from overflowing 64 bits when they are counted in bits.
constexpr uint64_t kMostElements = uint64_t{1} << 57U;

}  // namespace

Result<DType> dtype_of(int32_t number) {
  if (number >= 0 && number <= kLastDType) return static_cast<DType>(number);
  return Status::error(Code::kInvalidArgument,
                       text("no element type has number ", number, "; they go from 0 to ", kLastDType));
}

uint32_t dtype_bits(DType dtype) noexcept { return kFacts.at(static_cast<size_t>(dtype)).bits; }

std::string_view dtype_name(DType dtype) noexcept { return kFacts.at(static_cast<size_t>(dtype)).name; }

Result<uint64_t> element_count(const Shape& shape) {
  uint64_t count = 1;
  for (const uint64_t size : shape.view()) {
    if (size == 0) return uint64_t{0};
  }
  for (const uint64_t size : shape.view()) {
    if (size > kMostElements / count) {
      return Status::error(Code::kInvalidArgument, text("a tensor of more than ", kMostElements, " elements"));
    }
    count *= size;
  }
  return count;
}

Result<uint64_t> packed_bytes(DType dtype, const Shape& shape) {
  Result<uint64_t> count = element_count(shape);
  if (!count.ok()) return count.status();
  return (*count * dtype_bits(dtype) + 7) / 8;
}

}  // namespace windlass
