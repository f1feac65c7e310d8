#include "codec/chunk_format.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace windlass {
namespace {

ChunkHeader some_header() {
  ChunkHeader header;
  header.method = Method::kFloat32;
  header.coded_parts = 0b1000;
  header.raw_bytes = 403;
  header.part_bytes = {100, 100, 100, 33};
  return header;
}

std::vector<std::byte> chunk_of(const ChunkHeader& header) {
  uint64_t bytes = kChunkHeaderBytes + header.tail_bytes();
  for (const uint32_t part : header.part_bytes) bytes += part;
  std::vector<std::byte> chunk(bytes);
  write_header(chunk, header);
  return chunk;
}

TEST(ChunkFormatTest, aHeaderIsReadAsItWasWritten) {
  const std::vector<std::byte> chunk = chunk_of(some_header());
  const Result<ChunkHeader> read = read_header(chunk);
  ASSERT_TRUE(read.ok()) << read.status().to_string();
  EXPECT_EQ(*read, some_header());
}

TEST(ChunkFormatTest, aChunkThatIsShorterOrLongerIsCorrupt) {
  std::vector<std::byte> chunk = chunk_of(some_header());
  for (size_t bytes = 0; bytes < chunk.size(); ++bytes) {
    EXPECT_EQ(read_header(std::span(chunk).first(bytes)).status().code(), Code::kCorrupt) << bytes;
  }
  chunk.push_back(std::byte{0});
  EXPECT_EQ(read_header(chunk).status().code(), Code::kCorrupt);
}

TEST(ChunkFormatTest, aHeaderThatContradictsItselfIsCorrupt) {
  ChunkHeader coded_is_no_smaller = some_header();
  coded_is_no_smaller.part_bytes[3] = 100;
  ChunkHeader raw_is_too_small = some_header();
  raw_is_too_small.part_bytes[1] = 99;
  ChunkHeader beyond_the_last_plane = some_header();
  beyond_the_last_plane.method = Method::kFloat16;
  beyond_the_last_plane.raw_bytes = 200;
  ChunkHeader too_many_coded = some_header();
  too_many_coded.coded_parts = 0b11000;
  ChunkHeader raw_but_coded;
  raw_but_coded.coded_parts = 1;
  raw_but_coded.raw_bytes = 10;
  raw_but_coded.part_bytes[0] = 9;
  ChunkHeader coded_but_raw = raw_but_coded;
  coded_but_raw.method = Method::kZstd;
  coded_but_raw.coded_parts = 0;
  coded_but_raw.part_bytes[0] = 10;
  for (const ChunkHeader& header :
       {coded_is_no_smaller, raw_is_too_small, beyond_the_last_plane, too_many_coded, raw_but_coded, coded_but_raw}) {
    EXPECT_EQ(read_header(chunk_of(header)).status().code(), Code::kCorrupt) << method_name(header.method);
  }
}

TEST(ChunkFormatTest, whatDoesNotBeginWithAHeaderIsCorrupt) {
  for (const size_t at : {size_t{0}, size_t{1}, size_t{3}}) {
    std::vector<std::byte> chunk = chunk_of(some_header());
    chunk[at] ^= std::byte{0x80};
    EXPECT_EQ(read_header(chunk).status().code(), Code::kCorrupt) << at;
  }
}

TEST(ChunkFormatTest, everyMethodHasAName) {
  for (uint8_t method = 0; method <= kLastMethod; ++method) {
    EXPECT_NE(method_name(static_cast<Method>(method)), std::string("unknown"));
  }
}

}  // namespace
}  // namespace windlass
