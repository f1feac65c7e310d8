#include "volume/message_fields.hpp"

#include <gtest/gtest.h>

namespace windlass {
namespace {

template <typename Write>
std::vector<std::byte> written(Write&& write) {
  std::vector<std::byte> bytes;
  Encoder out(bytes);
  write(out);
  return bytes;
}

TEST(MessageFieldsTest, aRankBeyondTheLimitIsNotRead) {
  const auto bytes = written([](Encoder& out) {
    out.u32(kMaxRank + 1);
    for (uint32_t at = 0; at <= kMaxRank; ++at) out.u64(1);
  });
  Decoder in(bytes);
  EXPECT_EQ(fields::read_shape(in).rank, 0U);
  EXPECT_FALSE(in.ok());
}

TEST(MessageFieldsTest, whatIsWrittenIsRead) {
  Shape shape;
  shape.rank = kMaxRank;
  for (uint32_t at = 0; at < kMaxRank; ++at) shape.sizes[at] = at + 1;
  const RemoteRange range{1, 2, 3, 4};
  const std::vector<Condition> conditions{{"a", 1}, {"", 0}};
  const auto bytes = written([&](Encoder& out) {
    fields::write_meta({EntryKind::kTensor, -1, shape, "x"}, out);
    fields::write_shard({3, 4}, out);
    fields::write_range(range, out);
    fields::write_conditions(conditions, out);
  });
  Decoder in(bytes);
  const EntryMeta meta = fields::read_meta(in);
  EXPECT_EQ(meta.kind, EntryKind::kTensor);
  EXPECT_EQ(meta.dtype, -1);
  EXPECT_EQ(meta.shape, shape);
  EXPECT_EQ(meta.attributes, "x");
  EXPECT_EQ(fields::read_shard(in), (ShardPlace{3, 4}));
  EXPECT_EQ(fields::read_range(in), range);
  std::vector<Condition> read;
  fields::read_conditions(in, read);
  ASSERT_EQ(read.size(), 2U);
  EXPECT_EQ(read[0].key, "a");
  EXPECT_EQ(read[0].version, 1U);
  EXPECT_TRUE(fields::finish(in, "a message").ok());
}

TEST(MessageFieldsTest, finishSaysWhatIsWrong) {
  const std::vector<std::byte> four(4);
  Decoder longer(four);
  EXPECT_NE(fields::finish(longer, "PIN").message().find("4 bytes too many"), std::string_view::npos);
  Decoder shorter(four);
  shorter.u64();
  EXPECT_NE(fields::finish(shorter, "PIN").message().find("cut short"), std::string_view::npos);
}

}  // namespace
}  // namespace windlass
