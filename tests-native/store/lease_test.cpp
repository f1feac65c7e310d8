// Shards, and every part of a tensor, over every way to a volume.
#include "store/lease.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "store/store_host.hpp"
#include "support/soon.hpp"

namespace windlass::test {
namespace {

using test::soon;

// The packed bytes of a box of a tensor whose elements are this many bytes, one at a time.
std::vector<std::byte> cut_out(const std::vector<std::byte>& whole, const Shape& shape, const Box& box,
                               uint64_t element_bytes) {
  std::vector<std::byte> part(box.volume() * element_bytes);
  for (uint64_t index = 0; index < box.volume(); ++index) {
    uint64_t rest = index;
    uint64_t at = 0;
    uint64_t stride = 1;
    for (uint32_t dimension = box.rank; dimension-- > 0;) {
      at += (box.offsets[dimension] + rest % box.sizes[dimension]) * stride;
      rest /= box.sizes[dimension];
      stride *= shape.sizes[dimension];
    }
    std::memcpy(part.data() + index * element_bytes, whole.data() + at * element_bytes, element_bytes);
  }
  return part;
}

// A tensor, and how a mesh of writers cuts it: dimension d into mesh.sizes[d] pieces, the last ones shorter.
struct Sharded {
  Shape shape;
  Shape mesh;
  uint64_t element_bytes = 4;
  std::vector<std::byte> whole;

  Box part(const std::array<uint64_t, kMaxRank>& coordinates) const {
    Box box;
    box.rank = shape.rank;
    for (uint32_t dimension = 0; dimension < shape.rank; ++dimension) {
      const uint64_t each = (shape.sizes[dimension] + mesh.sizes[dimension] - 1) / mesh.sizes[dimension];
      box.offsets[dimension] = std::min(each * coordinates[dimension], shape.sizes[dimension]);
      box.sizes[dimension] = std::min(each, shape.sizes[dimension] - box.offsets[dimension]);
    }
    return box;
  }
};

class ShardedTensor {
 public:
  ShardedTensor(Sharded tensor, DType dtype) : tensor_(std::move(tensor)), dtype_(dtype) {
    const uint64_t count = *element_count(tensor_.mesh);
    for (uint64_t index = 0; index < count; ++index) {
      Slice slice{tensor_.shape, {}, tensor_.mesh, {}};
      uint64_t rest = index;
      for (uint32_t dimension = tensor_.mesh.rank; dimension-- > 0;) {
        slice.coordinates[dimension] = rest % tensor_.mesh.sizes[dimension];
        rest /= tensor_.mesh.sizes[dimension];
      }
      boxes_.push_back(tensor_.part(slice.coordinates));
      slice.offsets = boxes_.back().offsets;
      slices_.push_back(slice);
      bytes_.push_back(cut_out(tensor_.whole, tensor_.shape, boxes_.back(), tensor_.element_bytes));
    }
  }

  size_t count() const { return slices_.size(); }
  const Slice& slice(size_t index) const { return slices_[index]; }
  PutItem item(std::string_view key, size_t index) const {
    PutItem item = tensor_item(key, dtype_, {tensor_.shape.rank, boxes_[index].sizes}, bytes_[index]);
    item.slice = &slices_[index];
    return item;
  }

 private:
  Sharded tensor_;
  DType dtype_;
  std::vector<Box> boxes_;
  std::vector<Slice> slices_;
  std::vector<std::vector<std::byte>> bytes_;
};

class LeaseTest : public testing::TestWithParam<Way> {
 protected:
  std::vector<std::byte> read_box(Lease& lease, const Box& box, uint64_t element_bytes) {
    std::vector<std::byte> target(box.volume() * element_bytes);
    const Status read = lease.read_slice(0, box, target, soon());
    EXPECT_TRUE(read.ok()) << read.to_string();
    return target;
  }

