#include "volume/batch_check.hpp"

#include <gtest/gtest.h>

namespace windlass {
namespace {

CommitItem good() {
  CommitItem item;
  item.key = "a";
  return item;
}

Status checked(const CommitItem& item) { return check_batch({&item, 1}, {}); }

TEST(BatchCheck, takesWhatCanBe) {
  EXPECT_TRUE(checked(good()).ok());
  EXPECT_TRUE(check_batch({}, {}).ok());
}

TEST(BatchCheck, refusesWhatCannotBe) {
  CommitItem item = good();
  item.key = "";
  EXPECT_EQ(checked(item).code(), Code::kInvalidArgument);
  item = good();
  item.meta.kind = static_cast<EntryKind>(7);
  EXPECT_EQ(checked(item).code(), Code::kInvalidArgument);
  item = good();
  item.meta.shape.rank = kMaxRank + 1;
  EXPECT_EQ(checked(item).code(), Code::kInvalidArgument);
  item = good();
  item.shard = {2, 2};
  EXPECT_EQ(checked(item).code(), Code::kInvalidArgument);
  item.shard = {1, 0};
  EXPECT_EQ(checked(item).code(), Code::kInvalidArgument);
  const std::string attributes(kMaxAttributesBytes + 1, 'x');
  item = good();
  item.meta.attributes = attributes;
  EXPECT_EQ(checked(item).code(), Code::kInvalidArgument);
}

}  // namespace
}  // namespace windlass
