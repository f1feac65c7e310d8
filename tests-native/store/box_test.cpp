#include "store/box.hpp"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>
#include <vector>

#include "base/bytes.hpp"
#include "store/boxes.hpp"

namespace windlass {
namespace {

using test::box_of;

Box random_box(std::mt19937_64& random, const Box& within) {
  Box box;
  box.rank = within.rank;
  for (uint32_t dimension = 0; dimension < box.rank; ++dimension) {
    const uint64_t first = random() % within.sizes[dimension];
    box.offsets[dimension] = within.offsets[dimension] + first;
    box.sizes[dimension] = 1 + random() % (within.sizes[dimension] - first);
  }
  return box;
}

Box random_space(std::mt19937_64& random) {
  Box box;
  box.rank = static_cast<uint32_t>(random() % 5);
  for (uint32_t dimension = 0; dimension < box.rank; ++dimension) {
    box.offsets[dimension] = random() % 3;
    box.sizes[dimension] = 1 + random() % 5;
  }
  return box;
}

using Coordinates = std::vector<uint64_t>;

// All indices of a box, in row-major order.
std::vector<Coordinates> indices_of(const Box& box) {
  std::vector<Coordinates> indices = {{}};
  for (uint32_t dimension = 0; dimension < box.rank; ++dimension) {
    std::vector<Coordinates> longer;
    for (const Coordinates& index : indices) {
      for (uint64_t at = 0; at < box.sizes[dimension]; ++at) {
        longer.push_back(index);
        longer.back().push_back(box.offsets[dimension] + at);
      }
    }
    indices.swap(longer);
  }
  return indices;
}

std::map<Coordinates, uint64_t> positions_in(const Box& box) {
  std::map<Coordinates, uint64_t> positions;
  for (const Coordinates& index : indices_of(box)) positions.emplace(index, positions.size());
  return positions;
}

TEST(BoxTest, tellsWhatItIs) {
  const Box box = box_of({{2, 3}, {0, 128}});
  EXPECT_EQ(box.to_string(), "[2:5, 0:128]");
  EXPECT_EQ(box.volume(), 384U);
  EXPECT_FALSE(box.empty());
  EXPECT_TRUE(box_of({{2, 3}, {0, 0}}).empty());
  EXPECT_EQ(Box().volume(), 1U);
  EXPECT_FALSE(Box().empty());
  Shape shape{2, {5, 128}};
  EXPECT_TRUE(box.within(shape));
  shape.sizes[0] = 4;
  EXPECT_FALSE(box.within(shape));
  EXPECT_FALSE(box_of({{UINT64_MAX, 2}, {0, 1}}).within(shape));
  EXPECT_FALSE(box.within({1, {5}}));
}

TEST(BoxTest, intersectionAndRestAreWhatSetsSay) {
  std::mt19937_64 random(20);
  for (int round = 0; round < 2000; ++round) {
    const Box space = random_space(random);
    const Box one = random_box(random, space);
    const Box other = random_box(random, space);
    const std::vector<Coordinates> ones = indices_of(one);
    const std::vector<Coordinates> others = indices_of(other);
    const std::set<Coordinates> in_other(others.begin(), others.end());
    std::set<Coordinates> shared;
    std::set<Coordinates> alone;
    for (const Coordinates& index : ones) (in_other.contains(index) ? shared : alone).insert(index);

    const std::optional<Box> both = intersection(one, other);
    ASSERT_EQ(both.has_value(), !shared.empty());
    if (!both) continue;
    const std::vector<Coordinates> found = indices_of(*both);
    EXPECT_EQ(std::set<Coordinates>(found.begin(), found.end()), shared);

    std::vector<Box> rest;
    subtract(one, *both, &rest);
    std::set<Coordinates> left;
    for (const Box& box : rest) {
      for (const Coordinates& index : indices_of(box)) EXPECT_TRUE(left.insert(index).second) << "told twice";
    }
    EXPECT_EQ(left, alone);
  }
}

TEST(BoxTest, runsAreThePieceAndAsLongAsTheyCanBe) {
  std::mt19937_64 random(21);
  for (int round = 0; round < 2000; ++round) {
    const Box space = random_space(random);
    const Box source = random_box(random, space);
    const Box target = random() % 4 == 0 ? source : random_box(random, space);
    const std::optional<Box> both = intersection(source, target);
    if (!both) continue;
    const Box piece = random() % 2 == 0 ? *both : random_box(random, *both);
    const std::map<Coordinates, uint64_t> in_source = positions_in(source);
    const std::map<Coordinates, uint64_t> in_target = positions_in(target);

    uint64_t expected_runs = 0;
    uint64_t last_source = 0;
    uint64_t last_target = 0;
    std::map<uint64_t, uint64_t> expected;  // target element → source element
    for (const Coordinates& index : indices_of(piece)) {
      const uint64_t from = in_source.at(index);
      const uint64_t to = in_target.at(index);
      if (expected.empty() || from != last_source + 1 || to != last_target + 1) ++expected_runs;
      expected[to] = from;
      last_source = from;
      last_target = to;
    }
    uint64_t runs = 0;
    std::map<uint64_t, uint64_t> told;
    RunCursor cursor(source, target, piece);
    while (const std::optional<ElementRun> run = cursor.next()) {
      ++runs;
      for (uint64_t at = 0; at < run->elements; ++at) told[run->target_element + at] = run->source_element + at;
    }
    EXPECT_EQ(told, expected) << source.to_string() << target.to_string() << piece.to_string();
    EXPECT_EQ(runs, expected_runs) << source.to_string() << target.to_string() << piece.to_string();
    EXPECT_FALSE(cursor.next());
  }
}

TEST(BoxTest, anEmptyPieceHasNoRuns) {
  const Box box = box_of({{0, 4}, {0, 4}});
  RunCursor cursor(box, box, box_of({{1, 0}, {0, 4}}));
  EXPECT_FALSE(cursor.next());
}

}  // namespace
}  // namespace windlass