  StoreHost host_{GetParam()};
  std::shared_ptr<TensorStore> store_ = host_.open();
};

TEST_P(LeaseTest, everyPartOfAShardedTensorIsWhatTheModelSays) {
  std::mt19937_64 random(77);
  for (int round = 0; round < 12; ++round) {
    Sharded tensor;
    tensor.shape.rank = tensor.mesh.rank = static_cast<uint32_t>(1 + random() % 4);
    for (uint32_t dimension = 0; dimension < tensor.shape.rank; ++dimension) {
      tensor.shape.sizes[dimension] = 1 + random() % (round < 6 ? 9 : 40);
      tensor.mesh.sizes[dimension] = 1 + random() % 3;
    }
    tensor.whole = pattern(*element_count(tensor.shape) * 4, random());
    const ShardedTensor shards(tensor, DType::kF32);
    const std::string key = "sharded " + std::to_string(round);
    std::vector<PutItem> items;
    for (size_t index = 0; index < shards.count(); ++index) items.push_back(shards.item(key, index));
    std::shuffle(items.begin(), items.end(), random);
    const Result<PutReport> report = store_->put(items);
    ASSERT_TRUE(report.ok()) << report.status().to_string();
    EXPECT_NE(report->version, 0U);
    const std::shared_ptr<Lease> lease = lease_of(*store_, {key});
    ASSERT_TRUE(lease);
    ASSERT_EQ(lease->entries().size(), shards.count());
    EXPECT_EQ(read_box(*lease, Box::whole(tensor.shape), 4), tensor.whole);
    for (int part = 0; part < 30; ++part) {
      Box box;
      box.rank = tensor.shape.rank;
      for (uint32_t dimension = 0; dimension < box.rank; ++dimension) {
        box.offsets[dimension] = random() % tensor.shape.sizes[dimension];
        box.sizes[dimension] = random() % (tensor.shape.sizes[dimension] - box.offsets[dimension] + 1);
      }
      EXPECT_EQ(read_box(*lease, box, 4), cut_out(tensor.whole, tensor.shape, box, 4)) << box.to_string();
    }
  }
}

TEST_P(LeaseTest, aWholeTensorGivesItsPartsToo) {
  const Shape shape{3, {7, 200, 90}};
  const std::vector<std::byte> whole = pattern(7 * 200 * 90 * 2, 3);
  const PutItem item = tensor_item("whole", DType::kBf16, shape, whole);
  ASSERT_TRUE(store_->put({&item, 1}).ok());
  const std::shared_ptr<Lease> lease = lease_of(*store_, {"whole"});
  for (const Box& box :
       {Box{3, {1, 2, 3}, {5, 100, 50}}, Box{3, {0, 0, 89}, {7, 200, 1}}, Box{3, {6, 0, 0}, {1, 200, 90}}}) {
    EXPECT_EQ(read_box(*lease, box, 2), cut_out(whole, shape, box, 2));
  }
  EXPECT_EQ(**lease->slice(0), Slice::whole(shape));
}

TEST_P(LeaseTest, aVersionIsThereOnceAllItsShardsAre) {
  Sharded tensor{{2, {6, 8}}, {2, {2, 2}}, 4, pattern(6 * 8 * 4, 1)};
  const ShardedTensor first(tensor, DType::kF32);
  const std::string_view key = "sharded";
  for (const size_t index : {2U, 0U}) {
    const PutItem item = first.item(key, index);
    const Result<PutReport> report = store_->put({&item, 1});
    ASSERT_TRUE(report.ok());
    EXPECT_EQ(report->version, 0U);
  }
  const Status incomplete = store_->acquire({&key, 1}).status();
  EXPECT_EQ(incomplete.code(), Code::kIncomplete) << incomplete.to_string();
  EXPECT_FALSE((*store_->describe({&key, 1}))[0].exists);
  EXPECT_EQ((*store_->describe({&key, 1}))[0].missing, (std::vector<uint32_t>{1, 3}));
  const PutItem rest[] = {first.item(key, 1), first.item(key, 3)};
  const Result<PutReport> complete = store_->put(rest);
  ASSERT_TRUE(complete.ok());
  EXPECT_NE(complete->version, 0U);
  EXPECT_EQ(read_box(*lease_of(*store_, {key}), Box::whole(tensor.shape), 4), tensor.whole);

  // The next version, shard by shard; until it is complete, readers see the one before.
  const std::vector<std::byte> old_bytes = tensor.whole;
  tensor.whole = pattern(6 * 8 * 4, 2);
  const ShardedTensor second(tensor, DType::kF32);
  for (size_t index = 0; index < 4; ++index) {
    EXPECT_EQ(read_box(*lease_of(*store_, {key}), Box::whole(tensor.shape), 4), old_bytes);
    const PutItem item = second.item(key, index);
    ASSERT_TRUE(store_->put({&item, 1}).ok());
  }
  EXPECT_EQ(read_box(*lease_of(*store_, {key}), Box::whole(tensor.shape), 4), tensor.whole);
}

TEST_P(LeaseTest, aShardTellsItsSliceAndItsWritersAttributes) {
  const Sharded tensor{{2, {6, 8}}, {2, {3, 1}}, 4, pattern(6 * 8 * 4, 1)};
  const ShardedTensor shards(tensor, DType::kF32);
  std::vector<PutItem> items;
  for (size_t index = 0; index < 3; ++index) {
    items.push_back(shards.item("sharded", index));
    items.back().meta.attributes = index == 1 ? "second" : "";
  }
  ASSERT_TRUE(store_->put(items).ok());
  const std::shared_ptr<Lease> lease = lease_of(*store_, {"sharded"});
  for (size_t index = 0; index < 3; ++index) {
    EXPECT_EQ(lease->entries()[index].attributes, index == 1 ? "second" : "");
    EXPECT_EQ(lease->entries()[index].found.shard, (ShardPlace{static_cast<uint32_t>(index), 3}));
    EXPECT_EQ(**lease->slice(index), shards.slice(index));
  }
  const std::string_view key = "sharded";
  const Result<std::vector<EntryInfo>> infos = store_->describe({&key, 1});
  EXPECT_EQ((*infos)[0].shape, tensor.shape);
  EXPECT_EQ((*infos)[0].shards, 3U);
  EXPECT_EQ((*infos)[0].bytes, tensor.whole.size());
  EXPECT_EQ((*infos)[0].attributes, "");
}

TEST_P(LeaseTest, writersThatHoldTheSameAreReadOnce) {
  // A mesh of 2 by 3, where the second dimension only repeats.
  const Shape shape{1, {100}};
  const std::vector<std::byte> whole = pattern(100, 4);
  std::vector<Slice> slices;
  std::vector<PutItem> items;
  slices.reserve(6);
  for (uint64_t row = 0; row < 2; ++row) {
    for (uint64_t copy = 0; copy < 3; ++copy) {
      slices.push_back({shape, {row * 50}, {2, {2, 3}}, {row, copy}});
      items.push_back(tensor_item("replicated", DType::kU8, {1, {50}}, whole));
      items.back().data = whole.data() + row * 50;
      items.back().bytes = 50;
      items.back().slice = &slices.back();
    }
  }
  ASSERT_TRUE(store_->put(items).ok());
  const std::shared_ptr<Lease> lease = lease_of(*store_, {"replicated"});
  EXPECT_EQ(read_box(*lease, Box::whole(shape), 1), whole);
}

TEST_P(LeaseTest, whatCannotBePutTogetherIsRefusedByName) {
  const std::vector<std::byte> bytes = pattern(64, 5);
  const Slice gap[] = {{{1, {100}}, {0}, {1, {2}}, {0}}, {{1, {100}}, {60}, {1, {2}}, {1}}};
  PutItem items[] = {tensor_item("gap", DType::kU8, {1, {40}}, bytes),
                     tensor_item("gap", DType::kU8, {1, {40}}, bytes)};
  for (size_t index = 0; index < 2; ++index) {
    items[index].bytes = 40;
    items[index].slice = &gap[index];
  }
  ASSERT_TRUE(store_->put(items).ok());
  const Slice odd[] = {{{1, {100}}, {0}, {1, {2}}, {0}}, {{1, {80}}, {40}, {1, {2}}, {1}}};
  for (size_t index = 0; index < 2; ++index) {
    items[index].key = "odd";
    items[index].slice = &odd[index];
  }
  ASSERT_TRUE(store_->put(items).ok());
  const PutItem plain = tensor_item("nibbles", DType::kI4, {2, {8, 16}}, bytes);
  ASSERT_TRUE(store_->put({&plain, 1}).ok());
  ASSERT_TRUE(put_bytes(*store_, "bytes", bytes).ok());
  const std::shared_ptr<Lease> lease = lease_of(*store_, {"gap", "odd", "nibbles", "bytes"});
  ASSERT_TRUE(lease);
  std::vector<std::byte> target(100);
  const auto refusal = [&](uint64_t item, const Box& box, uint64_t room) {
    return lease->read_slice(item, box, {target.data(), room}, soon());
  };
  const auto expect = [](const Status& status, Code code, std::string_view part) {
    EXPECT_EQ(status.code(), code) << status.to_string();
    EXPECT_NE(status.message().find(part), std::string_view::npos) << status.to_string();
  };
  expect(refusal(0, {1, {0}, {100}}, 100), Code::kIncomplete, "[40:60]");
  EXPECT_TRUE(refusal(0, {1, {60}, {40}}, 40).ok());
  expect(refusal(0, {1, {60}, {41}}, 41), Code::kInvalidArgument, "[60:101]");
  expect(refusal(0, {1, {60}, {40}}, 41), Code::kInvalidArgument, "takes 40 bytes");
  expect(refusal(0, {2, {0, 0}, {1, 1}}, 1), Code::kInvalidArgument, "[0:100]");
  expect(refusal(1, {1, {0}, {10}}, 10), Code::kMismatch, "shard 1");
  expect(refusal(2, {2, {0, 1}, {1, 2}}, 1), Code::kInvalidArgument, "i4");
  EXPECT_TRUE(refusal(2, {2, {1, 2}, {7, 4}}, 14).ok());
  expect(refusal(3, {1, {0}, {1}}, 1), Code::kInvalidArgument, "not a tensor");
  expect(refusal(4, {1, {0}, {1}}, 1), Code::kInvalidArgument, "item 4");
}

TEST_P(LeaseTest, aMappingStaysWhereItIs) {
  if (!host_.maps()) GTEST_SKIP() << "nothing is mapped over tcp";
  const std::vector<std::byte> bytes = pattern(1 * kMiB, 1);
  ASSERT_TRUE(put_bytes(*store_, "value", bytes).ok());
  const std::shared_ptr<Lease> lease = lease_of(*store_, {"value"});
  const std::byte* const address = lease->map(0)->data();
  for (uint64_t seed = 2; seed < 6; ++seed) ASSERT_TRUE(put_bytes(*store_, "value", pattern(1 * kMiB, seed)).ok());
  EXPECT_EQ(lease->map(0)->data(), address);
  EXPECT_EQ(std::memcmp(address, bytes.data(), bytes.size()), 0);
  EXPECT_EQ(store_->info().mapped_bytes, 1 * kMiB);
}

INSTANTIATE_TEST_SUITE_P(Over, LeaseTest, testing::ValuesIn(test::all_ways()),
                         [](const testing::TestParamInfo<Way>& over) { return way_name(over.param); });

}  // namespace
}  // namespace windlass::test
