#include "store/pull_plan.hpp"

#include <gtest/gtest.h>

#include "store/store_host.hpp"
#include "volume/offer.hpp"

namespace windlass {
namespace {

using test::pattern;
using test::StoreHost;
using test::tensor_item;
using test::Way;

Box box(uint64_t row, uint64_t column, uint64_t rows, uint64_t columns) {
  Box made;
  made.rank = 2;
  made.offsets[0] = row;
  made.offsets[1] = column;
  made.sizes[0] = rows;
  made.sizes[1] = columns;
  return made;
}

Shape shape(uint64_t rows, uint64_t columns) {
  Shape made;
  made.rank = 2;
  made.sizes[0] = rows;
  made.sizes[1] = columns;
  return made;
}

class PullPlanTest : public testing::TestWithParam<Way> {
 protected:
  std::shared_ptr<PullPlan> plan(const PullTarget& target) {
    Result<std::shared_ptr<PullPlan>> made = store_->plan({&target, 1});
    EXPECT_TRUE(made.ok()) << made.status().to_string();
    return made.ok() ? *made : nullptr;
  }
  static PullTarget part(std::string_view key, const Box& wanted, std::vector<std::byte>& target) {
    PullTarget made;
    made.key = key;
    made.kind = EntryKind::kTensor;
    made.dtype = DType::kU8;
    made.box = wanted;
    made.target = target.data();
    made.bytes = target.size();
    return made;
  }

  StoreHost host_{GetParam()};
  const std::shared_ptr<TensorStore> store_ = host_.open();
};

INSTANTIATE_TEST_SUITE_P(All, PullPlanTest, testing::ValuesIn(test::all_ways()),
                         [](const testing::TestParamInfo<Way>& way) { return test::way_name(way.param); });

TEST_P(PullPlanTest, isKeptForAsLongAsTheLayoutIsTheSame) {
  std::vector<std::byte> target(300 * 200);
  const std::shared_ptr<PullPlan> pulls = plan(part("w", box(100, 50, 300, 200), target));
  for (uint64_t seed = 1; seed < 4; ++seed) {
    const std::vector<std::byte> whole = pattern(1000 * 400, seed);
    const PutItem item = tensor_item("w", DType::kU8, shape(1000, 400), whole);
    ASSERT_TRUE(store_->put({&item, 1}).ok());
    const Result<PullReport> report = pulls->pull();
    ASSERT_TRUE(report.ok()) << report.status().to_string();
    EXPECT_EQ(report->planned, seed == 1 ? 1U : 0U);
    EXPECT_EQ(report->reused, seed == 1 ? 0U : 1U);
    for (uint64_t row = 0; row < 300; ++row) {
      ASSERT_EQ(std::memcmp(&target[row * 200], &whole[(100 + row) * 400 + 50], 200), 0) << row;
    }
  }
  const std::vector<std::byte> whole = pattern(500 * 400, 9);
  const PutItem item = tensor_item("w", DType::kU8, shape(500, 400), whole);
  ASSERT_TRUE(store_->put({&item, 1}).ok());
  EXPECT_EQ(pulls->pull()->planned, 1U) << "of another shape";
}

TEST_P(PullPlanTest, isMadeAnewForAnotherOffer) {
  std::vector<std::byte> target(3000 * 200);
  std::vector<std::byte> whole = pattern(3000 * 200, 1);
  const std::shared_ptr<PullPlan> pulls = plan(part("w", box(0, 0, 3000, 200), target));
  OfferItem item;
  item.key = "w";
  item.meta.kind = EntryKind::kTensor;
  item.meta.dtype = static_cast<int32_t>(DType::kU8);
  item.meta.shape = shape(3000, 200);
  item.data = whole.data();
  item.bytes = whole.size();
  for (int round = 0; round < 2; ++round) {
    const Result<std::shared_ptr<Offer>> offer = host_.volume().offer({&item, 1}, {});
    ASSERT_TRUE(offer.ok()) << offer.status().to_string();
    EXPECT_EQ(pulls->pull()->planned, 1U);
    EXPECT_EQ(target, whole);
    for (int step = 0; step < 3; ++step) {
      ASSERT_TRUE((*offer)->begin_update(Deadline::after(std::chrono::seconds(60)), false).ok());
      std::fill(whole.begin(), whole.end(), static_cast<std::byte>(step));
      const uint64_t version = *(*offer)->publish();
      const Result<PullReport> report = pulls->pull();
      ASSERT_TRUE(report.ok()) << report.status().to_string();
      EXPECT_EQ(report->reused, 1U);
      EXPECT_EQ(report->version, version);
      EXPECT_EQ(target, whole);
    }
    (*offer)->close(Deadline::after(std::chrono::seconds(60)));
  }
}

TEST_P(PullPlanTest, waitsForAnUpdateThatIsUnderWay) {
  std::vector<std::byte> target(100);
  std::vector<std::byte> whole = pattern(100, 1);
  PullTarget bytes;
  bytes.key = "b";
  bytes.target = target.data();
  bytes.bytes = target.size();
  const std::shared_ptr<PullPlan> pulls = plan(bytes);
  OfferItem item;
  item.key = "b";
  item.data = whole.data();
  item.bytes = whole.size();
  const Result<std::shared_ptr<Offer>> offer = host_.volume().offer({&item, 1}, {});
  ASSERT_TRUE(offer.ok());
  ASSERT_TRUE((*offer)->begin_update(Deadline::after(std::chrono::seconds(60)), false).ok());
  LeaseOptions at_once;
  at_once.timeout = std::chrono::nanoseconds(1);
  const Status late = pulls->pull(at_once).status();
  EXPECT_EQ(late.code(), Code::kTimeout) << late.to_string();
  std::thread writer([&] {
    std::fill(whole.begin(), whole.end(), std::byte{7});
    EXPECT_TRUE((*offer)->publish().ok());
  });
  EXPECT_TRUE(pulls->pull().ok());
  writer.join();
  EXPECT_EQ(target, whole);
}

TEST_P(PullPlanTest, doesNotTakeWhatIsNotWhatItsTargetIs) {
  std::vector<std::byte> target(4);
  const std::shared_ptr<PullPlan> pulls = plan(part("w", box(0, 0, 2, 2), target));
  EXPECT_EQ(pulls->pull().status().code(), Code::kNotFound);
  ASSERT_TRUE(test::put_bytes(*store_, "w", target).ok());
  EXPECT_EQ(pulls->pull().status().code(), Code::kMismatch);
  const PullTarget twice[] = {part("w", box(0, 0, 2, 2), target), part("w", box(0, 0, 2, 2), target)};
  EXPECT_EQ(store_->plan(twice).status().code(), Code::kInvalidArgument);
  EXPECT_EQ(store_->plan({}).status().code(), Code::kInvalidArgument);
  pulls->close();
  EXPECT_EQ(pulls->pull().status().code(), Code::kStaleHandle);
}

}  // namespace
}  // namespace windlass
