#include "archive/tar_format.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <string_view>
#include <utility>

#include "base/text.hpp"

namespace windlass {

namespace {

// A header of POSIX's ustar format, field by field.
struct Ustar {
  std::array<char, 100> name;
  std::array<char, 8> mode;
  std::array<char, 8> owner;
  std::array<char, 8> group;
  std::array<char, 12> bytes;
  std::array<char, 12> time;
  std::array<char, 8> sum;
  char type;
  std::array<char, 100> target;
  std::array<char, 8> magic;  // with the version
  std::array<char, 32> owner_name;
  std::array<char, 32> group_name;
  std::array<char, 8> device_major;
  std::array<char, 8> device_minor;
  std::array<char, 155> prefix;
  std::array<char, 12> rest;
};
static_assert(sizeof(Ustar) == kTarBlockBytes);

constexpr std::string_view kMagic("ustar\00000", 8);
constexpr std::string_view kMarker = "windlass archive 1";
constexpr uint64_t kMostOctalBytes = (uint64_t{1} << 33U) - 1;
constexpr uint64_t kMostExtensionBytes = kMiB;
constexpr int kMostExtensions = 8;

Status not_a_tar(std::string message) { return Status::error(Code::kCorrupt, std::move(message)); }

template <size_t kSize>
void put_octal(std::array<char, kSize>& field, uint64_t number) noexcept {
  for (size_t at = kSize - 1; at-- > 0; number >>= 3U) field[at] = static_cast<char>('0' + (number & 7U));
  field[kSize - 1] = '\0';
}

template <size_t kSize>
void put_text(std::array<char, kSize>& field, std::string_view piece) noexcept {
  std::memcpy(field.data(), piece.data(), std::min(piece.size(), kSize));
}

// The sum of a header's bytes, its own field taken as blanks; as old tools take it, too, which count signed bytes.
std::pair<uint64_t, int64_t> sums_of(const Ustar& header) noexcept {
  std::array<unsigned char, kTarBlockBytes> bytes{};
  std::memcpy(bytes.data(), &header, sizeof header);
  std::memset(bytes.data() + offsetof(Ustar, sum), ' ', header.sum.size());
  uint64_t sum = 0;
  int64_t signed_sum = 0;
  for (const unsigned char byte : bytes) {
    sum += byte;
    signed_sum += static_cast<signed char>(byte);
  }
  return {sum, signed_sum};
}

void append_block(std::vector<std::byte>& out, Ustar& header) {
  put_octal(header.sum, sums_of(header).first);
  const auto* const bytes = reinterpret_cast<const std::byte*>(&header);
  out.insert(out.end(), bytes, bytes + sizeof header);
}

Ustar fresh_header(char type, uint32_t mode, uint64_t bytes) noexcept {
  Ustar header{};
  put_octal(header.mode, mode);
  put_octal(header.owner, 0);
  put_octal(header.group, 0);
  put_octal(header.bytes, bytes);
  put_octal(header.time, 0);
  put_text(header.magic, kMagic);
  header.type = type;
  put_octal(header.device_major, 0);
  put_octal(header.device_minor, 0);
  return header;
}

// A pax record tells its own length, which counts the digits of that length.
std::string record(std::string_view key, std::string_view value) {
  const size_t rest = key.size() + value.size() + 3;
  size_t length = rest + 1;
  while (std::to_string(length).size() + rest != length) ++length;
  return text(length, ' ', key, '=', value, '\n');
}

void append_records(std::vector<std::byte>& out, char type, std::string_view name, std::string_view records) {
  Ustar header = fresh_header(type, 0644, records.size());
  put_text(header.name, name);
  append_block(out, header);
  const auto bytes = std::as_bytes(std::span(records));
  out.insert(out.end(), bytes.begin(), bytes.end());
  out.resize(round_up(out.size(), kTarBlockBytes));
}

// Puts a path where it fits: into the name, or into prefix and name, parted at a slash. Returns whether it does.
bool put_path(Ustar& header, std::string_view path) noexcept {
  if (path.size() <= header.name.size()) {
    put_text(header.name, path);
    return true;
  }
  if (path.size() > header.name.size() + 1 + header.prefix.size()) return false;
  const size_t slash = path.find('/', path.size() - header.name.size() - 1);
  if (slash == std::string_view::npos || slash == 0 || slash > header.prefix.size() || slash + 1 == path.size()) {
    return false;
  }
  put_text(header.prefix, path.substr(0, slash));
  put_text(header.name, path.substr(slash + 1));
  return true;
}

char type_of(ArchiveEntryKind kind) noexcept {
  switch (kind) {
    case ArchiveEntryKind::kDirectory:
      return '5';
    case ArchiveEntryKind::kSymbolicLink:
      return '2';
    case ArchiveEntryKind::kHardLink:
      return '1';
    case ArchiveEntryKind::kFile:
      break;
  }
  return '0';
}

template <size_t kSize>
std::string_view text_in(const std::array<char, kSize>& field) noexcept {
  return {field.data(), static_cast<size_t>(std::find(field.begin(), field.end(), '\0') - field.begin())};
}

// Octal digits between blanks or NULs; or, for large numbers, GNU's base 256.
template <size_t kSize>
std::optional<uint64_t> number_in(const std::array<char, kSize>& field) noexcept {
  if ((static_cast<unsigned char>(field[0]) & 0x80U) != 0) {
    uint64_t number = static_cast<unsigned char>(field[0]) & 0x7FU;
    for (size_t at = 1; at < kSize; ++at) {
      if (number >> 55U != 0) return std::nullopt;
      number = number << 8U | static_cast<unsigned char>(field[at]);
    }
    return number;
  }
  size_t at = 0;
  while (at < kSize && field[at] == ' ') ++at;
  uint64_t number = 0;
  for (; at < kSize && field[at] >= '0' && field[at] <= '7'; ++at) {
    if (number >> 60U != 0) return std::nullopt;
    number = number << 3U | static_cast<uint64_t>(field[at] - '0');
  }
  for (; at < kSize; ++at) {
    if (field[at] != ' ' && field[at] != '\0') return std::nullopt;
  }
  return number;
}

std::optional<uint64_t> decimal_in(std::string_view digits) noexcept {
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (digits.empty() || error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return number;
}

Result<ArchiveEntryKind> kind_of(char type, std::string_view path) {
  switch (type) {
    case '\0':
    case '0':
    case '7':
      // Formats before POSIX knew a directory by its slash.
      return path.ends_with('/') ? ArchiveEntryKind::kDirectory : ArchiveEntryKind::kFile;
    case '1':
      return ArchiveEntryKind::kHardLink;
    case '2':
      return ArchiveEntryKind::kSymbolicLink;
    case '5':
      return ArchiveEntryKind::kDirectory;
    case '3':
    case '4':
      return not_a_tar(text("\"", path, "\" is a device, and devices are not extracted"));
    case '6':
      return not_a_tar(text("\"", path, "\" is a pipe, and pipes are not extracted"));
    default:
      break;
  }
  const char* const what = type == 'S' ? " is a sparse file" : " is of a type that is not known";
  return Status::error(Code::kUnsupported, text("\"", path, "\"", what, " (", hex_text(static_cast<uint8_t>(type)),
                                                "); archive it anew without such entries"));
}

bool is_zero(const Ustar& header) noexcept {
  const auto* const bytes = reinterpret_cast<const char*>(&header);
  return std::all_of(bytes, bytes + sizeof header, [](char byte) { return byte == 0; });
}

}  // namespace

std::vector<std::byte> tar_header(const ArchiveEntry& entry, bool marked) {
  std::vector<std::byte> out;
  if (marked) append_records(out, 'g', "windlass", record("comment", kMarker));
  std::string path = entry.path.empty() ? "./" : entry.path;
  if (entry.kind == ArchiveEntryKind::kDirectory && !entry.path.empty()) path += '/';
  const bool large = entry.bytes > kMostOctalBytes;
  Ustar header = fresh_header(type_of(entry.kind), entry.mode, large ? 0 : entry.bytes);
  std::string records;
  if (!put_path(header, path)) {
    records += record("path", path);
    put_text(header.name, std::string_view(path).substr(0, header.name.size()));
  }
  if (entry.target.size() > header.target.size()) records += record("linkpath", entry.target);
  put_text(header.target, entry.target);
  if (large) records += record("size", std::to_string(entry.bytes));
  if (!records.empty()) append_records(out, 'x', "pax", records);
  append_block(out, header);
  return out;
}

Status MemorySource::read(std::span<std::byte> target) {
  if (target.size() > rest_.size()) return not_a_tar("the archive ends within an entry");
  if (!target.empty()) std::memcpy(target.data(), rest_.data(), target.size());
  rest_ = rest_.subspan(target.size());
  return Status();
}

Result<std::optional<TarHeader>> TarReader::next(ByteSource& source) {
  Extension extension;
  uint64_t header_bytes = 0;
  for (int extensions = 0;; ++extensions) {
    Ustar header{};
    if (Status read = source.read(std::as_writable_bytes(std::span(&header, 1))); !read.ok()) return read;
    header_bytes += sizeof header;
    if (is_zero(header)) {
      if (extensions != 0) return not_a_tar("the archive ends between an entry's headers");
      if (Status read = source.read(std::as_writable_bytes(std::span(&header, 1))); !read.ok()) return read;
      if (!is_zero(header)) return not_a_tar("the archive's end is one block of zeros, where there should be two");
      return std::optional<TarHeader>();
    }
    const auto [sum, signed_sum] = sums_of(header);
    const std::optional<uint64_t> told = number_in(header.sum);
    if (!told || (*told != sum && static_cast<int64_t>(*told) != signed_sum)) {
      return not_a_tar("a header does not have the checksum that it tells: this is no tar archive, or it is damaged");
    }
    const std::optional<uint64_t> bytes = number_in(header.bytes);
    const std::optional<uint64_t> mode = number_in(header.mode);
    if (!bytes || !mode || *bytes > uint64_t{1} << 62U) return not_a_tar("a header has a number that is none");
    if (header.type == 'x' || header.type == 'g' || header.type == 'L' || header.type == 'K') {
      if (extensions == kMostExtensions) return not_a_tar("an entry has too many headers");
      if (Status taken = take_extension(header.type, *bytes, source, extension); !taken.ok()) return taken;
      header_bytes += tar_padded(*bytes);
      continue;
    }
    std::string path(text_in(header.name));
    const bool posix = std::memcmp(header.magic.data(), "ustar\0", 6) == 0;
    if (posix && header.prefix[0] != '\0') path = text(text_in(header.prefix), '/', path);
    if (extension.path) path = *std::move(extension.path);
    Result<ArchiveEntryKind> kind = kind_of(header.type, path);
    if (!kind.ok()) return kind.status();
    TarHeader found;
    found.header_bytes = header_bytes;
    found.entry.kind = *kind;
    found.entry.mode = static_cast<uint32_t>(*mode & 07777U);
    const bool is_link = *kind == ArchiveEntryKind::kSymbolicLink || *kind == ArchiveEntryKind::kHardLink;
    if (is_link) found.entry.target = extension.target ? *std::move(extension.target) : text_in(header.target);
    // Some tools tell a linked file's size, and write no content.
    if (*kind == ArchiveEntryKind::kFile) found.entry.bytes = extension.bytes.value_or(*bytes);
    found.entry.path = std::move(path);
    return std::optional<TarHeader>(std::move(found));
  }
}

Status TarReader::take_extension(char type, uint64_t bytes, ByteSource& source, Extension& extension) {
  if (bytes > kMostExtensionBytes) return not_a_tar("a header for long names is longer than any name");
  std::string content(tar_padded(bytes), '\0');
  if (Status read = source.read(std::as_writable_bytes(std::span(content))); !read.ok()) return read;
  content.resize(bytes);
  if (type == 'x' || type == 'g') return take_records(content, type == 'g', extension);
  content.resize(std::min(content.find('\0'), content.size()));
  (type == 'L' ? extension.path : extension.target) = std::move(content);
  return Status();
}

Status TarReader::take_records(std::string_view records, bool global, Extension& extension) {
  while (!records.empty()) {
    const size_t blank = records.find(' ');
    const std::optional<uint64_t> length = decimal_in(records.substr(0, std::min(blank, records.size())));
    if (!length || *length < blank + 3 || *length > records.size() || records[*length - 1] != '\n') {
      return not_a_tar("a pax record is damaged");
    }
    const std::string_view line = records.substr(blank + 1, *length - blank - 2);
    records.remove_prefix(*length);
    const size_t equals = line.find('=');
    if (equals == std::string_view::npos) return not_a_tar("a pax record is damaged");
    const std::string_view key = line.substr(0, equals);
    const std::string_view value = line.substr(equals + 1);
    const bool known = key == "path" || key == "linkpath" || key == "size";
    if ((known && global) || key.starts_with("GNU.sparse")) {
      return Status::error(Code::kUnsupported,
                           text("the archive has a pax record that is not taken (", key, "); archive it anew"));
    }
    if (key == "path") extension.path = value;
    if (key == "linkpath") extension.target = value;
    if (key == "size") {
      extension.bytes = decimal_in(value);
      if (!extension.bytes || *extension.bytes > uint64_t{1} << 62U) return not_a_tar("a pax record has no number");
    }
    if (global && key == "comment" && value == kMarker) marked_ = true;
  }
  return Status();
}

}  // namespace windlass
