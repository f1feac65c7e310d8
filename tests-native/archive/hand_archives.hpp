// Archives made by hand, as wrong as wanted.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "archive/archive_index.hpp"
#include "archive/tar_format.hpp"
#include "archive/trees.hpp"
#include "codec/zstd_frame.hpp"

namespace windlass::test {

// One entry of a tar made by hand, as wrong as wanted.
struct HandEntry {
  std::string path{};
  char type = '0';
  std::string content{};
  std::string target{};
  uint32_t mode = 0644;
};

inline void sum_up(std::span<std::byte> header) {
  std::fill_n(header.begin() + 148, 8, std::byte{' '});
  uint64_t sum = 0;
  for (const std::byte byte : header) sum += std::to_integer<uint64_t>(byte);
  std::string digits = "0000000";
  for (size_t at = 7; at-- > 0; sum >>= 3U) digits[at] = static_cast<char>('0' + (sum & 7U));
  for (size_t at = 0; at < 7; ++at) header[148 + at] = static_cast<std::byte>(digits[at]);
  header[155] = std::byte{0};
}

// Headers and content, padded, without the end. Paths and targets up to 100 bytes are written as they are.
inline std::vector<std::byte> tar_of(const std::vector<HandEntry>& entries) {
  std::vector<std::byte> out;
  for (const HandEntry& entry : entries) {
    ArchiveEntry plain{.kind = ArchiveEntryKind::kFile, .mode = entry.mode, .bytes = entry.content.size(), .path = "x"};
    std::vector<std::byte> header = tar_header(plain, false);
    header[0] = std::byte{0};
    for (size_t at = 0; at < std::min<size_t>(100, entry.path.size()); ++at) {
      header[at] = static_cast<std::byte>(entry.path[at]);
    }
    for (size_t at = 0; at < std::min<size_t>(100, entry.target.size()); ++at) {
      header[157 + at] = static_cast<std::byte>(entry.target[at]);
    }
    header[156] = static_cast<std::byte>(entry.type);
    sum_up(header);
    out.insert(out.end(), header.begin(), header.end());
    const auto content = std::as_bytes(std::span(entry.content));
    out.insert(out.end(), content.begin(), content.end());
    out.resize(tar_padded(out.size()));
  }
  return out;
}

inline std::vector<std::byte> ended(std::vector<std::byte> tar) {
  tar.resize(tar.size() + kTarEndBytes);
  return tar;
}

inline std::vector<std::byte> compressed(std::span<const std::byte> bytes) {
  std::vector<std::byte> out(FrameEncoder::bound(bytes.size()));
  Result<size_t> taken = FrameEncoder(3).encode(bytes, out);
  EXPECT_TRUE(taken.ok());
  out.resize(taken.value());
  return out;
}

inline void write_bytes(const std::string& path, std::span<const std::byte> bytes) {
  write_file(path, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

inline std::vector<std::byte> read_bytes(const std::string& path) {
  const std::string content = read_file(path);
  const auto bytes = std::as_bytes(std::span(content));
  return {bytes.begin(), bytes.end()};
}

// The same entries as an archive with an index, which agrees with them unless it is changed.
inline std::vector<std::byte> indexed(const std::vector<HandEntry>& entries,
                                      const std::function<void(IndexTable&)>& change = {}, bool sealable = false) {
  IndexTable table;
  for (const HandEntry& entry : entries) {
    IndexedEntry& row = table.entries.emplace_back();
    row.kind = entry.type == '5'   ? ArchiveEntryKind::kDirectory
               : entry.type == '2' ? ArchiveEntryKind::kSymbolicLink
               : entry.type == '1' ? ArchiveEntryKind::kHardLink
                                   : ArchiveEntryKind::kFile;
    row.header_bytes = kTarBlockBytes;
    row.bytes = entry.content.size();
    row.hash = hash(entry.content.data(), entry.content.size());
  }
  const std::vector<std::byte> raw = ended(tar_of(entries));
  std::vector<std::byte> out = compressed(raw);
  IndexedFrame& frame = table.frames.emplace_back();
  frame.stored_bytes = static_cast<uint32_t>(out.size());
  frame.raw_bytes = static_cast<uint32_t>(raw.size());
  frame.hash = hash(out.data(), out.size());
  Sha256 digest;
  digest.add(out);
  frame.digest = digest.finish();
  if (change) change(table);
  const Result<EncodedIndex> index = encode_index(sealable, table, {});
  EXPECT_TRUE(index.ok());
  out.insert(out.end(), index->frame.begin(), index->frame.end());
  return out;
}

}  // namespace windlass::test
