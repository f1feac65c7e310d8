// No backup: a pause drops the bytes, and costs nothing but giving the pages back.
#pragma once

#include <atomic>

#include "backup/backup.hpp"

namespace windlass {

class NoBackup final : public Backup {
 public:
  std::string_view name() const noexcept override { return "none"; }
  bool keeps_bytes() const noexcept override { return false; }
  Status prepare(uint64_t /*bytes*/) override {
    settled_bytes_ = 0;
    return Status();
  }
  Status save(Device& /*device*/, uint64_t /*address*/, uint64_t offset, uint64_t bytes) override {
    settled_bytes_ = offset + bytes;
    return Status();
  }
  // There is nothing to wait for: what a pause drops may go at once.
  uint64_t settled_bytes() const noexcept override { return settled_bytes_; }
  Status settle() override { return Status(); }
  Status restore(Device& /*device*/, uint64_t /*address*/, uint64_t /*offset*/, uint64_t /*bytes*/) override {
    return Status();
  }
  Status read(uint64_t /*offset*/, void* /*target*/, uint64_t /*bytes*/) override {
    return Status::error(Code::kUnsupported, "no backup: the bytes were dropped; open the region with a backup");
  }
  std::span<const std::byte> view(uint64_t /*offset*/) const noexcept override { return {}; }
  void release() noexcept override {}
  bool retains() const noexcept override { return false; }
  uint64_t held_bytes() const noexcept override { return 0; }

 private:
  std::atomic<uint64_t> settled_bytes_ = 0;
};

}  // namespace windlass
