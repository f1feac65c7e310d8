#include "store/dtype.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "base/bytes.hpp"

namespace windlass {
namespace {

Shape shape_of(std::initializer_list<uint64_t> sizes) {
  Shape shape;
  for (const uint64_t size : sizes) shape.sizes.at(shape.rank++) = size;
  return shape;
}

TEST(DTypeTest, eachHasItsSizeAndAName) {
  std::set<std::string> names;
  for (int32_t number = 0; number <= kLastDType; ++number) {
    const Result<DType> dtype = dtype_of(number);
    ASSERT_TRUE(dtype.ok());
    EXPECT_TRUE(names.insert(std::string(dtype_name(*dtype))).second) << number;
    if (number != 0) {
      EXPECT_TRUE(is_power_of_two(dtype_bits(*dtype))) << number;
    }
  }
  EXPECT_EQ(dtype_bits(DType::kNone), 0U);
  EXPECT_EQ(dtype_bits(DType::kBool), 8U);
  EXPECT_EQ(dtype_bits(DType::kBf16), 16U);
  EXPECT_EQ(dtype_bits(DType::kF8E5m2), 8U);
  EXPECT_EQ(dtype_bits(DType::kC64), 64U);
  EXPECT_EQ(dtype_bits(DType::kU4), 4U);
  EXPECT_EQ(dtype_name(DType::kBf16), "bf16");
}

TEST(DTypeTest, numbersThatAreNoneAreRefused) {
  for (const int32_t number : {-1, kLastDType + 1, INT32_MAX, INT32_MIN}) {
    EXPECT_EQ(dtype_of(number).status().code(), Code::kInvalidArgument) << number;
  }
}

TEST(DTypeTest, bytesAreCountedAndTheLastOneFilledUp) {
  EXPECT_EQ(*packed_bytes(DType::kF32, shape_of({})), 4U);
  EXPECT_EQ(*packed_bytes(DType::kF32, shape_of({3, 5})), 60U);
  EXPECT_EQ(*packed_bytes(DType::kF32, shape_of({3, 0, 5})), 0U);
  EXPECT_EQ(*packed_bytes(DType::kI4, shape_of({3, 5})), 8U);
  EXPECT_EQ(*packed_bytes(DType::kU4, shape_of({1})), 1U);
  EXPECT_EQ(*packed_bytes(DType::kU4, shape_of({0})), 0U);
}

TEST(DTypeTest, tensorsBeyondCountingAreRefused) {
  const uint64_t many = uint64_t{1} << 57U;
  EXPECT_EQ(*packed_bytes(DType::kF64, shape_of({many})), many * 8);
  EXPECT_EQ(packed_bytes(DType::kU8, shape_of({many + 1})).status().code(), Code::kInvalidArgument);
  EXPECT_EQ(packed_bytes(DType::kU8, shape_of({many, 2})).status().code(), Code::kInvalidArgument);
  EXPECT_EQ(element_count(shape_of({UINT64_MAX, UINT64_MAX})).status().code(), Code::kInvalidArgument);
  EXPECT_EQ(*element_count(shape_of({UINT64_MAX, 0, UINT64_MAX})), 0U);
}

}  // namespace
}  // namespace windlass
