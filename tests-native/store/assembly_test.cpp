#include "store/assembly.hpp"
#include "store/boxes.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

namespace windlass {
namespace {

using test::box_of;

std::vector<ByteRun> all_runs(Assembly assembly, size_t at_once) {
  std::vector<ByteRun> all;
  for (std::vector<ByteRun> runs = assembly.next(at_once); !runs.empty(); runs = assembly.next(at_once)) {
    EXPECT_LE(runs.size(), at_once);
    all.insert(all.end(), runs.begin(), runs.end());
  }
  return all;
}

// A tensor cut into a grid, each cut somewhere.
std::vector<Part> random_grid(std::mt19937_64& random, const Shape& shape) {
  std::vector<Part> parts = {{0, Box::whole(shape)}};
  for (uint32_t dimension = 0; dimension < shape.rank; ++dimension) {
    std::vector<uint64_t> cuts = {0, shape.sizes[dimension]};
    for (uint64_t more = random() % 3; more > 0; --more) cuts.push_back(random() % (shape.sizes[dimension] + 1));
    std::sort(cuts.begin(), cuts.end());
    cuts.erase(std::unique(cuts.begin(), cuts.end()), cuts.end());
    std::vector<Part> cut;
    for (const Part& part : parts) {
      for (size_t at = 0; at + 1 < cuts.size(); ++at) {
        cut.push_back(part);
        cut.back().box.offsets[dimension] = cuts[at];
        cut.back().box.sizes[dimension] = cuts[at + 1] - cuts[at];
      }
    }
    parts.swap(cut);
  }
  std::shuffle(parts.begin(), parts.end(), random);
  for (size_t at = 0; at < parts.size(); ++at) parts[at].entry = at;
  return parts;
}

Box random_box(std::mt19937_64& random, const Shape& shape) {
  Box box;
  box.rank = shape.rank;
  for (uint32_t dimension = 0; dimension < shape.rank; ++dimension) {
    box.offsets[dimension] = random() % shape.sizes[dimension];
    box.sizes[dimension] = 1 + random() % (shape.sizes[dimension] - box.offsets[dimension]);
  }
  return box;
}

TEST(AssemblyTest, aWholeTensorIsOneRun) {
  const Box whole = box_of({{0, 7}, {0, 11}, {0, 3}});
  Result<Assembly> assembly = Assembly::plan(DType::kF32, whole, std::vector<Part>{{9, whole}});
  ASSERT_TRUE(assembly.ok());
  const std::vector<ByteRun> runs = all_runs(*assembly, 100);
  ASSERT_EQ(runs.size(), 1U);
  EXPECT_EQ(runs[0].entry, 9U);
  EXPECT_EQ(runs[0].bytes, uint64_t{7 * 11 * 3 * 4});
}

TEST(AssemblyTest, aScalarIsOneElement) {
  Result<Assembly> assembly = Assembly::plan(DType::kF64, Box(), std::vector<Part>{{0, Box()}});
  ASSERT_TRUE(assembly.ok());
  const std::vector<ByteRun> runs = all_runs(*assembly, 1);
  ASSERT_EQ(runs.size(), 1U);
  EXPECT_EQ(runs[0].bytes, 8U);
}

TEST(AssemblyTest, aPartOfAGridHasOnePieceOfEachShardThatItTouches) {
  std::mt19937_64 random(30);
  for (int round = 0; round < 500; ++round) {
    Shape shape{static_cast<uint32_t>(1 + random() % 4), {}};
    for (uint32_t dimension = 0; dimension < shape.rank; ++dimension) shape.sizes[dimension] = 1 + random() % 9;
    const std::vector<Part> parts = random_grid(random, shape);
    const Box wanted = random_box(random, shape);
    const Result<std::vector<Piece>> pieces = cover(wanted, parts);
    ASSERT_TRUE(pieces.ok()) << pieces.status().to_string();
    size_t touched = 0;
    uint64_t elements = 0;
    for (const Part& part : parts) touched += intersection(part.box, wanted).has_value() ? 1U : 0U;
    for (const Piece& piece : *pieces) elements += piece.box.volume();
    EXPECT_EQ(pieces->size(), touched);
    EXPECT_EQ(elements, wanted.volume());
  }
}

TEST(AssemblyTest, shardsThatOverlapGiveEachElementOnce) {
  std::mt19937_64 random(31);
  int covered = 0;
  for (int round = 0; round < 3000; ++round) {
    Shape shape{static_cast<uint32_t>(1 + random() % 3), {}};
    for (uint32_t dimension = 0; dimension < shape.rank; ++dimension) shape.sizes[dimension] = 1 + random() % 6;
    std::vector<Part> parts;
    for (uint64_t count = 1 + random() % 8; count > 0; --count) parts.push_back({count, random_box(random, shape)});
    const Box wanted = random_box(random, shape);
    // Brute force: which of all elements is in a part.
    uint64_t have = 0;
    Box one = wanted;
    one.sizes.fill(1);
    for (uint64_t index = 0; index < wanted.volume(); ++index) {
      uint64_t rest = index;
      for (uint32_t dimension = wanted.rank; dimension-- > 0;) {
        one.offsets[dimension] = wanted.offsets[dimension] + rest % wanted.sizes[dimension];
        rest /= wanted.sizes[dimension];
      }
      if (std::any_of(parts.begin(), parts.end(), [&](const Part& part) { return intersection(part.box, one); }))
        ++have;
    }
    const Result<std::vector<Piece>> pieces = cover(wanted, parts);
    ASSERT_EQ(pieces.ok(), have == wanted.volume());
    if (!pieces.ok()) {
      EXPECT_EQ(pieces.status().code(), Code::kIncomplete);
      continue;
    }
    ++covered;
    uint64_t elements = 0;
    for (const Piece& piece : *pieces) {
      elements += piece.box.volume();
      EXPECT_EQ(intersection(piece.box, piece.from.box), piece.box);
      EXPECT_EQ(intersection(piece.box, wanted), piece.box);
      for (const Piece& other : *pieces) {
        if (&other != &piece) {
          EXPECT_FALSE(intersection(piece.box, other.box));
        }
      }
    }
    EXPECT_EQ(elements, wanted.volume());
  }
  EXPECT_GT(covered, 300);
}

TEST(AssemblyTest, whatNoShardHasIsNamed) {
  const std::vector<Part> parts = {{0, box_of({{0, 2}, {0, 8}})}, {1, box_of({{3, 1}, {0, 8}})}};
  const Result<Assembly> assembly = Assembly::plan(DType::kU8, box_of({{0, 4}, {2, 4}}), parts);
  EXPECT_EQ(assembly.status().code(), Code::kIncomplete);
  EXPECT_NE(assembly.status().message().find("[2:3, 2:6]"), std::string_view::npos) << assembly.status().to_string();
}

TEST(AssemblyTest, nothingIsWantedAndNothingIsTold) {
  Result<Assembly> assembly = Assembly::plan(DType::kU8, box_of({{0, 4}, {2, 0}}), {});
  ASSERT_TRUE(assembly.ok());
  EXPECT_TRUE(assembly->next(10).empty());
}

TEST(AssemblyTest, runsComeInPortions) {
  const std::vector<Part> parts = {{0, box_of({{0, 10}, {0, 8}})}, {1, box_of({{10, 10}, {0, 8}})}};
  const Box column = box_of({{0, 20}, {3, 1}});
  for (const size_t at_once : {size_t{1}, size_t{3}, size_t{10}, size_t{100}}) {
    Result<Assembly> assembly = Assembly::plan(DType::kU16, column, parts);
    ASSERT_TRUE(assembly.ok());
    const std::vector<ByteRun> runs = all_runs(*assembly, at_once);
    ASSERT_EQ(runs.size(), 20U);
    for (uint64_t row = 0; row < 20; ++row) {
      EXPECT_EQ(runs[row].entry, row / 10);
      EXPECT_EQ(runs[row].source_offset, ((row % 10) * 8 + 3) * 2);
      EXPECT_EQ(runs[row].target_offset, row * 2);
      EXPECT_EQ(runs[row].bytes, 2U);
    }
  }
}

TEST(AssemblyTest, halvesOfBytesAreRefusedAndWholeOnesAreNot) {
  const std::vector<Part> even = {{0, box_of({{0, 4}, {0, 6}})}};
  const auto plan = [](const Box& wanted, const std::vector<Part>& parts) {
    return Assembly::plan(DType::kI4, wanted, parts).status().code();
  };
  EXPECT_EQ(plan(box_of({{1, 2}, {2, 4}}), even), Code::kOk);
  EXPECT_EQ(plan(box_of({{1, 2}, {1, 2}}), even), Code::kInvalidArgument);
  EXPECT_EQ(plan(box_of({{1, 2}, {0, 3}}), even), Code::kInvalidArgument);
  EXPECT_EQ(plan(box_of({{1, 1}, {0, 3}}), even), Code::kInvalidArgument);
  // Rows of five begin in the middle of a byte, except every other one; all together are whole.
  const std::vector<Part> odd = {{0, box_of({{0, 5}, {0, 5}})}};
  EXPECT_EQ(plan(box_of({{0, 5}, {0, 5}}), odd), Code::kOk);
  EXPECT_EQ(plan(box_of({{2, 3}, {0, 5}}), odd), Code::kOk);
  EXPECT_EQ(plan(box_of({{0, 4}, {0, 5}}), odd), Code::kOk);
  EXPECT_EQ(plan(box_of({{1, 1}, {0, 5}}), odd), Code::kInvalidArgument);
  const Result<Assembly> refused = Assembly::plan(DType::kU4, box_of({{1, 1}, {0, 5}}), odd);
  EXPECT_NE(refused.status().message().find("u4"), std::string_view::npos) << refused.status().to_string();
}

}  // namespace
}  // namespace windlass
